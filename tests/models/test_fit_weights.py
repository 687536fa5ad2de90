"""Levels that count less with age."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import L_WEIGHT
from models.fit import FitOptions, Posterior, fit_map, sample
from models.fit.problem import weighted_levels
from models.subject import Subject
from tests.models.small_models import dose, eta, one_compartment, patient, row

MODEL = one_compartment(random=eta("CL", 0.09) + eta("V", 0.04))
DOSES = [dose(0.0, 400.0), dose(12.0, 400.0), dose(24.0, 400.0)]


def weighted(subject: Subject, *weights: float) -> Subject:
    levels = subject.levels.copy()
    levels[:, L_WEIGHT] = weights
    return replace(subject, levels=levels)


def same(a: Posterior, b: Posterior) -> None:
    """Two searches end within 1e-5 standard errors of one mode (their stopping rule's root)."""
    sd = np.sqrt(np.diag(b.covariance))
    assert a.eta / sd == pytest.approx(b.eta / sd, abs=1e-4)
    assert a.covariance == pytest.approx(b.covariance, rel=1e-4)
    assert a.objective == pytest.approx(b.objective, abs=1e-8)


def test_one_level_twice_at_half_weight_is_one_level() -> None:
    once = patient(MODEL, DOSES, (11.0,), (3.0,))
    twice = patient(MODEL, DOSES, (11.0, 11.0), (3.0, 3.0))
    same(fit_map(MODEL, weighted(twice, 0.5, 0.5)), fit_map(MODEL, once))
    same(fit_map(MODEL, weighted(twice, 0.0, 1.0)), fit_map(MODEL, once))


def test_a_censored_level_is_weighted_like_any_other() -> None:
    below = [row(11.0, observed=3.0, below=True)]
    once, twice = (patient(MODEL, [*DOSES, *rows], (20.0,), (6.0,)) for rows in (below, below * 2))
    same(fit_map(MODEL, weighted(twice, 0.5, 0.5, 1.0)), fit_map(MODEL, once))


def test_weights_halve_with_each_half_life_of_age() -> None:
    subject = patient(MODEL, DOSES, (11.0, 17.0, 35.0), (3.0, 6.0, 4.0))
    from_last = weighted_levels(subject, FitOptions(level_half_life=6.0))
    assert from_last[:, L_WEIGHT] == pytest.approx([2.0**-4, 2.0**-3, 1.0])
    from_now = weighted_levels(subject, FitOptions(level_half_life=6.0, now=41.0))
    assert from_now[:, L_WEIGHT] == pytest.approx([2.0**-5, 2.0**-4, 0.5])
    assert weighted_levels(subject, FitOptions(level_half_life=6.0, now=17.0))[:, L_WEIGHT].max() == 1.0
    assert subject.levels[:, L_WEIGHT] == pytest.approx(1.0)  # the record itself stays as it is


def test_a_fit_with_a_half_life_is_the_fit_with_those_weights() -> None:
    subject = patient(MODEL, DOSES, (11.0, 17.0, 35.0), (3.0, 6.0, 4.0))
    found = fit_map(MODEL, subject, options=FitOptions(level_half_life=6.0))
    same(found, fit_map(MODEL, weighted(subject, 2.0**-4, 2.0**-3, 1.0)))


def test_by_default_age_does_not_matter() -> None:
    subject = patient(MODEL, DOSES, (11.0, 35.0), (3.0, 4.0))
    assert FitOptions().level_half_life is None
    same(fit_map(MODEL, subject, options=FitOptions(level_half_life=1e12)), fit_map(MODEL, subject))


@settings(max_examples=25, deadline=None)
@given(half_life=st.floats(1.0, 100.0), first=st.floats(2.0, 6.0))
def test_the_shorter_the_half_life_the_more_the_prior_holds(half_life: float, first: float) -> None:
    """A posterior with less data is wider: the determinant of its covariance grows, towards the last level's alone."""
    subject = patient(MODEL, DOSES, (11.0, 17.0, 35.0), (first, 6.0, 4.0))
    alone = fit_map(MODEL, weighted(subject, 0.0, 0.0, 1.0))
    volumes = [
        np.linalg.det(posterior.covariance)
        for posterior in (
            fit_map(MODEL, subject),
            fit_map(MODEL, subject, options=FitOptions(level_half_life=half_life)),
            fit_map(MODEL, subject, options=FitOptions(level_half_life=half_life / 3.0)),
            alone,
        )
    ]
    assert all(a <= b * (1 + 1e-6) for a, b in pairwise(volumes))


@pytest.mark.parametrize("half_life", [0.0, -1.0, float("nan"), float("inf")])
def test_a_half_life_that_is_none_is_refused(half_life: float) -> None:
    with pytest.raises(ValueError, match="level_half_life"):
        FitOptions(level_half_life=half_life)


def test_a_now_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="now"):
        FitOptions(level_half_life=12.0, now=float("nan"))


def test_draws_know_the_weights() -> None:
    """Draws of a fit with a half-life are those of the fit with these weights: the same seed, the same numbers."""
    subject, options = patient(MODEL, DOSES, (11.0, 17.0, 35.0), (1.0, 6.0, 4.0)), FitOptions(level_half_life=6.0)
    by_hand = weighted(subject, 2.0**-4, 2.0**-3, 1.0)
    posterior = fit_map(MODEL, subject, options=options)
    drawn = sample(MODEL, subject, posterior, 2000, seed=3, options=options).etas
    assert drawn == pytest.approx(sample(MODEL, by_hand, posterior, 2000, seed=3).etas, abs=1e-9)
    unweighted = sample(MODEL, subject, posterior, 2000, seed=3).etas
    assert np.abs(drawn.mean(axis=0) - unweighted.mean(axis=0)).max() > 0.05
