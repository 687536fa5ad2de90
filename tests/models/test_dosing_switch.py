"""From infusion to tablets: the other route's regimens when asked for."""

import pytest

from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.dosing.advice import Advice, Recommendation, Regimen
from models.errors import RecordError
from models.fit import fit_map
from models.subject import subject_from_record
from tests.builders import Patient


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


INFUSED = Regimen(amount=125, interval=12, duration=3, route="iv", start=0)


def advise(catalog: Catalog, **asked: object) -> Advice:
    """A man of 70 kg on 125 mg of ciclosporin twice a day by infusion, three days long."""
    drug, model = catalog.drug("ciclosporin"), catalog.model("ciclosporin/wilhelm2012")
    patient = Patient(drug="ciclosporin").man().aged(50).weighing(70)
    patient = patient.charted("haematological_malignancy", 1, at=0).charted("cyp3a4_moderate_inhibitor", 1, at=0)
    record = patient.infused(125, at=0, over=3, every=12, times=6).record(now=71)
    posterior = fit_map(model, subject_from_record(model, record))
    return recommend(drug, model, record, posterior, current=INFUSED, seed=1, draws=200, **asked)  # type: ignore[arg-type]


def test_the_route_in_use_unless_another_is_asked(catalog: Catalog) -> None:
    stays, switched = advise(catalog), advise(catalog, route="oral")
    assert isinstance(stays, Recommendation)
    assert isinstance(switched, Recommendation)
    proposed = [item for item in switched.regimens if item.label in ("proposed", "alternative")]
    assert {item.regimen.route for item in proposed} == {"oral"}
    assert {item.regimen.duration for item in proposed} == {0.0}
    assert {item.regimen.route for item in stays.regimens} == {"iv"}
    # what is in use stays in the table, beside the other route
    current = next(item for item in switched.regimens if item.label == "current")
    assert current.regimen.route == "iv"


def test_a_tablet_is_never_taken_for_the_infusion_in_use(catalog: Catalog) -> None:
    """The same milligrams by another route are a change; the switch starts when the next infusion would be due."""
    switched = advise(catalog, route="oral")
    assert isinstance(switched, Recommendation)
    assert switched.regimens[0].regimen.start == 72.0


def test_a_route_that_the_drug_is_not_given_by(catalog: Catalog) -> None:
    with pytest.raises(RecordError, match="its routes are"):
        advise(catalog, route="sc")
