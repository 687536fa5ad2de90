"""A dosing equation as values: its inputs, its terms, and what is done to their sum."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from models.findings import Finding

# number: any between low and high.  count: whole numbers.  flag: 0 or 1.  category: one of options, a word.
Kind = Literal["number", "count", "flag", "category"]
# constant: value.  linear: coefficient * input, or * a named formula of several inputs.  table: by the inputs' levels.
Form = Literal["constant", "linear", "table"]
# square: sum^2.  exponential: e^sum.  times: sum * another input.
Transform = Literal["square", "exponential", "times"]
Value = float | str


@dataclass(frozen=True, kw_only=True)
class EquationInput:
    """One input, in `unit` (UCUM). low, high: outside, the equation refuses, for `why`.

    assumed: taken, and said aloud, where nothing is given. may_be_unknown: a table has a value for not knowing.
    """

    name: str
    words: str
    unit: str
    kind: Kind
    low: float = -inf
    high: float = inf
    options: tuple[str, ...] = ()
    assumed: Value | None = None
    may_be_unknown: bool = False
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One summand of the predictor. decades: the input in whole decades, 9 at most. cap: of the input or formula.

    table: by the levels of the inputs, joined with "," ("1,0"); unknown: where one of them is not known.
    """

    name: str
    form: Form
    value: float = 0.0
    coefficient: float = 0.0
    inputs: tuple[str, ...] = ()
    formula: str = ""
    decades: bool = False
    cap: float = inf
    cap_source: str = ""
    table: Mapping[str, float] = field(default_factory=dict)
    unknown: float | None = None


@dataclass(frozen=True, kw_only=True)
class Together:
    """Counts that can not add up to more than `most` (two alleles of one gene)."""

    inputs: tuple[str, ...]
    most: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Equation:
    """A published equation.

    unit: of the dose that the transform gives. days: how many days that dose is for, 0 = a single dose. times: the
    input that the sum is multiplied by. largest: in unit; above it the equation refuses. hash: SHA-256 of the bytes.
    """

    id: str
    drug: str
    title: str
    equations: tuple[str, ...]
    citation: str
    population: str
    amount_of: str
    inputs: tuple[EquationInput, ...]
    together: tuple[Together, ...]
    terms: tuple[Term, ...]
    transform: Transform
    times: str
    unit: str
    days: float
    largest: float
    largest_source: str
    read_in: tuple[str, ...]
    not_verified: tuple[str, ...]
    hash: str


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What one term adds to the predictor, and the arithmetic of it: '-0.2614 * 6'."""

    name: str
    amount: float
    arithmetic: str


@dataclass(frozen=True, kw_only=True)
class EquationResult:
    """dose in `unit`, and per day in mg/d where the equation speaks of days; None where it refuses.

    predictor: the sum of the contributions. arithmetic: from the predictor to the dose. refusals: why there is no dose.
    findings: what was assumed, unknown or cut.
    """

    equation: str
    dose: float | None
    unit: str
    daily: float | None
    predictor: float | None
    contributions: tuple[Contribution, ...] = ()
    arithmetic: str = ""
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()
