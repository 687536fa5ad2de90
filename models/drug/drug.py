"""One drug: codes, products, limits, targets, and what is plausible."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from models.drug.charted_as import ChartedAs
from models.drug.policy import ModelPolicy
from models.record import Route
from models.target import Target, unit_of

LevelKind = Literal["any", "peak", "trough"]


@dataclass(frozen=True, kw_only=True)
class LevelCode:
    """A LOINC code under which laboratories report this drug's concentration."""

    loinc: str
    kind: LevelKind
    display: str


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A covariate from low (included) until high (excluded)."""

    covariate: str
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value < self.high


@dataclass(frozen=True, kw_only=True)
class Product:
    """How one route is dosed in practice.

    increment, smallest, largest: mg of one administration that the search proposes. intervals: h.
    usual_rate: mg/h from which a proposed infusion's duration follows, None for swallowed or injected doses and where
    shortest_duration is the usual one; duration is rounded up to duration_step h and never below shortest_duration h.
    continuous: infused over the whole interval. when: for whom; empty: everybody.
    """

    route: Route
    form: str
    increment: float
    smallest: float
    largest: float
    intervals: tuple[float, ...]
    usual_rate: float | None
    shortest_duration: float
    duration_step: float
    source: str
    continuous: bool = False
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A hard limit: value in unit; source is a citation or says that it is a house limit."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Hard limits, checked last; None = not set. single, daily: mg, mg/d; _per_kg: mg/kg, mg/kg/d; rate: mg/h."""

    single: Limit | None = None
    daily: Limit | None = None
    single_per_kg: Limit | None = None
    daily_per_kg: Limit | None = None
    rate: Limit | None = None


@dataclass(frozen=True, kw_only=True)
class Preference:
    """Soft bounds that only order regimens of equal attainment. trough: drug unit; single_per_kg: mg/kg."""

    trough_low: float | None = None
    trough_high: float | None = None
    single_per_kg: float | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class DrugTarget:
    """A target and when it holds: every condition, and how the drug is given.

    also: further bounds that have to hold with it (a trough under a limit beside a peak).
    """

    target: Target
    also: tuple[Target, ...] = ()
    when: tuple[Condition, ...] = ()
    given: Literal["any", "intermittent", "continuous"] = "any"
    above_means: str = ""
    below_means: str = ""


@dataclass(frozen=True, kw_only=True)
class Plausible:
    """Values outside hard are refused as a slip; outside soft they are used and said aloud. All in `unit`."""

    unit: str
    hard_low: float
    hard_high: float
    soft_low: float
    soft_high: float
    source: str = ""

    def judge(self, value: float) -> Literal["plausible", "odd", "impossible"]:
        if not self.hard_low <= value <= self.hard_high:
            return "impossible"
        return "plausible" if self.soft_low <= value <= self.soft_high else "odd"


@dataclass(frozen=True, kw_only=True)
class Checks:
    """When doses and levels can not be as charted; house figures, see `source`.

    longest_since_dose: h after the last charted dose beyond which levels carry no advice. low_level: drug unit, rarely
    met from 1 h to low_within h after a dose. change: fold between two levels at a like time after equal doses.
    shortest_half_life: h, no level falls faster once distributed. rise: fold above which a level can not rise without
    a dose. absorption: h after a swallowed dose during which a level may rise.
    """

    longest_since_dose: float
    low_level: float
    low_within: float
    change: float
    shortest_half_life: float
    rise: float
    absorption: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Covers:
    """Which products the model stands for. longest_interval: h, None = any. excluded: words that name another product.

    says: a sentence for the refusal.
    """

    longest_interval: float | None = None
    excluded: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Drug:
    """One drug. concentration_unit: canonical, of levels inside the product; display_unit: on cards.

    molar_mass: g/mol of what the laboratory's mole means. amounts are mg of `amount_of`. covariates: worth reading from
    the chart. max_age: h, by covariate or "level", beyond which a value is said to be old. hold_above: the next dose
    waits until the predicted median is below this. loading_source: by whom a loading dose is usual, else "".
    estimate_only: why no dose is searched, else "". needs_level: why none is before a level, else
    "". not_read: what matters and is not looked at, said on every answer.
    names: further names and brands, lower case, that raise an alarm where no code is charted.
    charted_as: other substances a chart may name it by, and what their mg are.
    preferred: models by the stem of their file, the first the one that speaks for the drug. policy: the site's.
    hash: SHA-256 of the bytes.
    """

    name: str
    preferred: tuple[str, ...]
    display: str
    analyte: str
    matrix: str
    amount_of: str
    concentration_unit: str
    display_unit: str
    molar_mass: float
    molar_formula: str
    molar_source: str
    rxnorm: tuple[str, ...]
    atc: tuple[str, ...]
    level_codes: tuple[LevelCode, ...]
    products: tuple[Product, ...]
    preference: Preference
    limits: Limits
    targets: tuple[DrugTarget, ...]
    plausible: Mapping[str, Plausible]
    covariates: tuple[str, ...]
    max_age: Mapping[str, float]
    renal_function_matters: bool
    removed_by_dialysis: bool
    hold_above: float | None
    hold_source: str
    loading_source: str
    checks: Checks
    covers: Covers
    estimate_only: str
    not_read: str
    not_verified: tuple[str, ...]
    hash: str
    needs_level: str = ""
    charted_as: tuple[ChartedAs, ...] = ()
    names: tuple[str, ...] = ()
    policy: ModelPolicy = field(default_factory=ModelPolicy)

    @property
    def routes(self) -> tuple[Route, ...]:
        return tuple(dict.fromkeys(product.route for product in self.products))

    @property
    def exposure_unit(self) -> str:
        """Unit of an AUC over 24 h, UCUM: 'mg.h/L'."""
        return unit_of("auc24", self.concentration_unit)
