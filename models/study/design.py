"""What a simulation study of one drug is made of, read from designs/<drug>.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Literal, cast

from models.datafile import Table, read_table
from models.errors import ModelsError
from models.record import Route

DESIGNS = Path(__file__).parent / "designs"


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One covariate's distribution. normal: mean, sd. lognormal: median, sd of the logarithm. flag: share of ones.

    between: values outside are drawn again, with the whole patient.
    """

    kind: Literal["normal", "lognormal", "flag", "fixed"]
    centre: float
    sd: float = 0.0
    low: float = -inf
    high: float = inf


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """body: how age, sex, height and weight hang together (cohort.py). correlations: of the standard normal scores."""

    body: Literal["adult", "child"]
    spreads: Mapping[str, Spread]
    correlations: Mapping[tuple[str, str], float]
    source: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Standard dosing where `when` is from `low` until under `high`: mg or mg/kg every interval h, over duration h."""

    when: str
    low: float
    high: float
    mg: float
    mg_per_kg: float
    interval: float
    duration: float


@dataclass(frozen=True, kw_only=True)
class Standard:
    """Rules in order, the first that holds counts; doses rounded to `round_to` mg, at most `largest` mg."""

    rules: tuple[Rule, ...]
    route: Route
    round_to: float
    largest: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The model that the patients come from.

    shift: factors on typical values, times in every other patient, divided by in the rest. spread: factor on the
    standard deviations between patients. Both where no second model is at hand; reason says so.
    """

    model: str
    shift: Mapping[str, float] = field(default_factory=dict)
    spread: float = 1.0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """trough: just before the first dose that is at least after_h after the regimen's start; else that many h after."""

    kind: Literal["trough", "fixed"]
    after: float
    lloq: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Design:
    """advisers: models that the advice is averaged over; the true one is not among them, unless it is shifted.

    before: (h, mg/kg) of doses that all get before the first decision, which is made at `start` h.
    """

    drug: str
    truth: Truth
    advisers: tuple[str, ...]
    cohort: Cohort
    standard: Standard
    sampling: Sampling
    before: tuple[tuple[float, float], ...]
    start: float
    about: str


def load_design(drug: str, folder: Path = DESIGNS) -> Design:
    """ModelsError where there is no design for the drug, ModelFileError where its file does not fit."""
    path = folder / f"{drug}.toml"
    if not path.is_file():
        raise ModelsError(f"no study of {drug!r} is designed; there are designs for {', '.join(designed(folder))}")
    table = read_table(path, path.read_bytes())
    before = table.tables("before", default=[])
    design = Design(
        drug=drug,
        truth=_truth(table.table("truth")),
        advisers=table.texts("advisers"),
        cohort=read_cohort(table.table("cohort")),
        standard=read_standard(table.table("standard")),
        sampling=_sampling(table.table("sampling")),
        before=tuple((item.number("at_h"), item.number("mg_per_kg", above=0.0)) for item in before),
        start=table.number("start_h", default=0.0),
        about=table.text("about"),
    )
    table.finish()
    if design.truth.model in design.advisers and not design.truth.shift:
        raise table.error("advisers", "other models than the one that patients come from, or a shifted truth", drug)
    return design


@dataclass(frozen=True, kw_only=True)
class AveragingDesign:
    """models: each the truth of `truths` in turn, each an adviser alone, and all of them averaged."""

    drug: str
    truths: tuple[str, ...]
    models: tuple[str, ...]
    cohort: Cohort
    standard: Standard
    sampling: Sampling
    about: str


def load_averaging(drug: str, folder: Path = DESIGNS / "averaging") -> AveragingDesign:
    """As load_design."""
    path = folder / f"{drug}.toml"
    if not path.is_file():
        raise ModelsError(f"no averaging study of {drug!r} is designed; there is one for {', '.join(designed(folder))}")
    table = read_table(path, path.read_bytes())
    design = AveragingDesign(
        drug=drug,
        truths=table.texts("truths"),
        models=table.texts("models"),
        cohort=read_cohort(table.table("cohort")),
        standard=read_standard(table.table("standard")),
        sampling=_sampling(table.table("sampling")),
        about=table.text("about"),
    )
    table.finish()
    return design


def designed(folder: Path = DESIGNS) -> tuple[str, ...]:
    """Drugs with a design."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def _truth(table: Table) -> Truth:
    shift = table.table("shift", default={})
    found = Truth(
        model=table.text("model"),
        shift={name: shift.number(name, above=0.0) for name in shift.names()},
        spread=table.number("spread", above=0.0, default=1.0),
        reason=table.text("reason", default=""),
    )
    table.finish()
    return found


def read_cohort(table: Table) -> Cohort:
    pairs = table.tables("correlation", default=[])
    spreads = table.table("covariates")
    found = Cohort(
        body=cast(Literal["adult", "child"], table.text("body", one_of=("adult", "child"))),
        spreads={name: _spread(spreads.table(name)) for name in spreads.names()},
        correlations={cast(tuple[str, str], pair.texts("between")): pair.number("value", low=-1.0) for pair in pairs},
        source=table.text("source"),
    )
    table.finish()
    return found


def _spread(table: Table) -> Spread:
    kind = table.text("kind", one_of=("normal", "lognormal", "flag", "fixed"))
    key = {"normal": "mean", "lognormal": "median", "flag": "share", "fixed": "value"}[kind]
    found = Spread(
        kind=cast(Literal["normal", "lognormal", "flag", "fixed"], kind),
        centre=table.number(key),
        sd=table.number("sd", low=0.0) if kind in ("normal", "lognormal") else 0.0,
        low=_or(table.maybe("low"), -inf),
        high=_or(table.maybe("high"), inf),
    )
    table.finish()
    return found


def read_standard(table: Table) -> Standard:
    found = Standard(
        rules=tuple(_rule(item) for item in table.tables("rule")),
        route=cast(Route, table.text("route", one_of=("iv", "oral", "sc"))),
        round_to=table.number("round_to_mg", above=0.0),
        largest=table.number("largest_mg", above=0.0),
        source=table.text("source"),
    )
    table.finish()
    return found


def _rule(table: Table) -> Rule:
    found = Rule(
        when=table.text("when", default=""),
        low=_or(table.maybe("from"), -inf),
        high=_or(table.maybe("until"), inf),
        mg=_or(table.maybe("mg", above=0.0), 0.0),
        mg_per_kg=_or(table.maybe("mg_per_kg", above=0.0), 0.0),
        interval=table.number("interval_h", above=0.0),
        duration=table.number("duration_h", low=0.0),
    )
    table.finish()
    return found


def _sampling(table: Table) -> Sampling:
    found = Sampling(
        kind=cast(Literal["trough", "fixed"], table.text("kind", one_of=("trough", "fixed"))),
        after=table.number("after_h", above=0.0),
        lloq=table.number("lloq", low=0.0),
        words=table.text("words"),
    )
    table.finish()
    return found


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
