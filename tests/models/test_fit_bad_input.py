"""Data that can not be fitted, or hardly: a typed error or a named status, never a silent number."""

from dataclasses import replace

import numpy as np
import pytest

from models.errors import RecordError, UnitError
from models.fit import FitOptions, Posterior, draw, fit_many, fit_map, sample
from models.nmtran import read_nmtran, row_of, subject_from_rows
from models.population import Residual, load_model
from models.record import Covariate, Dose, Level, PatientRecord
from models.subject import subject_from_record
from tests.models.small_models import dose, eta, one_compartment, patient
from tests.reference import MODELS, ROOT

GOTI = load_model(ROOT / "models" / "drugs" / "vancomycin" / "goti2018.toml")
ADULT = {"weight": 80.0, "age": 60.0, "female": 0.0, "creatinine": 1.1}
TRAIN = Dose(time=0, amount=1000, route="iv", duration=1, interval=12, additional=5)


def level(at: float, mg_per_l: float, **flags: bool) -> Level:
    return Level(time=at, value=mg_per_l, unit="mg/L", **flags)  # type: ignore[arg-type]


def record(*levels: Level, doses: tuple[Dose, ...] = (TRAIN,)) -> PatientRecord:
    covariates = tuple(Covariate(name=name, time=0, value=value) for name, value in ADULT.items())
    return PatientRecord(drug="vancomycin", now=72, doses=doses, levels=levels, covariates=covariates)


def fitted(*levels: Level, doses: tuple[Dose, ...] = (TRAIN,)) -> Posterior:
    return fit_map(GOTI, subject_from_record(GOTI, record(*levels, doses=doses)))


def test_a_level_before_any_dose_is_not_explained_away() -> None:
    posterior = fitted(level(3, 12), doses=(replace(TRAIN, time=6),))
    assert posterior.status == "invalid"
    assert not posterior.usable
    assert "before every recorded dose" in posterior.message
    assert np.isnan(posterior.eta).all()


def test_levels_without_any_dose_are_refused() -> None:
    assert fitted(level(3, 12), doses=()).status == "invalid"


def test_a_level_below_quantification_before_the_first_dose_says_nothing() -> None:
    with_it = fitted(level(3, 1, censored=True), level(30, 15), doses=(replace(TRAIN, time=6),))
    without = fitted(level(30, 15), doses=(replace(TRAIN, time=6),))
    assert with_it.status == "converged"
    assert with_it.eta == pytest.approx(without.eta, abs=1e-6)


def test_all_levels_censored_still_moves_the_estimate_the_right_way() -> None:
    posterior = fitted(level(23.5, 4, censored=True), level(47.5, 4, censored=True))
    assert posterior.status == "converged"
    assert posterior.eta[0] > 0.1  # clears faster than the population


def test_a_level_above_the_range_moves_it_the_other_way() -> None:
    posterior = fitted(level(47.5, 80, above=True))
    assert posterior.status == "converged"
    assert posterior.eta[0] < -0.3


def test_contradictory_levels_converge_and_show_in_the_residuals() -> None:
    posterior = fitted(level(47.4, 5), level(47.5, 45))
    assert posterior.status == "converged"
    assert min(fit.wres for fit in posterior.levels) < -1.5
    assert max(fit.wres for fit in posterior.levels) > 1.5


def test_a_level_in_another_unit_is_refused() -> None:
    with pytest.raises(UnitError, match="ug/L"):
        subject_from_record(GOTI, record(Level(time=5, value=12, unit="ug/L")))


def test_a_route_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(RecordError, match="oral"):
        subject_from_record(GOTI, record(doses=(replace(TRAIN, route="oral", duration=0.0),)))


def test_twenty_thousand_doses_are_a_chart_gone_wrong() -> None:
    with pytest.raises(RecordError, match="expected under"):
        subject_from_record(GOTI, record(doses=(replace(TRAIN, additional=30_000),)))


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_prior_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="prior_weight"):
        FitOptions(prior_weight=weight)


def test_a_posterior_that_is_not_usable_can_not_be_drawn_from() -> None:
    subject = subject_from_record(GOTI, record(level(3, 12), doses=(replace(TRAIN, time=6),)))
    posterior = fit_map(GOTI, subject)
    with pytest.raises(ValueError, match="invalid"):
        draw(posterior, 10, seed=1)
    with pytest.raises(ValueError, match="invalid"):
        sample(GOTI, subject, posterior, 10, seed=1)


def test_ten_thousand_doses_are_fitted_like_the_last_few() -> None:
    """Thirteen years of doses every 12 h; what is over 30 half-lives old leaves no trace."""
    small = one_compartment(random=eta("CL", 0.09) + eta("V", 0.04))
    doses = [dose(12.0 * k, 400.0) for k in range(10_000)]
    at = (12.0 * 10_000 - 1.0, 12.0 * 10_000 + 5.0)
    everything, recent = (fit_map(small, patient(small, given, at, (3.9, 2.0))) for given in (doses, doses[-30:]))
    assert everything.status == "converged"
    assert everything.eta == pytest.approx(recent.eta, abs=1e-6)


@pytest.mark.parametrize("variance", [0.0, float("nan")])
def test_an_error_of_no_variance_is_no_estimate(variance: float) -> None:
    exact = one_compartment(random=eta("CL", 0.09))
    exact = exact.with_variances(exact.omega, (Residual(kind="proportional", proportional=variance),))
    posterior = fit_map(exact, patient(exact, [dose(0.0, 400.0)], (5.0,), (6.0,)))
    assert posterior.status == "invalid"
    assert np.isnan(posterior.eta).all()
    assert np.isnan(posterior.objective)


def test_a_batch_is_the_same_fits_in_the_same_order() -> None:
    drawn = [subject_from_record(GOTI, record(level(23.5, 5.0 + 0.01 * k))) for k in range(448)]
    early = subject_from_record(GOTI, record(level(-3.0, 5.0)))
    subjects = [*drawn, subject_from_record(GOTI, record()), early]
    seen: list[tuple[int, int]] = []
    posteriors = fit_many(GOTI, subjects, workers=2, progress=lambda done, total: seen.append((done, total)))
    alone = [fit_map(GOTI, subject) for subject in subjects]
    assert [p.status for p in posteriors[-2:]] == ["prior", "invalid"]
    assert [p.levels for p in posteriors[:-1]] == [p.levels for p in alone[:-1]]
    assert [p.objective for p in posteriors[:-1]] == [p.objective for p in alone[:-1]]
    assert seen[-1] == (450, 450)


# --- NM-TRAN files ----------------------------------------------------------------------------------------------------


def test_a_file_without_times_is_refused(tmp_path: object) -> None:
    path = tmp_path / "data.csv"  # type: ignore[operator]
    path.write_text("ID,DV\n1,2\n")
    with pytest.raises(RecordError, match="TIME"):
        read_nmtran(path)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"TIME": "0", "DV": "x"}, "DV is 'x'"),
        ({"TIME": "0", "DV": "inf"}, "finite"),
        ({"TIME": "", "DV": "1"}, "TIME is empty"),
        ({"TIME": "0", "DV": "."}, "without DV"),
    ],
)
def test_a_cell_that_can_not_be_is_named(cells: dict[str, str], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        row_of(cells, "line 2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"AMT": "-5"}, "negative"),
        ({"AMT": "5", "ADDL": "3"}, "without II"),
        ({"AMT": "5", "EVID": "7"}, "EVID 7"),
        ({"AMT": "5", "SS": "3", "II": "12"}, "SS 3"),
        ({"AMT": "5", "CMT": "9"}, "CMT 9"),
        ({"AMT": "5", "RATE": "-2"}, "RATE -2"),
        ({"AMT": "5", "ADDL": "50000", "II": "1"}, "ADDL 50000"),
    ],
)
def test_a_dose_record_that_can_not_be_is_named(changes: dict[str, str], message: str) -> None:
    model = load_model(MODELS / "2cmt_inf.toml")
    with pytest.raises(RecordError, match=message):
        subject_from_rows(model, [row_of({"TIME": "0", "EVID": "1"} | changes, "line 2")])


def test_times_that_fall_are_refused() -> None:
    model = load_model(MODELS / "2cmt_inf.toml")
    rows = [row_of({"TIME": at, "DV": "1"}, "line") for at in ("5", "4")]
    with pytest.raises(RecordError, match="falls"):
        subject_from_rows(model, rows)


def test_next_value_backward_and_last_value_forward_differ_as_they_say() -> None:
    """Clearance from CRCL 100 until 10 h, 50 from then on (forward), or already before it (backward)."""
    model = load_model(MODELS / "1cmt_inf.toml")
    cells = [
        {"TIME": "0", "AMT": "100", "CRCL": "100"},
        {"TIME": "10", "EVID": "2", "CRCL": "50"},
        {"TIME": "20", "DV": "1", "CRCL": "50"},
    ]
    rows = [row_of(item, "line") for item in cells]
    ke = 4.5 / 49.0  # 0.7 L/kg of the default 70 kg
    slower = ke * 0.5**0.75
    forward = 100 / 49.0 * np.exp(-10 * ke - 10 * slower)
    backward = 100 / 49.0 * np.exp(-20 * slower)
    for carry, expected in (("last-value-forward", forward), ("next-value-backward", backward)):
        fit = fit_map(model, subject_from_rows(model, rows, covariates=carry))  # type: ignore[arg-type]
        assert fit.levels[0].population == pytest.approx(expected, rel=1e-12)
