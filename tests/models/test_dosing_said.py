"""What an answer says beside the regimens, and what is declined."""

from dataclasses import replace

import pytest

from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.dosing.advice import Declined, Recommendation
from models.errors import ModelsError, RecordError
from models.fit import fit_map
from models.subject import subject_from_record
from tests.builders import Patient, on_vancomycin
from tests.models.dosing_case import EVERY_12, advise, codes, treated


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


# --- what is said ---------------------------------------------------------------------------------------------------


def test_a_level_during_the_infusion_is_said(catalog: Catalog) -> None:
    advice = advise(catalog, treated().level(24, at=37), now=47.75)
    assert "level-during-infusion" in codes(advice)


def test_an_old_creatinine_is_said(catalog: Catalog) -> None:
    advice = advise(catalog, treated().level(16.5, at=47.5), now=100.0)
    assert "creatinine-stale" in codes(advice)


def test_among_equally_likely_first_doses_the_one_less_often_above_is_proposed(catalog: Catalog) -> None:
    advice = advise(catalog, on_vancomycin(), now=1.0)
    proposed, others = advice.regimens[0], advice.regimens[1:]
    rivals = [item for item in others if item.attainment >= proposed.attainment - 0.05]
    assert all(item.above >= proposed.above - 0.10 for item in rivals)
    assert 400 <= proposed.exposure.median <= 600


def test_poor_attainment_is_said_and_not_hidden(catalog: Catalog) -> None:
    advice = advise(catalog, on_vancomycin(), now=1.0)
    assert advice.regimens[0].attainment < 0.40
    assert "attainment-poor" in codes(advice)


def test_a_first_day_off_target_is_said(catalog: Catalog) -> None:
    first = advise(catalog, on_vancomycin(), now=1.0)
    assert first.regimens[0].first_day.median < 400
    assert "first-day-below-target" in codes(first)
    patient = Patient(drug="vancomycin").man().aged(72).weighing(78).creatinine(1.1).creatinine(2.6, at=40)
    record = patient.infused(1250, at=0, over=2.5, every=12, times=4).level(36, at=47.5).record(now=47.75)
    drug, model = catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018")
    posterior = fit_map(model, subject_from_record(model, record))
    # nothing held: the next dose comes on top of what is left
    laden = recommend(replace(drug, hold_above=None), model, record, posterior, seed=1)
    assert laden.regimens[0].first_day.median > 600
    assert "first-day-above-target" in codes(laden)


def test_findings_of_earlier_steps_are_passed_on_once(catalog: Catalog) -> None:
    advice = advise(catalog, on_vancomycin(), now=1.0)
    again = advise(catalog, on_vancomycin(), now=1.0, findings=advice.findings)
    assert sorted(codes(again)) == sorted(codes(advice))


def test_differences_from_the_population_carry_both_numbers(catalog: Catalog) -> None:
    advice = advise(catalog, treated().level(30, at=47.5), now=47.75)
    sentence = next(text for text in advice.differs if text.startswith("Clearance is estimated"))
    clearance = next(item for item in advice.parameters if item.name == "CL")
    assert "below the typical value for this renal function" in sentence
    assert f"{clearance.individual.median:.1f} v. {clearance.typical:.1f} L/h" in sentence


def test_the_curve_has_what_a_picture_needs(catalog: Catalog) -> None:
    advice = advise(catalog, treated().level(16.5, at=47.5), now=47.75)
    curve = advice.curve
    assert len(curve.times) <= 240
    assert len({len(line) for line in (curve.times, curve.population, curve.individual, curve.low, curve.high)}) == 1
    assert list(curve.times) == sorted(set(curve.times))
    assert {0.0, 12.0, 24.0, 36.0, 47.5, curve.change_at} <= set(curve.times)
    assert curve.times[-1] == curve.change_at + 48
    at = curve.times.index(47.5)
    fitted = advice.levels[0]
    assert curve.individual[at] == pytest.approx(fitted.individual, rel=1e-9)
    assert curve.population[at] == pytest.approx(fitted.population, rel=1e-9)
    assert all(low <= high for low, high in zip(curve.low, curve.high, strict=True))


def test_the_basis_names_model_hash_and_sources(catalog: Catalog) -> None:
    advice = advise(catalog, treated().level(16.5, at=47.5), now=47.75)
    assert advice.model.hash == catalog.model("vancomycin/goti2018").hash
    assert advice.model.not_verified
    sources = {item.name: item.source for item in advice.covariates}
    assert sources["creatinine"] == "creatinine@40"
    assert (advice.seed, advice.draws) == (1, 1000)


def test_an_ordered_dose_that_no_product_makes_up_is_said(catalog: Catalog) -> None:
    odd = replace(EVERY_12, amount=1010.0)
    advice = advise(catalog, treated().level(16.5, at=47.5), now=47.75, ordered=odd)
    said = next(item for item in advice.findings if item.code == "ordered-no-product")
    assert "1,010 mg is not a multiple of the steps known here: 250 mg" in said.text
    plain = advise(catalog, treated().level(16.5, at=47.5), now=47.75, ordered=EVERY_12)
    assert "ordered-no-product" not in codes(plain)


def test_the_least_bad_of_hopeless_regimens_is_no_advice(catalog: Catalog) -> None:
    drug, model = catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018")
    record = treated().level(16.5, at=47.5).record(now=47.75)
    posterior = fit_map(model, subject_from_record(model, record))
    far = replace(drug.targets[0].target, low=4000.0, high=5000.0)
    advice = recommend(drug, model, record, posterior, target=far, seed=1)
    assert isinstance(advice, Declined)
    assert [item.code for item in advice.reasons] == ["target-out-of-reach"]
    assert "4000-5000 mg·h/L" in advice.reasons[0].text


# --- what is declined -----------------------------------------------------------------------------------------------


def declined(advice, *expected: str) -> Declined:
    assert isinstance(advice, Declined)
    assert {item.code for item in advice.reasons} >= set(expected)
    assert all(item.severity == "critical" for item in advice.reasons if item.code in expected)
    assert advice.would_help
    assert advice.model is not None
    return advice


def test_dialysis_since_the_first_dose_is_declined(catalog: Catalog) -> None:
    declined(advise(catalog, treated().level(16.5, at=47.5).dialysed(at=20), now=47.75), "dialysis")
    ended = treated().level(16.5, at=47.5).dialysed(at=20).dialysed(False, at=24)
    declined(advise(catalog, ended, now=47.75), "dialysis")


def test_dialysis_that_ended_before_the_first_dose_is_not(catalog: Catalog) -> None:
    patient = on_vancomycin().dialysed(at=0).dialysed(False, at=5).creatinine(1.2, at=40)
    advice = advise(catalog, patient.infused(1000, at=6, over=2, every=12, times=3), now=47.75)
    assert isinstance(advice, Recommendation)


@pytest.mark.parametrize(
    ("kg", "code"), [(32.9, "outside-domain"), (33.0, None), (255.0, None), (255.1, "outside-domain")]
)
def test_the_models_hard_range_at_its_edges(catalog: Catalog, kg: float, code: str | None) -> None:
    patient = Patient(drug="vancomycin").man().aged(50).weighing(kg).creatinine(1.0)
    advice = advise(catalog, patient, now=1.0)
    if code:
        assert "kg" in declined(advice, code).reasons[0].text
    else:
        assert "edge-of-domain" in codes(advice)


def test_a_missing_weight_is_declined_by_name(catalog: Catalog) -> None:
    drug, model = catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018")
    record = Patient(drug="vancomycin").man().aged(50).creatinine(1.0).record(now=1.0)
    fitted = treated().record(now=47.75)
    posterior = fit_map(model, subject_from_record(model, fitted))
    advice = declined(recommend(drug, model, record, posterior, seed=1), "covariate-missing")
    assert "weight (kg)" in advice.reasons[0].text
    assert advice.would_help == ("Charting weight (kg).",)


def test_a_fit_that_can_not_be_used_is_declined_with_its_message(catalog: Catalog) -> None:
    drug, model = catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018")
    record = treated().level(16.5, at=47.5).record(now=47.75)
    posterior = fit_map(model, subject_from_record(model, record))
    broken = replace(posterior, status="not-converged", message="no minimum in 100 steps; check the levels")
    advice = declined(recommend(drug, model, record, broken, seed=1), "fit-not-converged")
    assert "no minimum in 100 steps" in advice.reasons[0].text


def test_one_unexplained_level_is_a_warning_and_only_unexplained_levels_a_decline(catalog: Catalog) -> None:
    drug, model = catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018")
    record = treated().level(29, at=40).level(16.5, at=47.5).record(now=47.75)
    posterior = fit_map(model, subject_from_record(model, record))
    levels = posterior.levels
    assert all(abs(level.wres) < 3 for level in levels)
    one = replace(posterior, levels=(replace(levels[0], wres=-3.01), replace(levels[1], wres=3.0)))
    advice = recommend(drug, model, record, one, seed=1)
    assert codes(advice).count("level-unexplained") == 1
    both = replace(posterior, levels=(replace(levels[0], wres=-3.01), replace(levels[1], wres=3.01)))
    declined(recommend(drug, model, record, both, seed=1), "levels-unexplained")
    lost = replace(posterior, levels=tuple(replace(level, wres=float("nan")) for level in levels))
    declined(recommend(drug, model, record, lost, seed=1), "levels-unexplained")


def test_levels_before_the_charted_doses_and_levels_in_the_future_are_declined(catalog: Catalog) -> None:
    declined(advise(catalog, on_vancomycin().level(12, at=10), now=12), "level-before-doses")
    late = on_vancomycin().level(12, at=10).infused(1000, at=11, over=2).level(25, at=14)
    declined(advise(catalog, late, now=15), "level-before-doses")
    clean = on_vancomycin().level(0, at=0.5).infused(1000, at=1, over=2, every=12, times=2).level(9, at=24)
    assert isinstance(advise(catalog, clean, now=24), Recommendation)
    declined(advise(catalog, treated().level(12, at=50), now=47.75), "level-in-future")


def test_a_level_beyond_the_assays_range_is_explained_from_one_side(catalog: Catalog) -> None:
    drug, model = catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018")
    record = treated().level(16.5, at=47.5).record(now=47.75)
    posterior = fit_map(model, subject_from_record(model, record))

    def advice(wres: float, **mark: bool):
        charted = replace(record, levels=(replace(record.levels[0], **mark),))
        fitted = replace(posterior, levels=(replace(posterior.levels[0], wres=wres, censored=True),))
        return recommend(drug, model, charted, fitted, seed=1)

    assert isinstance(advice(+9, censored=True), Recommendation)  # predicted far under the lower limit: agrees
    assert isinstance(advice(-9, censored=True), Declined)
    assert isinstance(advice(-9, above=True), Recommendation)  # predicted far over the upper limit: agrees
    assert isinstance(advice(+9, above=True), Declined)


@pytest.mark.parametrize("wrong", [{"amount": 0.0}, {"interval": 0.0}, {"duration": -1.0}, {"amount": float("nan")}])
def test_a_compared_regimen_that_can_not_be_is_an_error(catalog: Catalog, wrong: dict) -> None:
    with pytest.raises(RecordError, match="the ordered regimen must have an amount"):
        advise(catalog, treated(), now=47.75, ordered=replace(EVERY_12, **wrong))


def test_what_does_not_belong_together_is_an_error(catalog: Catalog) -> None:
    drug, model = catalog.drug("vancomycin"), catalog.model("vancomycin/goti2018")
    record = treated().record(now=47.75)
    posterior = fit_map(model, subject_from_record(model, record))
    with pytest.raises(ModelsError, match="do not match"):
        recommend(catalog.drug("tacrolimus"), model, record, posterior, seed=1)
    with pytest.raises(ModelsError, match="another version"):
        recommend(drug, model, record, replace(posterior, model_hash="0" * 64), seed=1)
