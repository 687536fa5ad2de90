"""The [random.*], [[covariance]] and [[correlation]] tables of a model file."""

from collections.abc import Callable
from dataclasses import replace
from math import log1p

import numpy as np

from models.errors import ModelFileError
from models.population.model import RandomEffect
from models.population.table import Table

# what a paper prints -> variance of eta; the file repeats both, and they have to agree
CONVERSIONS: dict[str, Callable[[float], float]] = {
    "ln(1+CV^2)": lambda cv_percent: log1p((cv_percent / 100) ** 2),
    "CV^2": lambda cv_percent: (cv_percent / 100) ** 2,
    "SD^2": lambda sd: sd**2,
    "variance": lambda variance: variance,
}
ROUNDING = 0.01  # relative; papers print three digits


def read_random(table: Table) -> tuple[RandomEffect, ...]:
    effects: list[RandomEffect] = []
    for name, item in table.children():
        effects += _effects(name, item)
    return tuple(effects)


def _effects(name: str, item: Table) -> list[RandomEffect]:
    parameters = item.texts("parameter", (name,))
    kind = item.word("kind", ("exponential", "additive", "proportional", "logit", "boxcox"), "exponential")
    occasions, occasion = int(item.number("occasions", 0)), item.text("occasion", None)
    if (occasions > 0) != (occasion is not None):
        item.fail("occasions", "occasions (how many) and occasion (the covariate that counts them) together")
    effect = RandomEffect(
        name=name,
        parameters=parameters,
        kind=kind,  # type: ignore[arg-type]  # word() allows only these
        variance=_variance(item),
        coefficient=item.number("coefficient", 1.0),
        shape=item.number("shape") if kind == "boxcox" else 0.0,
        occasion=occasion,
        source=item.text("source", ""),
    )
    item.done()
    if not occasions:
        return [effect]
    return [replace(effect, name=f"{name}[{number}]", number=number) for number in range(1, occasions + 1)]


def _variance(item: Table) -> float:
    variance = item.positive("variance")
    conversion = item.word("conversion", tuple(CONVERSIONS))
    printed = item.number("printed")
    expected = CONVERSIONS[conversion](printed)
    if abs(variance - expected) > ROUNDING * variance:
        item.fail("variance", f"{expected:.5g} by {conversion} of the printed {printed:g}", variance)
    return variance


def read_omega(top: Table, random: tuple[RandomEffect, ...]) -> np.ndarray:
    """(n, n) covariance; raises where a name is unknown. Positive definiteness is checked with the whole model."""
    names = [item.name for item in random]
    omega = np.diag([item.variance for item in random]) if random else np.zeros((0, 0))
    for key in ("covariance", "correlation"):
        for item in top.tables(key, ()):
            _pair(omega, names, item, key)
    return omega


def _pair(omega: np.ndarray, names: list[str], item: Table, key: str) -> None:
    between = item.texts("between")
    if len(set(between)) != 2 or not set(between) <= set(names):
        item.fail("between", "two of the random effects " + ", ".join(names), between)
    i, j = (names.index(name) for name in between)
    value = item.number("value")
    item.text("source", "")
    item.done()
    if key == "correlation" and abs(value) >= 1:
        raise ModelFileError(f"{item.file}: {item.path}.value is {value}; expected a correlation between -1 and 1")
    omega[i, j] = omega[j, i] = value if key == "covariance" else value * np.sqrt(omega[i, i] * omega[j, j])
