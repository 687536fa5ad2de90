"""NONMEM 7's own estimates and predictions: fourteen runs of twenty simulated subjects, and 26 dosing records."""

import pytest

from tests.reference import ABSENT, REFERENCE, event_scenarios, nonmem_runs

pytestmark = pytest.mark.skipif(not REFERENCE.is_dir(), reason=ABSENT)


@pytest.mark.parametrize("run", nonmem_runs.RUNS)
def test_a_run_agrees_or_finds_a_lower_objective(run: str) -> None:
    """Eta to 1e-4 (NONMEM prints nine digits, its search stops near 1e-5); predictions to 1e-6."""
    worst = nonmem_runs.worst(run)
    assert worst.ofv_above < 1e-5
    assert worst.eta < 1e-4
    assert worst.prediction < 1e-6
    assert worst.agreeing + worst.lower == worst.subjects
    # run 003: in five subjects NONMEM stays where a level is predicted as 0, which the objective forbids.
    # run 004: one subject's minimum is a kink, where an infusion's modelled end meets a level; named, not smoothed over
    assert len(worst.not_converged) == (1 if run == "004" else 0)


@pytest.mark.parametrize("number", range(1, 27))
def test_a_dosing_record_is_read_as_nonmem_reads_it(number: int) -> None:
    """To 1e-4: NONMEM's predictions are printed with five digits."""
    assert event_scenarios.worst(event_scenarios.scenarios()[str(number)]) < 1e-4
