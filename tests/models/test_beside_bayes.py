"""Fits of whole populations: what the study counts is what the card shows, and the exact posterior keeps its word."""

import numpy as np
import pytest

from models.beside.bayes import averaged, exact
from models.beside.shelf import load_shelf
from models.beside.standing import standing
from models.catalog import load_catalog
from models.cohorts.design import load_cohort_design
from models.cohorts.exposure import exposures
from models.cohorts.simulate import simulate
from models.dosing.case import open_case
from models.fit import average, fit_each
from models.learned.fits import regimen_of
from models.pk import concentrations
from models.subject import subject_from_record
from models.target import Target

CATALOG = load_catalog()
DESIGN = load_cohort_design("vancomycin")
MODELS = tuple(CATALOG.model(f"vancomycin/{name}") for name in ("goti2018", "colin2019"))


def test_the_study_counts_what_the_card_shows():
    population = simulate(DESIGN, CATALOG, scheme="trough", part="test", patients=3, seed=5)
    found = averaged(population, MODELS, DESIGN, draws=100, seed=40)
    target = Target(metric="auc24", low=400, high=600, unit="mg.h/L", indication="x", source="y")
    for k, record in enumerate(population.records):
        fits = fit_each(subject_from_record(model, record) for model in MODELS)
        fitted = tuple((fit.model, fit.posterior) for fit in fits)
        drug, ensemble = CATALOG.drug("vancomycin"), average(fits)
        case = open_case(drug, fits, ensemble, record, target=target, seed=40 + k, draws=100)
        regimen = regimen_of(population, k, DESIGN)
        card = standing(load_shelf(), CATALOG, case, record, fitted, regimen, signed=False).opinions[0]
        low, high = (side[k] for side in found.limits[0.8])
        assert (card.exposure, card.low, card.high) == (found.middle[k], low, high)


def test_the_draws_are_those_of_the_posterior():
    """Another way: 40,000 draws of the prior, weighted by the likelihood written out here (proportional and additive
    error, variances added). Five patients; medians of 4,000 draws scatter by about 1 %, of the weighted ones by less
    than 3 % (some 1,000 draws carry weight): 6 %."""
    model = MODELS[0]
    population = simulate(DESIGN, CATALOG, scheme="trough", part="test", patients=5, seed=6)
    found = averaged(population, [model], DESIGN, draws=4000, seed=1)
    random = np.random.default_rng(8)
    etas = random.standard_normal((40_000, len(model.omega))) @ np.linalg.cholesky(model.omega).T
    residual = model.outputs[0].residual
    for k, record in enumerate(population.records):
        subject = subject_from_record(model, record)
        predicted = concentrations(model, subject, etas, [level.time for level in record.levels])
        variance = residual.proportional * predicted**2 + residual.additive
        logs = -0.5 * ((population.levels[k] - predicted) ** 2 / variance + np.log(variance)).sum(axis=1)
        weights = np.exp(logs - logs.max())
        values = exposures(model, record, regimen_of(population, k, DESIGN), etas, DESIGN)
        order = np.argsort(values)
        share = np.cumsum(weights[order]) / weights.sum()
        for wanted, got in ((0.1, found.limits[0.8][0][k]), (0.5, found.middle[k]), (0.9, found.limits[0.8][1][k])):
            assert got == pytest.approx(values[order][np.searchsorted(share, wanted)], rel=0.06)


def test_the_exact_posterior_keeps_its_word():
    """Of patients of the very model, with its own prior, p % lie in the p % interval. 240 patients: the standard error
    of 80 % is 2.6 points, of 95 % 1.4; four of them, and a point for errors of draw times, which no fit knows of."""
    models = tuple(CATALOG.model(item.model) for item in DESIGN.of_part("test"))
    population = simulate(DESIGN, CATALOG, scheme="trough", part="test", patients=240, seed=9)
    found = exact(population, models, DESIGN, draws=200, seed=3)
    for level, limit in ((0.8, 0.113), (0.95, 0.066)):
        low, high = found.limits[level]
        assert np.mean((population.exposure >= low) & (population.exposure <= high)) == pytest.approx(level, abs=limit)
