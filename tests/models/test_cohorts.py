"""Simulated training and test populations: made again from their manifest, never one model's alone, true to a sum."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalog import Catalog, load_catalog
from models.cohorts.design import DESIGNS, designed, load_cohort_design
from models.cohorts.manifest import SHIFTS, Shift
from models.cohorts.population import Population
from models.cohorts.simulate import simulate
from models.errors import ModelFileError, ModelsError

DRUGS = ("busulfan", "gentamicin", "iohexol", "mycophenolate", "tacrolimus", "vancomycin")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def drawn(
    catalog: Catalog, drug: str = "vancomycin", scheme: str = "peak-trough", n: int = 30, **more: Any
) -> Population:
    asked = {"part": "training", "seed": 5} | more
    return simulate(load_cohort_design(drug), catalog, scheme=scheme, patients=n, **asked)


def test_six_drugs_have_populations() -> None:
    assert designed() == DRUGS


@pytest.mark.parametrize("drug", DRUGS)
def test_each_scheme_of_each_drug_has_plausible_patients(catalog: Catalog, drug: str) -> None:
    design = load_cohort_design(drug)
    for scheme in design.schemes.values():
        for part in ("training", "test"):
            found = drawn(catalog, drug, scheme.name, n=12, part=part)
            assert found.levels.shape == found.expected.shape == (12, len(scheme.samples))
            assert (found.levels >= design.assay.lloq).all()
            assert (found.expected > 0).all()
            assert (np.diff(found.times, axis=1) > 0).all()
            assert ((found.after_dose > 0) & (found.after_dose <= 1.5 * found.charted["interval"][:, None])).all()
            assert np.abs(found.log_ratio).max() < 4.0, "beyond fifty-fold of what is expected"


@pytest.mark.parametrize("drug", DRUGS)
def test_training_meets_several_models_and_the_test_none_of_them(drug: str) -> None:
    design = load_cohort_design(drug)
    training = {(item.model, tuple(item.shift.items())) for item in design.of_part("training")}
    assert len(training) >= 2
    assert not training & {(item.model, tuple(item.shift.items())) for item in design.of_part("test")}


def test_the_same_manifest_makes_the_same_patients(catalog: Catalog) -> None:
    one, same, other = (drawn(catalog, seed=seed) for seed in (5, 5, 6))
    assert one.manifest.hash == same.manifest.hash != other.manifest.hash
    assert (one.levels == same.levels).all()
    assert (one.exposure == same.exposure).all()
    assert not (one.levels == other.levels).any()


def test_a_patient_depends_on_his_number_and_not_on_how_many_there_are(catalog: Catalog) -> None:
    few, many = drawn(catalog, n=10), drawn(catalog, n=20)
    assert (few.levels == many.levels[:10]).all()


def test_the_same_people_are_met_under_every_scheme_and_not_in_the_other_part(catalog: Catalog) -> None:
    trough, random = drawn(catalog, scheme="trough"), drawn(catalog, scheme="two-random")
    assert (trough.exposure == random.exposure).all()
    assert (trough.charted["weight"] == random.charted["weight"]).all()
    assert not (drawn(catalog, part="test").charted["creatinine"] == trough.charted["creatinine"]).all()


def test_a_manifest_is_canonical_and_names_the_files_that_it_rests_on(catalog: Catalog) -> None:
    manifest = drawn(catalog, n=1).manifest
    read = json.loads(manifest.canonical())
    assert list(read) == sorted(read)
    assert read["models"] == {
        f"vancomycin/{name}": catalog.model(f"vancomycin/{name}").hash
        for name in ("goti2018", "colin2019", "llopissalvia2006", "revilla2010")
    }
    assert read["design"] == load_cohort_design("vancomycin").hash


@pytest.mark.parametrize(("drug", "count"), [("vancomycin", None), ("busulfan", 4), ("iohexol", 1)])
def test_exposure_is_dose_over_clearance(catalog: Catalog, drug: str, count: int | None) -> None:
    """AUC24 = daily dose / CL; the area of a course = all its doses / CL: what clearance means."""
    found = drawn(catalog, drug, next(iter(load_cohort_design(drug).schemes)), n=8)
    mg = found.charted["dose"] * (count or 24.0 / found.charted["interval"])
    assert found.exposure == pytest.approx(mg / found.clearance, rel=1e-9)


def test_expected_clearance_is_the_papers_equation_by_hand(catalog: Catalog) -> None:
    """Goti 2018: 4.5 * (CRCL/120)^0.8 with CRCL at most 150 mL/min, creatinine raised to 1 mg/dL above 65 years."""
    found = drawn(catalog, n=40)
    age, weight, creatinine = (found.charted[name] for name in ("age", "weight", "creatinine"))
    creatinine = np.where(age > 65, np.maximum(creatinine, 1.0), creatinine)
    crcl = (140 - age) * weight / (72 * creatinine) * np.where(found.charted["female"] == 1, 0.85, 1.0)
    assert found.expected_clearance == pytest.approx(4.5 * (np.minimum(crcl, 150) / 120) ** 0.8, rel=1e-9)


def test_a_mono_exponential_trough_by_hand(catalog: Catalog) -> None:
    """Without a loading dose, late doses or errors, Revilla's one compartment gives a geometric series."""
    design = load_cohort_design("vancomycin")
    only = tuple(item for item in design.generators if item.model.endswith("revilla2010") or item.part == "test")
    quiet = replace(design.practice, late=0.0, loading=0.0)
    exact = replace(design.assay, draw_sd=0.0)
    design = replace(design, generators=only, practice=quiet, assay=exact, reference="vancomycin/revilla2010")
    found = simulate(design, catalog, scheme="trough", part="training", patients=6, seed=3)
    for n in range(6):
        at = {name: found.charted[name][n] for name in ("weight", "creatinine", "dose", "interval", "duration")}
        v = 0.82 * at["weight"] * (2.49 if at["creatinine"] > 1.0 else 1.0)
        k, rate = found.expected_clearance[n] / v, at["dose"] / at["duration"]
        given = np.arange(0.0, found.times[n, 0], at["interval"])
        end = found.times[n, 0] - given - at["duration"]
        hand = (rate / (k * v) * (1 - np.exp(-k * at["duration"])) * np.exp(-k * end)).sum()
        assert found.expected[n, 0] == pytest.approx(hand, rel=1e-9)


def test_covariates_hang_together_as_the_design_says(catalog: Catalog) -> None:
    """Of 300 patients a correlation has a standard error of 0.06; sex adds to that of creatinine, domains take off."""
    found = drawn(catalog, scheme="none", n=300)
    assert np.corrcoef(found.charted["age"], np.log(found.charted["creatinine"]))[0, 1] == pytest.approx(0.25, abs=0.25)
    assert set(np.unique(found.generator)) == {0, 1, 2, 3}
    assert np.bincount(found.generator).min() > 45, "models have equal shares: 75 each, SD 7.5"


@pytest.mark.parametrize("part", ["training", "test"])
@pytest.mark.parametrize("drug", DRUGS)
def test_clearance_shift_multiplies_clearance_and_leaves_the_chart(catalog: Catalog, drug: str, part: str) -> None:
    """busulfan's proportional and all others' exponential effects, whatever clearance is made of."""
    scheme = next(reversed(load_cohort_design(drug).schemes))
    plain, shifted = (
        drawn(catalog, drug, scheme, n=15, part=part, shift=Shift(name="x", clearance=factor)) for factor in (1.0, 1.4)
    )
    # the clearance of a course averages over the steps of busulfan's, which the drug outlasts by different shares
    assert shifted.clearance == pytest.approx(1.4 * plain.clearance, rel=5e-3 if drug == "busulfan" else 1e-9)
    assert (shifted.expected_clearance == plain.expected_clearance).all()
    assert (shifted.times == plain.times).all()


def test_assay_bias_multiplies_levels(catalog: Catalog) -> None:
    plain, shifted = drawn(catalog), drawn(catalog, shift=Shift(name="x", assay=1.15))
    both = ~plain.below & ~shifted.below
    assert shifted.levels[both] == pytest.approx(1.15 * plain.levels[both], rel=1e-12)


def test_wrong_times_change_levels_and_not_what_is_charted(catalog: Catalog) -> None:
    plain, shifted = drawn(catalog), drawn(catalog, shift=Shift(name="x", timing=1.0))
    assert (shifted.times == plain.times).all()
    assert not (shifted.levels == plain.levels).all()
    assert (shifted.exposure == plain.exposure).all()


def test_more_variability_spreads_the_truth(catalog: Catalog) -> None:
    plain, shifted = drawn(catalog, n=60), drawn(catalog, n=60, shift=Shift(name="x", spread=1.5))
    assert shifted.log_ratio.std() > plain.log_ratio.std()


def test_the_four_shifts_of_the_issue() -> None:
    assert [(s.clearance, s.spread, s.assay, s.timing) for s in SHIFTS] == [
        (1.4, 1.0, 1.0, 0.0),
        (0.7, 1.5, 1.0, 0.0),
        (1.0, 1.0, 1.15, 0.0),
        (1.0, 1.0, 1.0, 1.0),
    ]


def test_a_level_under_the_limit_is_charted_as_such(catalog: Catalog) -> None:
    design = load_cohort_design("vancomycin")
    blind = replace(design, assay=replace(design.assay, lloq=15.0))
    found = simulate(blind, catalog, scheme="trough", part="training", patients=30, seed=2)
    assert 0 < found.below.sum() < 30
    assert (found.levels[found.below] == 15.0).all()
    assert [record.levels[0].censored for record in found.records] == found.below[:, 0].tolist()
    assert (found.readable == ~found.below[:, 0]).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_chart_ends_at_its_last_level_and_has_only_the_doses_before_it(seed: int) -> None:
    found = drawn(load_catalog_once(), scheme="two-random", n=1, seed=seed)
    record = found.records[0]
    assert record.now == record.levels[-1].time == found.times[0, -1]
    assert max(dose.time for dose in record.doses) < record.now
    last = max(dose.time for dose in record.doses)
    assert found.after_dose[0, -1] == pytest.approx(record.now - last)


@cache
def load_catalog_once() -> Catalog:
    return load_catalog()


def test_a_test_model_that_is_trained_on_is_refused(tmp_path: Path) -> None:
    text = (DESIGNS / "vancomycin.toml").read_text()
    (tmp_path / "vancomycin.toml").write_text(text.replace("vancomycin/thomson2009", "vancomycin/goti2018"))
    with pytest.raises(ModelFileError, match="a test model that no training patient comes from"):
        load_cohort_design("vancomycin", tmp_path)


def test_an_unknown_drug_scheme_or_key_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(ModelsError, match="no population of 'aspirin'"):
        load_cohort_design("aspirin")
    with pytest.raises(ModelsError, match="it has none, trough, peak-trough, two-random"):
        drawn(catalog, scheme="weekly")
    text = (DESIGNS / "vancomycin.toml").read_text()
    (tmp_path / "vancomycin.toml").write_text("colour = 1\n" + text)
    with pytest.raises(ModelFileError, match="unknown key colour"):
        load_cohort_design("vancomycin", tmp_path)
