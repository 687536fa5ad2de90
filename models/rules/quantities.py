"""Physical quantities that rules are made of: units that must cancel, and the inputs built from them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from keyword import iskeyword
from math import isfinite, log

import numpy as np

from models.errors import RuleError
from models.rules.interval import Bounds

_ATOM = re.compile(r"^([A-Za-z%\[\]]+)([0-9]?)$")


def dimension(unit: str) -> Mapping[str, int]:
    """Powers of the units in "mg.h/L" or "mL/min": {"mg": 1, "h": 1, "L": -1}. "1" has none."""
    powers: Counter[str] = Counter()
    for place, part in enumerate(unit.split("/")):
        for factor in part.split("."):
            if factor in ("1", ""):
                continue
            match = _ATOM.match(factor)
            if match is None:
                raise RuleError(f"{unit!r} is no unit that can be reckoned with")
            powers[match.group(1)] += (1 if place == 0 else -1) * int(match.group(2) or 1)
    return {name: power for name, power in powers.items() if power}


def quotient(top: Mapping[str, int], bottom: Mapping[str, int]) -> dict[str, int]:
    """Units of a division."""
    names = dict.fromkeys((*top, *bottom))
    return {name: p for name in names if (p := top.get(name, 0) - bottom.get(name, 0))}


def _check_name(name: str) -> None:
    """It goes into programs and spreadsheets as it is."""
    if not (name.isascii() and name.isidentifier()) or iskeyword(name):
        raise RuleError(f"{name[:40]!r} is no name: letters, digits and _ were expected")


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """Something charted, measured or expected. low, high: where a rule was made; it is silent outside."""

    name: str
    unit: str
    words: str
    low: float
    high: float

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise RuleError(f"{self.name}: low and high must be finite and in order, got {self.low} and {self.high}")


@dataclass(frozen=True, kw_only=True)
class Input:
    """A variable of a formula, without dimension: ln(top / bottom / reference), or top / reference where not log.

    bottom "": none. unit: of reference, which the units of top over bottom have to be. low, high: of top / bottom.
    """

    symbol: str
    top: str
    bottom: str
    reference: float
    unit: str
    log: bool
    low: float
    high: float

    def __post_init__(self) -> None:
        _check_name(self.symbol)
        numbers = (self.reference, self.low, self.high)
        if not all(isfinite(value) for value in numbers) or self.low > self.high or self.reference <= 0.0:
            raise RuleError(f"input {self.symbol}: reference, low and high must be finite and in order, got {numbers}")
        if self.log and self.low <= 0.0:
            raise RuleError(f"input {self.symbol}: a logarithm needs a low above 0, got {self.low}")

    def ratio(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """top / bottom, in `unit`."""
        top = np.asarray(values[self.top], dtype=float)
        return top / np.asarray(values[self.bottom], dtype=float) if self.bottom else top

    def value(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """The variable itself; NaN where it has no value."""
        with np.errstate(all="ignore"):
            share = self.ratio(values) / self.reference
            return np.log(share) if self.log else share

    @property
    def box(self) -> Bounds:
        low, high = self.low / self.reference, self.high / self.reference
        return (log(low), log(high)) if self.log else (low, high)

    def check(self, units: Mapping[str, str]) -> None:
        """RuleError where the units of top and bottom do not leave that of the reference."""
        for name in (self.top, *([self.bottom] if self.bottom else [])):
            if name not in units:
                raise RuleError(f"input {self.symbol}: {name!r} is no quantity of this rule")
        left = quotient(dimension(units[self.top]), dimension(units[self.bottom]) if self.bottom else {})
        if quotient(left, dimension(self.unit)):
            over = f"/({units[self.bottom]})" if self.bottom else ""
            raise RuleError(f"input {self.symbol}: {units[self.top]}{over} is not the {self.unit} of its reference")
