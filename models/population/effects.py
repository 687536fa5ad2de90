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


def deviation(x: np.ndarray, n: Numbers) -> np.ndarray:
    """slope * (x - reference): what a covariate adds, with combine = "add"."""
    return n["slope"] * (x - n["reference"])


def approach(x: np.ndarray, n: Numbers) -> np.ndarray:
    """end + (start - end) * exp(-rate * x): from `start` at 0 towards `end`."""
    return n["end"] + (n["start"] - n["end"]) * np.exp(-n["rate"] * x)


def power_broken(x: np.ndarray, n: Numbers) -> np.ndarray:
    """(x / reference) ^ exponent_below under the reference, ^ exponent_above over it."""
    return (x / n["reference"]) ** np.where(x < n["reference"], n["exponent_below"], n["exponent_above"])


def linear_broken(x: np.ndarray, n: Numbers) -> np.ndarray:
    """1 + slope * (x - reference), with slope_below up to the reference and slope_above over it."""
    return 1.0 + np.where(x <= n["reference"], n["slope_below"], n["slope_above"]) * (x - n["reference"])


def from_limit(x: np.ndarray, n: Numbers) -> np.ndarray:
    """`factor` from `limit` on, the limit included, else 1."""
    return np.where(x >= n["limit"], n["factor"], 1.0)


def fade(x: np.ndarray, n: Numbers) -> np.ndarray:
    """1 - maximum * d / (half + d), d = x - start, at least 0: an inhibition that builds up."""
    d = np.maximum(x - n["start"], 0.0)
    return 1.0 - n["maximum"] * d / (n["half"] + d)


def loss(x: np.ndarray, n: Numbers) -> np.ndarray:
    """1 - fraction * (d / scale) ^ exponent, d = x - start, at least 0: what a larger dose loses."""
    return 1.0 - n["fraction"] * (np.maximum(x - n["start"], 0.0) / n["scale"]) ** n["exponent"]


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
    "deviation": deviation,
    "approach": approach,
    "power-broken": power_broken,
    "linear-broken": linear_broken,
    "from": from_limit,
    "fade": fade,
    "loss": loss,
}


# what is multiplied by or starts from nothing has no reference patient; flags, limits and maturation count as 1
WITHOUT_CENTRE = ("proportional", "approach", "fade", "loss")


def _table(x: np.ndarray, effect: Effect) -> np.ndarray:
    value = np.full(x.shape, effect.numbers["otherwise"])
    for key, number in effect.table.items():
        value[x == float(key)] = number
    return value


def reference_value(parameter: Parameter) -> float:
    """Typical value at the centre of every effect; NaN where an effect has no centre (a value per kilogram)."""
    value = np.array([parameter.value])
    for effect in parameter.effects:
        if effect.kind in WITHOUT_CENTRE:
            return float("nan")
        if "reference" in effect.numbers:
            x = np.array([effect.numbers["reference"]])
            change = KINDS[effect.kind](x, effect.numbers)
            value = value + change if effect.combine == "add" else value * change
    return float(value[0]) * parameter.scale


def typical_values(parameters: tuple[Parameter, ...], names: tuple[str, ...], covariates: np.ndarray) -> np.ndarray:
    """Typical value of each parameter (k, p) for covariates (k, c) named `names`, in the engine's units (hours).

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
        values[:, p] = value * parameter.scale
    return values
