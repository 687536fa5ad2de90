"""From a design to a rule: the same manifest, the same rule; interrupted work goes on; the unseen stay unseen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog, load_catalog
from models.cohorts.design import load_cohort_design
from models.rules.checkpoint import Checkpoints
from models.rules.engines.engine import Found
from models.rules.engines.operon import Operon
from models.rules.frozen import Spread
from models.rules.metrics import covered, log_rmse, measures, rmse, spread_of, widest, within_20
from models.rules.task import data_for, forms, load_task, tasked, valid_range, values_of
from models.rules.train import Plan, Populations, left_out, log_errors, populations, train
from tests.models.rule_made import made

SMALL = Plan(patients=250, seeds=(1, 2), outer=2, test_patients=40, test_seeds=(201, 202))
QUICK = Operon(population=80, generations=12)
DRUG, SCHEME = "vancomycin", "peak-trough"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def patients(catalog: Catalog) -> Populations:
    return populations(load_cohort_design(DRUG), catalog, SCHEME, SMALL)


def trained(catalog: Catalog, patients: Populations, engine: Any = QUICK, **more: Any) -> Any:
    return train(catalog, DRUG, SCHEME, "informed", engine, plan=SMALL, made=patients, **more)


@pytest.mark.parametrize("form", ["informed", "alone"])
def test_the_same_manifest_gives_the_same_rule_on_one_and_two_threads(
    catalog: Catalog, patients: Populations, form: Any
) -> None:
    again = populations(load_cohort_design(DRUG), catalog, SCHEME, SMALL)
    one = train(catalog, DRUG, SCHEME, form, QUICK, plan=SMALL, made=patients).rule
    two = train(catalog, DRUG, SCHEME, form, replace(QUICK, threads=2), plan=SMALL, made=again).rule
    assert one.hash == two.hash
    assert one == two


def test_a_rule_keeps_what_every_rule_must(catalog: Catalog, patients: Populations) -> None:
    rule = trained(catalog, patients).rule
    assert rule.nodes <= 20
    assert {proof.how for proof in rule.proofs} <= {"proved", "dense check"}
    assert [item.on for item in rule.assessments] == [
        "training models, nested cross-validation",
        "training models, each left out in turn",
        "unseen test patients of vancomycin/thomson2009",
    ]
    assert rule.training["population"]["seed"] == SMALL.seed
    assert not rule.signed
    assert "vancomycin/goti2018" in rule.behind


def test_another_seed_of_patients_is_another_rule(catalog: Catalog, patients: Populations) -> None:
    other = replace(SMALL, seed=102)
    made_ = populations(load_cohort_design(DRUG), catalog, SCHEME, other)
    assert train(catalog, DRUG, SCHEME, "informed", QUICK, plan=other, made=made_).rule.hash != (
        trained(catalog, patients).rule.hash
    )


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """An engine that stops the program at its third search, as Ctrl-C would."""

    inner: Operon
    calls: list[int]

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.inner.settings

    def allowing(self, symbols: Sequence[str]) -> "Interrupted":
        return self

    def fit(self, X: np.ndarray, y: np.ndarray, names: Sequence[str], *, seed: int) -> tuple[Found, ...]:
        self.calls.append(seed)
        if len(self.calls) == 3:
            raise KeyboardInterrupt
        return self.inner.fit(X, y, names, seed=seed)


def test_an_interrupted_training_goes_on_where_it_stopped(
    catalog: Catalog, patients: Populations, tmp_path: Path
) -> None:
    engine = Interrupted(inner=QUICK, calls=[])
    with pytest.raises(KeyboardInterrupt):
        trained(catalog, patients, engine, checkpoints=Checkpoints(tmp_path))
    again = trained(catalog, patients, engine, checkpoints=Checkpoints(tmp_path)).rule
    models = len(np.unique(patients.training.generator))
    assert len(engine.calls) == 3 + SMALL.outer + models, "the two finished searches are not run again"
    assert again.hash == trained(catalog, patients).rule.hash


def test_a_damaged_checkpoint_is_searched_again(catalog: Catalog, patients: Populations, tmp_path: Path) -> None:
    first = trained(catalog, patients, checkpoints=Checkpoints(tmp_path)).rule
    for path in tmp_path.glob("*.json"):
        path.write_text('[{"text": "__import__(1)", "loss": 0}]')
    assert trained(catalog, patients, checkpoints=Checkpoints(tmp_path)).rule.hash == first.hash


def test_the_searches_never_see_the_patients_whom_they_are_judged_on(catalog: Catalog, patients: Populations) -> None:
    """Nested: each outer search has the rows of its own fold's rest, all rows are judged once; then model by model."""
    seen: list[int] = []

    @dataclass(frozen=True, kw_only=True)
    class Watching:
        name: str = QUICK.name

        @property
        def settings(self) -> Mapping[str, Any]:
            return QUICK.settings

        def allowing(self, symbols: Sequence[str]) -> "Watching":
            return self

        def fit(self, X: np.ndarray, y: np.ndarray, names: Sequence[str], *, seed: int) -> tuple[Found, ...]:
            seen.append(len(y))
            return QUICK.fit(X, y, names, seed=seed)

    rule = trained(catalog, patients, Watching()).rule
    n = int(patients.training.readable.sum())
    assert seen[:2] == [n, n]
    assert sum(seen[2:4]) == n, "two halves"
    of_model = np.bincount(patients.training.generator[patients.training.readable])
    assert seen[4:] == list(n - of_model), "all but one model's patients, for each model"
    assert [item.patients for item in rule.assessments[:2]] == [n, n]


def test_each_model_is_left_out_once() -> None:
    found = left_out(np.array([0, 2, 2, 0, 1]))
    assert [(list(inside), list(outside)) for inside, outside in found] == [
        ([1, 2, 4], [0, 3]), ([0, 1, 2, 3], [4]), ([0, 3, 4], [1, 2]),
    ]  # fmt: skip
    assert left_out(np.zeros(4, dtype=int)) == [], "one model can not be foretold from none"


def test_a_rules_interval_holds_patients_of_a_model_left_out(catalog: Catalog, patients: Populations) -> None:
    """The wider of two split-conformal spreads: neither kind of patient is promised more than was counted."""
    for assessment in trained(catalog, patients).rule.assessments[:2]:
        covered = {item.name: item.value for item in assessment.measures}
        assert covered["coverage_80"] >= 80.0
        assert covered["coverage_95"] >= 95.0


def test_the_widest_of_spreads_holds_them_all() -> None:
    spreads = (Spread(share=0.8, low=-0.3, high=0.1), Spread(share=0.8, low=-0.2, high=0.4))
    assert widest(spreads) == Spread(share=0.8, low=-0.3, high=0.4)


# --- data ---------------------------------------------------------------------------------------------------------


def test_the_target_is_what_the_population_says(catalog: Catalog, patients: Populations) -> None:
    """An independent way: ln(expected over true exposure)."""
    design = load_cohort_design(DRUG)
    model = catalog.model(design.reference)
    data = data_for(load_task(DRUG), design, patients.training, model, "informed")
    assert data.y == pytest.approx(patients.training.log_ratio[data.rows], rel=1e-9)
    assert data.columns["r_trough"] == pytest.approx(
        np.log(patients.training.expected[:, 1] / patients.training.levels[:, 1])[data.rows], rel=1e-12
    )
    assert data.rising == ("r_peak", "r_trough")


@pytest.mark.parametrize("drug", tasked())
def test_every_form_of_every_scheme_has_units_that_cancel(catalog: Catalog, drug: str) -> None:
    design, task = load_cohort_design(drug), load_task(drug)
    model = catalog.model(design.reference)
    for scheme in design.schemes:
        few = Plan(patients=25, test_patients=1, test_seeds=(1,))
        found = populations(design, catalog, scheme, few).training
        for form in forms(design, scheme):
            data = data_for(task, design, found, model, form)
            units = {item.name: item.unit for item in data.quantities}
            for item in data.inputs:
                item.check(units)
            assert set(values_of(found, design, model.concentration_unit)) >= set(units)


def test_errors_are_of_exposure_and_missing_where_the_rule_is_silent(catalog: Catalog, patients: Populations) -> None:
    """A rule that says what the model expects: its error is that of the expectation."""
    design = load_cohort_design(DRUG)
    model = catalog.model(design.reference)
    rule = made("0*r_peak", intervals=((0.0, 0.0),))
    errors = log_errors(rule, design, model, patients.training)
    known = np.isfinite(errors)
    assert 0 < known.sum() < errors.size
    assert errors[known] == pytest.approx(patients.training.log_ratio[known], rel=1e-9)


@given(
    values=st.lists(st.floats(0.001, 5000.0), min_size=1, max_size=30),
    sign=st.sampled_from((1.0, -1.0)),
)
def test_a_range_holds_what_everybody_has(values: list[float], sign: float) -> None:
    """As the one dose of iohexol, 3235 mg, which three digits would round out of its own range."""
    column = sign * np.array(values)
    low, high = valid_range(column, 0.0)
    assert low <= column.min()
    assert high >= column.max()
    assert low >= column.min() - 0.0101 * abs(column.min())
    assert high <= column.max() + 0.0101 * abs(column.max())
    assert valid_range(np.array([3235.0]), 0.005) == (3230.0, 3240.0)


# --- figures ------------------------------------------------------------------------------------------------------


def test_figures_by_hand() -> None:
    share = np.array([1.1, 0.9, 1.5, 1.0])
    assert rmse(share) == pytest.approx(100 * np.sqrt((0.01 + 0.01 + 0.25) / 4))
    assert log_rmse(share) == pytest.approx(100 * np.sqrt(np.mean(np.log(share) ** 2)))
    assert within_20(share) == 75.0
    found = {item.name: item for item in measures(share)}
    assert found["bias"].value == 12.5
    assert all(item.low <= item.value <= item.high for item in found.values())


def test_bootstrap_intervals_hold_the_truth() -> None:
    """log-RMSE of normal errors with SD 0.2, over 100 data sets: 95 are expected to hold it, SD 2.2; 86 is four off."""
    random = np.random.default_rng(2)
    hits = 0
    for _ in range(100):
        found = measures(np.exp(0.2 * random.standard_normal(200)))[1]
        hits += found.low <= 20.0 <= found.high
    assert hits >= 86


def test_conformal_limits_hold_for_new_patients() -> None:
    """Of 500 calibration and 20,000 new errors, 80 % within; the calibration's own scatter has an SD of 1.8 points."""
    random = np.random.default_rng(3)
    spread = spread_of(random.standard_t(4, 500), 0.8)
    assert covered(random.standard_t(4, 20_000), spread).value == pytest.approx(80.0, abs=5.4)
