"""When the next level would tell most: against closed forms, against fitting again, and what must always hold."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalog import Catalog, load_catalog
from models.dosing.advice import Regimen
from models.dosing.case import Case, open_case
from models.dosing.next_sample import APART, EQUAL, next_sample
from models.dosing.preposterior import Foretold, expected, foretold, linear_shares
from models.dosing.sample_grid import sample_grid
from models.dosing.schedule import doses_of
from models.fit import average, fit_each, fit_map, sample
from models.pk import concentrations
from models.population.model import Residual
from models.record import Level
from models.subject import subject_from_record
from tests.builders import Patient, on_tacrolimus, on_vancomycin
from tests.models.dosing_case import one_case

TWICE_A_DAY = Regimen(amount=1000, interval=12, duration=2, route="iv", start=48)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def treated() -> Patient:
    return on_vancomycin().infused(1000, at=0, over=2, every=12, times=4).level(14, at=47.5)


@pytest.fixture(scope="module")
def vancomycin(catalog: Catalog, treated: Patient) -> Case:
    model = catalog.model("vancomycin/goti2018")
    return one_case(catalog.drug("vancomycin"), model, treated.record(now=47.75), draws=1000)


# --- the expected spread, against closed forms --------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
def test_normal_quantity_read_with_normal_error(noise: float) -> None:
    """Precisions add: 1 / (1 + 1 / noise^2), and each further level adds another 1 / noise^2."""
    value = np.random.default_rng(5).standard_normal(8000)
    both = Foretold(
        f=np.column_stack([5 + value, 9 + value]), sd=np.full((8000, 2), noise), log=np.zeros(8000, dtype=bool)
    )
    for columns in ((0,), (0, 1)):
        left = (1 / (1 + len(columns) / noise**2)) ** 0.5
        found = expected(value, both.at(columns), seed=1, simulated=200)
        # the posterior SD is the same for every level, so only the draws' own Monte Carlo error is left: 3 % (8000)
        assert found.sd == pytest.approx(left, rel=0.03)
        assert found.width == pytest.approx(2 * 1.6449 * left, rel=0.04)  # of quantiles, a little more


def test_error_on_the_log_scale_is_the_same_question_after_taking_logs() -> None:
    value = np.random.default_rng(6).standard_normal(4000)
    plain = Foretold(f=3 + value[:, None], sd=np.full((4000, 1), 0.5), log=np.zeros(4000, dtype=bool))
    logs = Foretold(f=np.exp(3 + value[:, None]), sd=np.full((4000, 1), 0.5), log=np.ones(4000, dtype=bool))
    # the same draws and random numbers: only rounding differs
    assert expected(value, logs, seed=2).sd == pytest.approx(expected(value, plain, seed=2).sd, rel=1e-9)


def test_two_models_that_foretell_different_levels() -> None:
    """Half of the draws say 400 and a level of 10, half 600 and 14: what a level leaves open is which is right."""
    value = np.repeat([400.0, 600.0], 500)
    levels = Foretold(f=np.repeat([10.0, 14.0], 500)[:, None], sd=np.full((1000, 1), 2.0), log=np.zeros(1000, bool))
    y = np.linspace(-5, 30, 20001)
    one, other = (np.exp(-0.5 * ((y - mean) / 2) ** 2) / (2 * np.sqrt(2 * np.pi)) for mean in (10, 14))
    share = one / (one + other)
    left = np.sum(200**2 * share * (1 - share) * 0.5 * (one + other)) * (y[1] - y[0])
    # 2,000 simulated levels: 2.5 %
    assert expected(value, levels, seed=3, simulated=2000).sd == pytest.approx(left**0.5, rel=0.05)


def test_the_screen_is_exact_where_the_quantity_is_linear_in_the_log_of_the_level() -> None:
    value = np.random.default_rng(7).standard_normal(20000)
    levels = Foretold(
        f=np.exp(np.column_stack([value, 0.5 * value])), sd=np.full((20000, 2), 0.5), log=np.ones(20000, bool)
    )
    one, two = linear_shares(value, levels)
    assert one == pytest.approx([1 / (1 + 1 / 0.25), 1 / (1 + 0.25 / 0.25)], rel=0.03)  # 20,000 draws: 1 %
    assert two[0, 1] == pytest.approx(1 / (1 + 1 / 0.25 + 0.25 / 0.25), rel=0.03)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20.0), st.floats(0.1, 100.0))
def test_the_figures_scale_with_the_quantity_and_a_level_never_tells_less_than_nothing(
    seed: int, noise: float, scale: float
) -> None:
    random = np.random.default_rng(seed)
    value, f = random.lognormal(size=400), random.lognormal(size=(400, 1))
    levels = foretold([(Residual(kind="combined", proportional=noise**2, additive=0.01), f)])
    found = expected(value, levels, seed=1)
    assert expected(scale * value, levels, seed=1).sd == pytest.approx(scale * found.sd, rel=1e-6)  # rounding
    # f tells nothing of the value here: the expected SD is today's, give or take 48 simulated levels
    assert 0.5 * value.std() <= found.sd <= 1.5 * value.std()
    assert 1.0 <= found.effective <= 400.0 * (1 + 1e-9)


# --- the time, against fitting again ------------------------------------------------------------------------------


def refitted_sd(case: Case, patient: Patient, time: float, count: int) -> float:
    """Root of the mean posterior variance of AUC24 after a level at `time`, by a new fit and sample for each level."""
    member = case.lead
    extra = doses_of(TWICE_A_DAY, until=200)
    subject = subject_from_record(member.model, member.record, extra_doses=extra)
    rows = np.linspace(0, len(member.etas) - 1, count).astype(int)
    order = np.argsort(case.metric(TWICE_A_DAY), kind="stable")[rows]
    f = concentrations(member.model, subject, member.etas[order], [time])[:, 0]
    residual = member.model.outputs[0].residual
    noise = np.random.default_rng(11).standard_normal(count)
    variances = []
    for level, sd in zip(f + noise * [residual.sd(x) for x in f], [residual.sd(x) for x in f], strict=True):
        record = patient.record(now=case.record.now)
        drawn = Level(time=time, value=max(float(level), 0.0), unit="mg/L")
        record = replace(record, levels=(*record.levels, drawn), doses=(*record.doses, *extra))
        again = subject_from_record(member.model, record)
        found = sample(member.model, again, fit_map(member.model, again), 400, seed=3)
        variances.append(one_metric(case, found.etas).var())
        assert sd > 0
    return float(np.mean(variances) ** 0.5)


def one_metric(case: Case, etas: np.ndarray) -> np.ndarray:
    member = replace(case.lead, etas=etas)
    return replace(case, members=(member,)).metric(TWICE_A_DAY)


@pytest.mark.parametrize("time", [48.0, 96.0])
def test_expected_spread_is_that_of_new_fits(vancomycin: Case, treated: Patient, time: float) -> None:
    found = next_sample(vancomycin, TWICE_A_DAY, seed=1)
    assert found is not None
    claimed = next(item for item in found.tried if item.times == (time,))
    # 60 simulated levels on this side and 48 on that, posterior variances that differ twofold: 10 % each on the SD
    assert claimed.sd == pytest.approx(refitted_sd(vancomycin, treated, time, 60), rel=0.15)


def test_the_figures_of_today_and_of_the_best_time(vancomycin: Case) -> None:
    found = next_sample(vancomycin, TWICE_A_DAY, seed=1)
    assert found is not None
    metric = vancomycin.metric(TWICE_A_DAY)
    assert found.sd == pytest.approx(metric.std())
    assert found.width == pytest.approx(np.quantile(metric, 0.95) - np.quantile(metric, 0.05))
    assert found.unit == "mg.h/L"
    assert found.best.reduction == pytest.approx(1 - found.best.sd / found.sd)
    assert found.best.reduction >= EQUAL * found.tried[0].reduction
    assert 0 < found.best.width < found.width
    assert found.soon.times[0] <= TWICE_A_DAY.start + 24


def test_a_trough_is_preferred_and_two_levels_tell_more(vancomycin: Case) -> None:
    found = next_sample(vancomycin, TWICE_A_DAY, seed=1)
    assert found is not None
    assert found.pair is not None
    assert found.best.label.startswith("just before the")
    assert found.pair.sd < found.best.sd
    assert found.pair.times[1] - found.pair.times[0] >= APART


def test_same_seed_same_answer(vancomycin: Case) -> None:
    assert next_sample(vancomycin, TWICE_A_DAY, seed=4) == next_sample(vancomycin, TWICE_A_DAY, seed=4)


def test_doubt_between_models_is_counted(catalog: Catalog, treated: Patient) -> None:
    """Two models that disagree leave more to learn than the one alone that is nearer to the level."""
    record, drug = treated.record(now=47.75), catalog.drug("vancomycin")
    models = [catalog.model(f"vancomycin/{name}") for name in ("goti2018", "buelga2005")]
    fits = fit_each(subject_from_record(model, record) for model in models)
    target = drug.targets[0].target
    case = open_case(drug, fits, average(fits), record, target=target, seed=1, draws=1000)
    assert len(case.members) == 2
    found = next_sample(case, TWICE_A_DAY, seed=1)
    assert found is not None
    assert found.sd == pytest.approx(case.metric(TWICE_A_DAY).std())
    assert found.best.reduction > 0.1


def test_before_anything_was_given_there_is_nothing_to_measure_before_the_first_dose(catalog: Catalog) -> None:
    model, record = catalog.model("vancomycin/goti2018"), on_vancomycin().record(now=0)
    case = one_case(catalog.drug("vancomycin"), model, record, draws=500)
    found = next_sample(case, replace(TWICE_A_DAY, start=6), seed=1)
    assert found is not None
    assert min(item.times[0] for item in found.tried) >= 6 + 2 + 1


def test_swallowed_twice_a_day_the_second_level_lies_in_the_curve(catalog: Catalog) -> None:
    """With absorption and distribution unknown, a trough and a level some hours after a dose tell different things."""
    model, record = catalog.model("tacrolimus/bergmann2014"), on_tacrolimus().record(now=0)
    case = one_case(catalog.drug("tacrolimus"), model, record, draws=500)
    found = next_sample(case, Regimen(amount=4, interval=12, duration=0, route="oral", start=0), seed=1)
    assert found is not None
    assert found.pair is not None
    assert found.pair.sd < found.sd


def test_no_time_where_all_draws_agree(vancomycin: Case) -> None:
    sure = replace(vancomycin.lead, etas=np.zeros((50, vancomycin.lead.etas.shape[1])))
    assert next_sample(replace(vancomycin, members=(sure,)), TWICE_A_DAY, seed=1) is None


# --- the grid -----------------------------------------------------------------------------------------------------


def test_times_of_a_ward() -> None:
    grid = sample_grid(TWICE_A_DAY, 47.75, given=True)
    times = {item.time: item.label for item in grid}
    assert times[48.0] == "just before the next dose"
    assert times[51.0] == "1 h after the end of the next dose's infusion"
    assert times[54.0] == "6 h after the start of the next dose"
    assert times[60.0] == "just before the second dose"
    assert max(times) == 96.0
    assert not any(48 < time < 51 for time in times)  # infusion, and distribution after it


def test_times_under_a_continuous_infusion_and_of_an_infusion_every_eight_weeks() -> None:
    steady = Regimen(amount=2000, interval=24, duration=24, route="iv", start=0)
    assert {item.time for item in sample_grid(steady, 0, given=False)} >= {1.0, 12.0, 24.0, 48.0}
    rare = Regimen(amount=300, interval=1344, duration=2, route="iv", start=10)
    grid = sample_grid(rare, 0, given=True)
    assert grid[-1].time == 10 + 1344
    assert grid[-1].trough
    assert len(grid) < 100


@settings(max_examples=100, deadline=None)
@given(
    interval=st.sampled_from([6.0, 8.0, 12.0, 24.0, 36.0, 48.0, 672.0]),
    duration=st.sampled_from([0.0, 0.5, 2.0, 3.0]),
    ahead=st.floats(0, 72),
    given_before=st.booleans(),
)
def test_the_grid_is_in_order_in_the_future_and_within_reach(
    interval: float, duration: float, ahead: float, given_before: bool
) -> None:
    regimen = Regimen(amount=1, interval=interval, duration=duration, route="iv", start=10 + ahead)
    grid = sample_grid(regimen, 10.0, given=given_before)
    times = [item.time for item in grid]
    assert times == sorted(set(times))
    assert times[0] >= 10.0
    assert times[-1] <= regimen.start + max(48.0, interval) + 1e-6
    assert given_before or times[0] > regimen.start
