"""Which models speak for a patient, the reasons for those that do not, a site's say, and the average of the rest."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.dosing.advice import Declined, Recommendation
from models.dosing.choose import choose
from models.drug.policy import ModelPolicy
from models.errors import ModelFileError
from models.fit import fit_map
from models.population import PopulationModel, parse_model
from models.site import with_site
from models.subject import subject_from_record
from tests.builders import on_vancomycin

CATALOG = load_catalog()
DRUG = CATALOG.drug("vancomycin")
GOTI = CATALOG.model("vancomycin/goti2018")


def variant(name: str, old: str, new: str) -> PopulationModel:
    """The shipped model with one number changed, under another id: a second opinion that is known to differ."""
    text = Path(GOTI.file).read_text(encoding="utf-8")
    assert old in text
    return parse_model(
        text.replace('id = "vancomycin/goti2018"', f'id = "vancomycin/{name}"').replace(old, new).encode(), name
    )


SLOW = variant("slow", "value = 4.5\n", "value = 2.0\n")
CHILDREN = variant("children", "hard = [17, 101]\nsoft = [18, 95]", "hard = [0, 10]\nsoft = [1, 9]")


def treated(level: float = 16.0):
    return on_vancomycin().infused(1000, at=0, over=2, every=12, times=4).level(level, at=47.5).record(now=48)


def advise(models, record, **asked):
    pairs = [(model, fit_map(model, subject_from_record(model, record))) for model in models]
    return recommend(DRUG, *pairs[0][:1], record, pairs[0][1], others=pairs[1:], seed=1, **asked)


def test_models_outside_their_domain_are_left_out_with_the_reason() -> None:
    choice = choose(DRUG, [GOTI, CHILDREN, SLOW], treated())
    assert [model.id for model in choice.usable] == ["vancomycin/goti2018", "vancomycin/slow"]
    (out,) = choice.left_out
    assert out.id == "vancomycin/children"
    assert out.weight == 0.0
    assert "Age of 64 years is outside what the model was made for" in out.reason


@pytest.mark.parametrize(
    ("policy", "usable"),
    [
        (ModelPolicy(only=("slow",)), ["vancomycin/slow"]),
        (ModelPolicy(without=("goti2018",)), ["vancomycin/slow"]),
        (ModelPolicy(method="preferred"), ["vancomycin/goti2018"]),
    ],
)
def test_a_site_may_pin_or_leave_out(policy: ModelPolicy, usable: list[str]) -> None:
    choice = choose(replace(DRUG, policy=policy), [GOTI, SLOW], treated())
    assert [model.id for model in choice.usable] == usable
    assert all(item.reason for item in choice.left_out)


def test_the_average_lies_between_its_models_and_shares_by_evidence() -> None:
    alone = [advise([model], treated()).regimens[-1] for model in (GOTI, SLOW)]
    both = advise([GOTI, SLOW], treated())
    assert isinstance(both, Recommendation)
    shares = {item.id: item.weight for item in both.considered}
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert min(shares.values()) > 0.0
    assert both.model.id == max(shares, key=lambda id: shares[id])
    assert both.draws == 1000
    same = advise([GOTI, SLOW], treated(), current=alone[0].regimen).regimens[-1]
    one, other = (advise([model], treated(), current=alone[0].regimen).regimens[-1] for model in (GOTI, SLOW))
    expected = sum(shares[m.id] * item.attainment for m, item in ((GOTI, one), (SLOW, other)))
    # 1,000 draws shared over two models: three standard errors of a share
    assert same.attainment == pytest.approx(expected, abs=3 * np.sqrt(0.25 / 1000) * np.sqrt(2))


def test_the_order_of_the_models_does_not_change_the_answer() -> None:
    assert advise([GOTI, SLOW], treated()).regimens == advise([SLOW, GOTI], treated()).regimens


def test_levels_decide_between_models() -> None:
    low = {item.id: item.weight for item in advise([GOTI, SLOW], treated(6.0)).considered}
    high = {item.id: item.weight for item in advise([GOTI, SLOW], treated(32.0)).considered}
    assert low["vancomycin/goti2018"] > 0.5 > high["vancomycin/goti2018"]


@pytest.fixture
def site(tmp_path: Path):
    def written(text: str) -> Catalog:
        path = tmp_path / "site.toml"
        path.write_text(text, encoding="utf-8")
        return with_site(CATALOG, path)

    return written


def test_a_sites_file_sets_targets_and_models(site) -> None:
    text = """
    [vancomycin]
    only = ["goti2018"]
    [[vancomycin.target]]
    metric = "trough"
    low = 10.0
    high = 15.0
    unit = "mg/L"
    indication = "the site's protocol"
    source = "site protocol of 2026"
    """
    drug = site(text).drug("vancomycin")
    assert drug.policy.only == ("goti2018",)
    advice = recommend(drug, GOTI, treated(), fit_map(GOTI, subject_from_record(GOTI, treated())), seed=1)
    assert (advice.target.metric, advice.target.low, advice.target.high) == ("trough", 10.0, 15.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[aspirin]\n", "a drug of the catalog"),
        ('[vancomycin]\nonly = ["nobody1999"]\n', "models of this drug"),
        ('[vancomycin]\nmethod = "vote"\n', "evidence"),
        ("[vancomycin]\nseed = 3\n", "unknown key vancomycin.seed"),
    ],
)
def test_a_sites_file_that_is_wrong_is_refused_by_name(site, text: str, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        site(text)


def test_a_drug_that_is_only_estimated_gets_no_dose() -> None:
    drug = replace(DRUG, estimate_only="it serves to measure clearance")
    advice = recommend(drug, GOTI, treated(), fit_map(GOTI, subject_from_record(GOTI, treated())), seed=1)
    assert isinstance(advice, Declined)
    assert [item.code for item in advice.reasons] == ["estimate-only"]


def test_a_drug_that_needs_a_level_gets_no_dose_before_one() -> None:
    drug = replace(DRUG, needs_level="its first dose is fixed by the label.")
    levelled = treated()
    bare = replace(levelled, levels=())
    found = [recommend(drug, GOTI, record, fit_map(GOTI, subject_from_record(GOTI, record)), seed=1)
             for record in (levelled, bare)]  # fmt: skip
    assert isinstance(found[0], Recommendation)
    assert isinstance(found[1], Declined)
    assert [item.code for item in found[1].reasons] == ["needs-level"]
    assert found[1].would_help == (
        "A level after a dose chosen by label or local protocol, with that dose and its time charted.",
    )


@pytest.mark.parametrize("name", ["fluorouracil", "imatinib", "adalimumab"])
def test_drugs_whose_first_dose_the_label_fixes_say_so(name: str) -> None:
    assert CATALOG.drug(name).needs_level


def test_a_target_over_the_mic_needs_the_mic() -> None:
    target = replace(DRUG.targets[0].target, metric="auc24_mic", unit="h")
    posterior = fit_map(GOTI, subject_from_record(GOTI, treated()))
    advice = recommend(DRUG, GOTI, treated(), posterior, target=target, seed=1)
    assert isinstance(advice, Declined)
    assert [item.code for item in advice.reasons] == ["mic-missing"]
    assert "needs the MIC" in advice.reasons[0].text
