"""Simulated levels: random effects of a population, predictions for them, residual error."""

import numpy as np

from models.events import O_OUTPUT
from models.fit.options import FitOptions
from models.fit.problem import problem_of
from models.pk.kernels.many import run_many
from models.population.model import PopulationModel, Residual
from models.subject import Subject


def population_etas(model: PopulationModel, n: int, random: np.random.Generator) -> np.ndarray:
    """(n, e) random effects of n patients of the population."""
    if not model.random:
        return np.zeros((n, 0))
    return np.asarray(random.standard_normal((n, len(model.omega))) @ np.linalg.cholesky(model.omega).T)


def predict_observations(model: PopulationModel, subject: Subject, etas: np.ndarray) -> np.ndarray:
    """(m, o) of the subject's observations for etas (m, e); a row of NaN where these parameters have no solution."""
    problem = problem_of(model, subject, FitOptions())
    out = np.empty((etas.shape[0], subject.events.obs.shape[0]))
    run_many(problem.plan, problem.events, np.ascontiguousarray(etas, dtype=float), False, out)
    return out


def with_residual_error(
    model: PopulationModel, subject: Subject, predicted: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """(m, o) levels as an assay would have read them; below zero where the model's error allows it."""
    noise = random.standard_normal(predicted.shape)
    out = np.empty_like(predicted)
    for o, output in enumerate(subject.events.obs[:, O_OUTPUT].astype(int)):
        out[:, o] = _read(model.outputs[output].residual, predicted[:, o], noise[:, o])
    return out


def _read(residual: Residual, f: np.ndarray, noise: np.ndarray) -> np.ndarray:
    if residual.kind == "exponential":
        return np.asarray(f * np.exp(np.sqrt(residual.additive) * noise))
    variance = residual.proportional * np.abs(f) ** (2.0 * residual.exponent) + residual.additive
    return np.asarray(f + np.sqrt(variance) * noise)
