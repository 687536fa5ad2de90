"""A rule that will not change any more: what it computes, from what, where it holds, and how it came to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from typing import Any, Literal

import numpy as np

from models.errors import RuleError
from models.rules.expression import Node, count, variables
from models.rules.interval import Box, finite, increasing
from models.rules.quantities import Input, Quantity, dimension, quotient
from models.signature import Signature

FORMAT = 1
Form = Literal["informed", "alone"]
# each: clearance falls as any one level rises. together: as all rise in proportion; not_verified then says why
Monotone = Literal["each", "together"]
MONOTONE: tuple[Monotone, ...] = ("each", "together")
FORMS: tuple[Form, ...] = ("informed", "alone")


@dataclass(frozen=True, kw_only=True)
class Output:
    """clearance = base * exp(formula), in L/h. base: a quantity's name, or a number in L/h.

    exposure = factor * rate / clearance, in `unit`: rate is the charted dose rate, mg/h, and factor has factor_unit.
    metric: as the population's design has it. words: of the clearance. exposure_words: of the exposure.
    """

    metric: str
    words: str
    exposure_words: str
    unit: str
    base: str | float
    factor: float
    factor_unit: str


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure of how good a rule is, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """Measures on one set of patients. silent: share of them of whom the rule says nothing."""

    on: str
    patients: int
    silent: float
    measures: tuple[Measure, ...]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Of ln(estimate / truth): limits that `share` of unseen training patients keep (conformal)."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was shown of the formula over its box, and how: by interval arithmetic, or by a dense check."""

    of: str
    how: str


@dataclass(frozen=True, kw_only=True)
class FrozenRule:
    """formula: over inputs' symbols, of ln(clearance / base). intervals: 95 %, of its constants from left to right.

    quantities: all that has to be known, each with the range the rule was made in. absent: flags that must not be
    charted as yes. behind: what hides in the quantities that a model expects. training: the manifest. engine: name
    and settings.
    """

    id: str
    drug: str
    scheme: str
    form: Form
    words: str
    formula: Node
    intervals: tuple[tuple[float, float], ...]
    output: Output
    quantities: tuple[Quantity, ...]
    inputs: tuple[Input, ...]
    absent: tuple[str, ...]
    behind: str
    monotone: Monotone
    proofs: tuple[Proof, ...]
    spreads: tuple[Spread, ...]
    assessments: tuple[Assessment, ...]
    engine: Mapping[str, Any]
    training: Mapping[str, Any]
    not_verified: tuple[str, ...]
    hash: str = ""
    signatures: tuple[Signature, ...] = ()

    @property
    def nodes(self) -> int:
        return count(self.formula)

    @property
    def box(self) -> Box:
        """Of the formula's variables."""
        return {item.symbol: item.box for item in self.inputs}

    @property
    def signed(self) -> bool:
        return self.signature is not None

    @property
    def signature(self) -> Signature | None:
        """The last one for this very content; None where nobody signed it."""
        return next((item for item in reversed(self.signatures) if self.hash and item.hash == self.hash), None)


def digest(canonical: str) -> str:
    """Hash of a rule's content, its signatures left out."""
    return sha256(canonical.encode()).hexdigest()


def check(rule: FrozenRule) -> None:
    """RuleError where units do not cancel, a symbol has no input, or its proofs or spreads are not what they say."""
    units = {item.name: item.unit for item in rule.quantities}
    for item in rule.inputs:
        item.check(units)
    _check_output(rule, units)
    for names in ([item.name for item in rule.quantities], [item.symbol for item in rule.inputs]):
        if len(set(names)) < len(names):
            raise RuleError(f"{rule.id}: the same name twice among {', '.join(names)}")
    if unknown := set(variables(rule.formula)) - {item.symbol for item in rule.inputs}:
        raise RuleError(f"{rule.id}: the formula reads {', '.join(sorted(unknown))}, which are no inputs")
    _check_proofs(rule, proofs(rule))
    _check_spreads(rule)


def proofs(rule: FrozenRule) -> tuple[Proof, ...]:
    """Made anew over the rule's box; RuleError where one fails."""
    verdict = finite(rule.formula, rule.box)
    if not verdict.holds:
        raise RuleError(f"{rule.id}: the formula has no finite value somewhere in its box")
    found = [Proof(of="finite all over the box", how=verdict.how)]
    levels = {item.symbol: item.bottom for item in rule.inputs if item.bottom.startswith("level_")}
    asked: list[tuple[str, ...]] = [(name,) for name in levels] if rule.monotone == "each" else [tuple(levels)]
    for names in filter(None, asked):
        verdict = increasing(rule.formula, names, rule.box)
        if not verdict.holds:
            rises = " and ".join(levels[name] for name in names)
            raise RuleError(f"{rule.id}: the clearance does not fall everywhere as {rises} rises")
        together = " together" if len(names) > 1 else ""
        found.append(Proof(of=f"clearance never falls as {' and '.join(names)}{together} rises", how=verdict.how))
    return tuple(found)


def _check_proofs(rule: FrozenRule, repeated: tuple[Proof, ...]) -> None:
    """A dense check may have become a proof since; never the other way round."""
    says, is_so = ({item.of: item.how for item in some} for some in (rule.proofs, repeated))
    if says.keys() != is_so.keys() or any(how == "proved" != is_so[of] for of, how in says.items()):
        shown = "; ".join(f"{of}: {how}" for of, how in is_so.items())
        raise RuleError(f"{rule.id}: its proofs are not what comes out when they are repeated ({shown})")


def _check_spreads(rule: FrozenRule) -> None:
    """Limits of an error lie on both sides of none, and what holds more patients is no narrower."""
    before = Spread(share=0.0, low=0.0, high=0.0)
    for item in sorted(rule.spreads, key=lambda one: one.share):
        if not (before.share < item.share < 1.0 and item.low <= before.low and before.high <= item.high):
            raise RuleError(f"{rule.id}: a spread of {item.share:g} from {item.low:g} to {item.high:g} can not be")
        before = item


def _check_output(rule: FrozenRule, units: Mapping[str, str]) -> None:
    base, out = rule.output.base, rule.output
    if isinstance(base, str) and units.get(base) != "L/h":
        raise RuleError(f"{rule.id}: the base {base!r} must be a quantity in L/h, it is in {units.get(base)}")
    if isinstance(base, float) and not (isfinite(base) and base > 0.0):
        raise RuleError(f"{rule.id}: the base must be above 0 L/h, got {base}")
    if units.get("rate") != "mg/h":
        raise RuleError(f"{rule.id}: a dose rate in mg/h is missing from its quantities")
    # rate / clearance is mg/L; the factor makes it the metric
    left = quotient(dimension(out.unit), dimension(out.factor_unit))
    if quotient(left, dimension("mg/L")):
        raise RuleError(f"{rule.id}: {out.factor_unit} times mg/L is not {out.unit}")


def column(inputs: tuple[Input, ...], values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The formula's variables from quantities."""
    return {item.symbol: np.asarray(item.value(values), dtype=float) for item in inputs}
