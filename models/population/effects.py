"""Covariate effects: what each kind of effect in a model file means, and the typical values that follow.

An effect depends on covariates only, never on a random effect, so it is evaluated once a subject, outside the kernels.
"""

from collections.abc import Callable, Mapping

import numpy as np

from models.population.model import Effect, Parameter

Numbers = Mapping[str, float]


def power(x: np.ndarray, n: Numbers) -> np.ndarray:
    """(x / reference) ^ exponent."""
    return (x / n["reference"]) ** n["exponent"]


def linear(x: np.ndarray, n: Numbers) -> np.ndarray:
    """1 + slope * (x - reference)."""
    return 1.0 + n["slope"] * (x - n["reference"])


def exponential(x: np.ndarray, n: Numbers) -> np.ndarray:
    """exp(slope * (x - reference))."""
    return np.exp(n["slope"] * (x - n["reference"]))


def factor(x: np.ndarray, n: Numbers) -> np.ndarray:
    """`factor` where x equals `equals` (a flag: 1), else 1."""
    return np.where(x == n["equals"], n["factor"], 1.0)


def factor_power(x: np.ndarray, n: Numbers) -> np.ndarray:
    """factor ^ x: a flag, or a count of alleles."""
    return n["factor"] ** x


def proportional(x: np.ndarray, n: Numbers) -> np.ndarray:
    """coefficient * x."""
    return n["coefficient"] * x


def sigmoid(x: np.ndarray, n: Numbers) -> np.ndarray:
    """maximum * x^hill / (half^hill + x^hill): maturation of an organ with age."""
    return n["maximum"] * x ** n["hill"] / (n["half"] ** n["hill"] + x ** n["hill"])


def saturating(x: np.ndarray, n: Numbers) -> np.ndarray:
    """x / (half + x), relative to its value at the reference."""
    return x / (n["half"] + x) * (n["half"] + n["reference"]) / n["reference"]


def below(x: np.ndarray, n: Numbers) -> np.ndarray:
    """`factor` where x is below `limit`, else 1."""
    return np.where(x < n["limit"], n["factor"], 1.0)


def above(x: np.ndarray, n: Numbers) -> np.ndarray:
    """`factor` where x is above `limit`, else 1."""
    return np.where(x > n["limit"], n["factor"], 1.0)


KINDS: Mapping[str, Callable[[np.ndarray, Numbers], np.ndarray]] = {
    "power": power,
    "linear": linear,
    "exponential": exponential,
    "factor": factor,
    "factor-power": factor_power,
    "proportional": proportional,
    "sigmoid": sigmoid,
    "saturating": saturating,
    "below": below,
    "above": above,
}


def _table(x: np.ndarray, effect: Effect) -> np.ndarray:
    value = np.full(x.shape, effect.numbers["otherwise"])
    for key, number in effect.table.items():
        value[x == float(key)] = number
    return value


def typical_values(parameters: tuple[Parameter, ...], names: tuple[str, ...], covariates: np.ndarray) -> np.ndarray:
    """Typical value of each parameter (k, p) for covariates (k, c) named `names`, in the parameters' units.

    Effects apply in the file's order: each multiplies what stands before it, or adds to it.
    NaN marks a category that the model file's table does not have.
    """
    values = np.empty((covariates.shape[0], len(parameters)))
    for p, parameter in enumerate(parameters):
        value = np.full(covariates.shape[0], parameter.value)
        for effect in parameter.effects:
            x = covariates[:, names.index(effect.covariate)]
            change = _table(x, effect) if effect.kind == "table" else KINDS[effect.kind](x, effect.numbers)
            value = value + change if effect.combine == "add" else value * change
        values[:, p] = value
    return values
