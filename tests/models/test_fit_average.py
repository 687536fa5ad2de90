"""Weights of several models for one patient, and how draws are shared among them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from models.fit import Ensemble, FitOptions, ModelFit, average, draw_ensemble, fit_each, fit_map, prior, shares
from models.nmtran import subject_from_rows
from models.population import PopulationModel, Residual, load_model
from tests.models.small_models import dose, eta, one_compartment, patient, simulated
from tests.reference import MODELS

DOSES = [dose(0.0, 400.0), dose(12.0, 400.0)]
TIMES, VALUES = (2.0, 11.0, 20.0), (7.0, 3.9, 5.2)
ETAS = eta("CL", 0.09) + eta("V", 0.04)


def linear(id: str, omega: float, cl: float) -> PopulationModel:
    residual = 'kind = "additive", additive_sd = 0.6'
    return one_compartment(id=id, residual=residual, random=eta("F", omega, kind="additive"), cl=cl)


def trio() -> tuple[ModelFit, ...]:
    models = [linear("a", 0.09, 4.0), linear("b", 0.5, 4.0), linear("c", 0.09, 2.5)]
    return fit_each(patient(model, DOSES, TIMES, VALUES) for model in models)


def exact_evidence(fit: ModelFit) -> float:
    values = {item.name: item.value for item in fit.model.parameters}
    k = values["CL"] / values["V"]
    x = np.array([sum(10.0 * np.exp(-k * (t - at)) * (t > at) for at in (0.0, 12.0)) for t in TIMES])
    return float(multivariate_normal(x, 0.36 * np.eye(3) + fit.model.omega[0, 0] * np.outer(x, x)).pdf(VALUES))


def test_weights_are_the_models_posterior_probabilities() -> None:
    """Linear Gaussian models: Bayes' formula with the exact marginal likelihoods."""
    fits = trio()
    exact = np.array([exact_evidence(fit) for fit in fits])
    weights = [member.weight for member in average(fits).members]
    # the evidences agree to 1e-7, see test_fit_evidence.py
    assert weights == pytest.approx(exact / exact.sum(), abs=1e-6)
    tilted = average(fits, priors={"a": 1, "b": 2, "c": 5})
    expected = exact * [1, 2, 5] / (exact @ [1, 2, 5])
    assert [member.weight for member in tilted.members] == pytest.approx(expected, abs=1e-6)
    assert [member.prior for member in tilted.members] == pytest.approx([0.125, 0.25, 0.625])


def test_selection_takes_the_most_probable_alone() -> None:
    fits = trio()
    best = average(fits).best.model_id
    selected = average(fits, method="selection")
    assert [member.weight for member in selected.members] == [float(fit.model.id == best) for fit in fits]
    assert all(("not selected" in member.reason) == (member.model_id != best) for member in selected.members)


def test_without_levels_the_weights_are_the_priors() -> None:
    models = [linear("a", 0.09, 4.0), linear("b", 0.5, 4.0)]
    fits = fit_each(patient(model, DOSES, (), ()) for model in models)
    weights = [member.weight for member in average(fits, priors={"a": 3.0, "b": 1.0}).members]
    assert weights == pytest.approx([0.75, 0.25])
    assert average(fits, method="selection", priors={"a": 1.0, "b": 3.0}).best.model_id == "b"


def test_a_fit_that_is_not_usable_is_left_out_and_says_why() -> None:
    good, bad, third = trio()
    failed = replace(bad.posterior, status="not-converged", message="the search did not settle")
    ensemble = average([good, replace(bad, posterior=failed), third])
    assert ensemble.members[1].weight == 0.0
    assert "did not settle" in ensemble.members[1].reason
    rest = average([good, third])
    assert [ensemble.members[i].weight for i in (0, 2)] == [member.weight for member in rest.members]
    assert shares(ensemble, 100)[1] == 0


def test_an_ensemble_of_failures_is_not_usable() -> None:
    fits = [replace(fit, posterior=replace(fit.posterior, status="singular")) for fit in trio()]
    ensemble = average(fits)
    assert not ensemble.usable
    assert [member.weight for member in ensemble.members] == [0.0, 0.0, 0.0]
    for act in (lambda: ensemble.best, lambda: shares(ensemble, 10), lambda: draw_ensemble(ensemble, 10, seed=1)):
        with pytest.raises(ValueError, match="no model of the ensemble is usable"):
            act()


def test_models_that_can_not_be_compared_are_refused() -> None:
    a, b, _ = trio()
    other = patient(b.model, DOSES, TIMES, (7.0, 3.9, 5.3))
    with pytest.raises(ValueError, match="other levels"):
        average([a, replace(b, subject=other, posterior=fit_map(b.model, other))])
    with pytest.raises(ValueError, match="in other ways"):
        average([a, replace(b, options=FitOptions(level_half_life=12.0))])
    with pytest.raises(ValueError, match="each once"):
        average([a, a])
    with pytest.raises(ValueError, match="at least one"):
        average([])
    with pytest.raises(ValueError, match="prior of b"):
        average([a, b], priors={"a": 1.0})
    ug = replace(b.model, outputs=(replace(b.model.outputs[0], unit="ug/L"),))
    with pytest.raises(ValueError, match="one unit"):
        average([a, replace(b, model=ug)])


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(3)), n=st.integers(0, 500), first=st.floats(0.05, 20.0), method=st.booleans())
def test_order_does_not_matter_and_nothing_is_lost(order: list[int], n: int, first: float, method: bool) -> None:
    fits, chosen = trio(), "selection" if method else "evidence"
    priors = {"a": first, "b": 1.0, "c": 1.0}
    plain = average(fits, method=chosen, priors=priors)  # type: ignore[arg-type]
    mixed = average([fits[i] for i in order], method=chosen, priors=priors)  # type: ignore[arg-type]
    assert sum(member.weight for member in plain.members) == pytest.approx(1.0, abs=1e-12)
    assert [plain.members[i].weight for i in order] == pytest.approx([m.weight for m in mixed.members], abs=1e-14)
    counts = shares(plain, n)
    assert [counts[i] for i in order] == list(shares(mixed, n))
    assert sum(counts) == n
    assert all(abs(count - n * member.weight) < 1.0 for count, member in zip(counts, plain.members, strict=True))


def test_equal_remainders_go_by_weight_then_by_id() -> None:
    fits = fit_each(patient(linear(id, 0.09, 4.0), DOSES, (), ()) for id in ("c", "a", "b"))
    assert shares(average(fits), 1) == (0, 1, 0)
    assert shares(average(fits), 2) == (0, 1, 1)
    with pytest.raises(ValueError, match="-1 draws"):
        shares(average(fits), -1)


def test_draws_repeat_with_the_seed_and_follow_each_member() -> None:
    fits = trio()
    ensemble = average(fits)
    once, again, other = (draw_ensemble(ensemble, 30_000, seed=seed) for seed in (1, 1, 2))
    assert [part.shape for part in once] == [(count, 1) for count in shares(ensemble, 30_000)]
    for k, member in enumerate(ensemble.members):
        assert np.array_equal(once[k], again[k])
        assert not np.array_equal(once[k], other[k])
        sd = np.sqrt(member.posterior.covariance[0, 0])
        # four standard errors of a mean and of an SD
        assert once[k].mean() == pytest.approx(member.posterior.eta[0], abs=4 * sd / np.sqrt(len(once[k])))
        assert once[k].std() == pytest.approx(sd, rel=4 / np.sqrt(2 * len(once[k])))
    assert abs(np.corrcoef(once[0][:1000, 0], once[1][:1000, 0])[0, 1]) < 0.13  # four standard errors of none


def test_draws_by_another_method_are_asked_for_each_member_that_has_a_share() -> None:
    ensemble = average(trio(), method="selection")
    asked: list[tuple[int, int]] = []

    def by(member: int, count: int, seed: int) -> np.ndarray:
        asked.append((member, count))
        return np.zeros((count, 1))

    parts = draw_ensemble(ensemble, 40, seed=1, by=by)
    best = [member.weight for member in ensemble.members].index(1.0)
    assert asked == [(best, 40)]
    assert [len(part) for part in parts] == [40 if k == best else 0 for k in range(3)]


def foretold(truth: PopulationModel, others: list[PopulationModel], times: list[float], patients: int) -> float:
    """Mean weight of the model that patients were simulated from."""
    random = np.random.default_rng(3)
    doses, weights = [dose(12.0 * k, 1000.0, rate=1000.0) for k in range(4)], []
    for _ in range(patients):
        values = simulated(truth, doses, times, random)
        ensemble: Ensemble = average(fit_each(patient(model, doses, times, values) for model in [truth, *others]))
        weights.append(ensemble.members[0].weight)
    return float(np.mean(weights))


RICH = [1.1, 1.5, 2, 3, 5, 8, 11.9, 13.1, 14, 16, 20, 23.9, 37.1, 38, 40, 44, 48, 54, 60]


def precise(model_id: str) -> PopulationModel:
    model = load_model(MODELS / f"{model_id}.toml")
    return model.with_variances(model.omega, (Residual(kind="proportional", proportional=0.005),))


def test_the_structure_that_levels_come_from_wins_as_they_accumulate() -> None:
    """Two compartments beside one, assay error of 7 %: levels can tell them apart in the end."""
    truth, one = precise("2cmt_inf"), precise("1cmt_inf")
    means = [foretold(truth, [one], RICH[-count:], 40) for count in (1, 5, 19)]
    # 40 patients: standard errors of 0.04, 0.04 and 0.02
    assert means[0] > 0.5
    assert means[0] < means[1] < means[2]
    assert means[2] > 0.9


def test_another_typical_clearance_is_not_ruled_out_by_one_patient() -> None:
    """A third of the clearance: a patient may be three standard deviations off, so the weight stays below 1."""
    truth = precise("2cmt_inf")
    cl = next(item for item in truth.parameters if item.name == "CL")
    slower = tuple(replace(item, value=0.3 * cl.value) if item is cl else item for item in truth.parameters)
    mean = foretold(truth, [replace(truth, id="slower", parameters=slower)], RICH[-5:], 40)
    assert 0.75 < mean < 0.95


def test_an_ensemble_of_populations_alone() -> None:
    """Without levels there is nothing to tell models apart by; with levels, who ignores them is left out."""
    model = linear("a", 0.09, 4.0)
    subject = subject_from_rows(model, DOSES)
    (member,) = average([ModelFit(model=model, subject=subject, posterior=prior(model))]).members
    assert (member.weight, member.log_evidence, member.reason) == (1.0, 0.0, "")
    with_levels = ModelFit(model=model, subject=patient(model, DOSES, TIMES, VALUES), posterior=prior(model))
    assert "can not be computed" in average([with_levels]).members[0].reason
