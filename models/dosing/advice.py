"""The answer to "which dose": a Recommendation, or Declined with reasons. Values only; cards and pages render them."""

from dataclasses import dataclass
from typing import Literal

from models.beside.value import Beside
from models.covariates import CovariateUsed as CovariateUsed
from models.findings import Finding
from models.fit.posterior import LevelFit
from models.record import Route
from models.target import Metric as Metric
from models.target import Target as Target


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Median and central 90 % interval of a quantity over the posterior, in `unit`."""

    median: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class Regimen:
    """amount mg every interval h, over duration h (0 = bolus or swallowed), first given at `start` h since origin."""

    amount: float
    interval: float
    duration: float
    route: Route
    start: float


@dataclass(frozen=True, kw_only=True)
class RegimenOutcome:
    """What one regimen is expected to do at steady state.

    attainment, below, above: posterior probabilities of keeping every bound, of only falling short, of exceeding one;
    sum to 1. also: the further bounds' metrics, in the order of Recommendation.also. trough, peak: at steady state.
    first_day: AUC24 over the 24 h from start, what is already in the body included.
    limits: hard limits it breaks, as sentences; a proposed regimen has none.
    """

    regimen: Regimen
    label: Literal["proposed", "alternative", "current", "ordered", "asked"]
    exposure: Interval
    attainment: float
    below: float
    above: float
    trough: Interval
    peak: Interval
    first_day: Interval
    limits: tuple[str, ...] = ()
    also: tuple[Interval, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ParameterEstimate:
    """One parameter: this patient's, the population's typical value for these covariates, the reference patient's."""

    name: str
    unit: str
    individual: Interval
    typical: float
    reference: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Concentration against time, for the picture; equal-length tuples, times in h since origin, the rest in `unit`."""

    unit: str
    times: tuple[float, ...]
    population: tuple[float, ...]
    individual: tuple[float, ...]
    low: tuple[float, ...]  # 5 % of the posterior
    high: tuple[float, ...]  # 95 %
    change_at: float  # from here on the proposed regimen is assumed


@dataclass(frozen=True, kw_only=True)
class ModelUsed:
    id: str
    hash: str
    title: str
    citation: str
    population: str
    equations: tuple[str, ...]
    not_verified: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ModelConsidered:
    """One model of the drug: its share of the answer, 0 where it has none, and why. evidence: log p(levels | model)."""

    id: str
    hash: str
    title: str
    weight: float
    reason: str
    evidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class SampleTime:
    """One or two times, h since origin. sd, width: expected standard deviation and 90 % width of the metric after it.

    reduction: share of today's standard deviation that is expected to go.
    """

    times: tuple[float, ...]
    label: str
    sd: float
    width: float
    reduction: float


@dataclass(frozen=True, kw_only=True)
class NextSample:
    """best: the time to consider; soon: the best within a day (or an interval) of the regimen's start.

    pair: the best two times, None where two are not to be told from these draws, or promise no more than one.
    sd, width: of the metric today, in `unit`. tried: what was looked at closely, best first, with the usual times (just
    before the next dose, an hour after its infusion) among them.
    """

    best: SampleTime
    soon: SampleTime
    pair: SampleTime | None
    sd: float
    width: float
    unit: str
    tried: tuple[SampleTime, ...]


@dataclass(frozen=True, kw_only=True)
class CovariateMove:
    """A covariate multiplies the typical `parameter` by `factor`, against `reference` (None: against no effect)."""

    parameter: str
    covariate: str
    value: float
    unit: str
    reference: float | None
    factor: float
    text: str


@dataclass(frozen=True, kw_only=True)
class LevelMove:
    """A level multiplies the estimate of `parameter`, the one it moves most, by `factor`, against all other levels.

    factors: of every primary parameter, (name, factor). influence: largest shift of an eta, in posterior SDs.
    """

    time: float
    source: str
    observed: float
    unit: str
    parameter: str
    factor: float
    factors: tuple[tuple[str, float], ...]
    influence: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What moved the leading model's estimate; in the order of its parameters, and of time."""

    covariates: tuple[CovariateMove, ...]
    levels: tuple[LevelMove, ...]


@dataclass(frozen=True, kw_only=True)
class LoadingDose:
    """A larger first dose; the proposed regimen follows regimen.interval h later.

    early: the target's metric over `over` ("the first 24 h"), attainment, below, above: of that; _without: the same
    with the proposed dose from the first on.
    """

    regimen: Regimen
    over: str
    early: Interval
    attainment: float
    below: float
    above: float
    attainment_without: float
    early_without: Interval


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The regimens most likely to reach the target, best first, with all that a clinician needs to review the basis.

    also: bounds that have to hold together with the target. model: the one of highest weight; parameters, levels and
    the individual curve are its own, everything else is averaged over `considered`. regimens[0] is "proposed";
    "current" (being given) and "ordered" (the draft) stand in the list too where known.
    differs: plain sentences on how this patient differs from the population. seed, draws: of the Monte Carlo sample.
    next_sample: when a level under regimens[0] would tell most, None where no time would.
    loading: before the first dose, where it reaches the target at the start clearly more often than regimens[0] alone.
    beside: what independent estimators say of the regimen in use; they never set the dose.
    """

    drug: str
    target: Target
    regimens: tuple[RegimenOutcome, ...]
    parameters: tuple[ParameterEstimate, ...]
    levels: tuple[LevelFit, ...]
    covariates: tuple[CovariateUsed, ...]
    differs: tuple[str, ...]
    findings: tuple[Finding, ...]
    curve: Curve
    model: ModelUsed
    basis: Literal["levels", "covariates"]  # covariates = no level yet
    seed: int
    draws: int
    also: tuple[Target, ...] = ()
    considered: tuple[ModelConsidered, ...] = ()
    next_sample: NextSample | None = None
    loading: LoadingDose | None = None
    explanation: Explanation | None = None
    beside: Beside | None = None


@dataclass(frozen=True, kw_only=True)
class Declined:
    """No dose can responsibly be advised. reasons: why, in plain sentences; would_help: what would change that."""

    drug: str
    reasons: tuple[Finding, ...]
    would_help: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    model: ModelUsed | None = None
    considered: tuple[ModelConsidered, ...] = ()


Advice = Recommendation | Declined
