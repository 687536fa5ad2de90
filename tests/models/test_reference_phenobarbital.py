"""Fifty-nine newborns on phenobarbital: NONMEM 7.5's individual etas, objectives and predictions at its estimates."""

import pytest

from tests.reference import phenobarbital

FOLDER = phenobarbital.folder()


@pytest.mark.skipif(FOLDER is None, reason=phenobarbital.NOT_INSTALLED)
def test_etas_objectives_and_predictions_agree_with_nonmem() -> None:
    assert FOLDER is not None
    worst = phenobarbital.worst(FOLDER)
    assert (worst.subjects, worst.not_converged) == (59, ())
    assert worst.eta < 1e-5  # the mark that was set; etas are printed with six digits, of estimates with six digits
    assert worst.ofv < 1e-4  # six digits of the estimates: 1e-6 relative in terms of up to 30
    assert worst.prediction < 1e-4  # printed with five digits
    # the exact Hessian in place of first derivatives: 0.1 of a sum of 586; the constants are thereby NONMEM's
    assert abs(worst.laplace) < 0.2
