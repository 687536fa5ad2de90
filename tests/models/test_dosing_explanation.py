"""What moved the estimate: factors against the printed equations, and against fits without the level."""

import numpy as np
import pytest

from cds_server import encode
from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.dosing.advice import Recommendation
from models.dosing.explanation import explained
from models.fit import fit_map
from models.pk import parameters
from models.subject import subject_from_record
from tests.builders import Patient, on_tacrolimus, on_vancomycin
from tests.models.dosing_case import one_case


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def treated() -> Patient:
    return on_vancomycin().infused(1000, at=0, over=2, every=12, times=4)


def test_each_covariate_has_its_factor_of_the_printed_equation(catalog: Catalog) -> None:
    """Goti 2018: CL by (CRCL / 120)^0.8, V1 by weight / 70; 64 y, 82 kg, 1.2 mg/dL."""
    record = treated().level(14, at=47.5).record(now=47.75)
    case = one_case(catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018"), record, draws=50)
    found = {(move.parameter, move.covariate): move for move in explained(case.lead).covariates}
    crcl = (140 - 64) * 82 / (72 * 1.2)
    assert set(found) == {("CL", "crcl"), ("V1", "weight")}  # without dialysis that factor is 1, and no move
    assert found["CL", "crcl"].factor == pytest.approx((crcl / 120) ** 0.8)
    assert found["V1", "weight"].factor == pytest.approx(82 / 70)
    assert (found["CL", "crcl"].reference, found["CL", "crcl"].unit) == (120, "mL/min")
    assert "33 % lower" in found["CL", "crcl"].text  # 0.601^0.8 = 0.666


def test_the_factors_together_are_typical_over_reference(catalog: Catalog) -> None:
    record = on_tacrolimus().cyp3a5_expresser().swallowed(3, at=0, every=12, times=4).record(now=47)
    model = catalog.model("tacrolimus/bergmann2014")
    case = one_case(catalog.drug("tacrolimus"), model, record, draws=50)
    together = np.prod([move.factor for move in explained(case.lead).covariates if move.parameter == "CL"])
    typical = parameters(model, case.lead.subject, np.zeros((1, len(model.eta_names))), record.now)["CL"][0]
    # moves under half a per cent are left out
    assert together == pytest.approx(typical / 25.5, rel=0.01)


def test_a_levels_factor_is_a_fit_with_it_over_one_without(catalog: Catalog) -> None:
    model, drug = catalog.model("vancomycin/goti2018"), catalog.drug("vancomycin")
    both = treated().level(30, at=39).level(14, at=47.5).record(now=47.75)
    only = treated().level(30, at=39).record(now=47.75)
    case = one_case(drug, model, both, draws=50)
    moves = explained(case.lead).levels
    assert [move.observed for move in moves] == [30, 14]
    rest = subject_from_record(model, only)
    clearance = [
        parameters(model, subject, fit_map(model, subject).eta[None], 47.75)["CL"][0]
        for subject in (subject_from_record(model, both), rest)
    ]
    # the search stops within 1e-4 of an eta
    assert dict(moves[1].factors)["CL"] == pytest.approx(clearance[0] / clearance[1], rel=1e-3)
    assert moves[1].factor == dict(moves[1].factors)[moves[1].parameter]


def test_advice_carries_it_and_it_travels(catalog: Catalog) -> None:
    model, record = catalog.model("vancomycin/goti2018"), treated().level(14, at=47.5).record(now=47.75)
    subject = subject_from_record(model, record)
    advice = recommend(catalog.drug("vancomycin"), model, record, fit_map(model, subject), seed=1)
    assert isinstance(advice, Recommendation)
    assert advice.explanation is not None
    assert len(advice.explanation.levels) == 1
    assert "14 mg/L (0.2 h ago)" in advice.explanation.levels[0].text
    assert encode.loads(Recommendation, encode.dumps(advice)) == advice


def test_without_a_level_only_covariates_moved_it(catalog: Catalog) -> None:
    model = catalog.model("vancomycin/goti2018")
    case = one_case(catalog.drug("vancomycin"), model, on_vancomycin().record(now=0), draws=50)
    assert explained(case.lead).levels == ()
