"""The synthetic patients: one TOML file each, with the outcome that the service is expected to reach beside it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

Hook = Literal["patient-view", "order-select", "order-sign"]
HOOKS: tuple[str, ...] = ("patient-view", "order-select", "order-sign")


class ScenarioError(ValueError):
    """A scenario file says something that the sandbox does not understand; the message names file and key."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who the chart is about. age in completed years at the sandbox's start; the birth date follows from it."""

    name: str
    sex: Literal["male", "female"]
    age: int
    problem: str


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One or more results of one kind. hours: since the sandbox's now (negative = past), of the collection.

    value in `unit` (UCUM), or coded: a result in words. subject: the scenario whose patient the result names, where
    that is another one than the chart's (a misfiled result). reported: hours from collection to report.
    """

    code: str
    hours: tuple[float, ...]
    value: tuple[float, ...] = ()
    unit: str = ""
    coded: str = ""
    subject: str = ""
    reported: float = 0.8


@dataclass(frozen=True, kw_only=True)
class Given:
    """Administrations of one dose, mg, over `minutes` (0 = swallowed); status not-done = charted as not given."""

    drug: str
    hours: tuple[float, ...]
    dose: float
    minutes: float = 0.0
    status: Literal["completed", "not-done"] = "completed"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Done:
    """Procedures of one kind: starts in hours since now, duration in h."""

    code: str
    hours: tuple[float, ...]
    duration: float


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """One order: dose mg every `every` h over `minutes`; hours = when it was written."""

    drug: str
    dose: float
    every: float
    minutes: float = 0.0
    hours: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """What the chart's levels were made from, so that anyone can make them again: two compartments, the true patient.

    clearance in L/h at `hours` (one value = constant, else linear between); volumes in L; ka in 1/h and lag in h of a
    swallowed dose. The charted levels are these with a few per cent of assay noise, rounded as a laboratory does.
    """

    clearance: tuple[float, ...]
    v1: float
    v2: float
    q: float
    hours: tuple[float, ...] = (0.0,)
    ka: float = 0.0
    lag: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """How the demonstration plays this patient: hooks in order, how much it prefetches, what the prescriber does."""

    hooks: tuple[str, ...]
    prefetch: Literal["full", "partial", "none"]
    answer: Literal["accept", "override"]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the service should say. direction: proposed daily dose against the drafted one (same = within 15 %).

    findings: codes that must be said; would_help: a word of what would help; indicator: of the first card.
    """

    kind: Literal["recommend", "declined"]
    direction: Literal["higher", "lower", "same", "any"] = "any"
    findings: tuple[str, ...] = ()
    would_help: str = ""
    indicator: str = ""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One synthetic chart. id is also the patient's logical id on the sandbox's FHIR endpoint."""

    id: str
    line: str
    story: str
    drug: str
    patient: Person
    draft: Ordered
    exchange: Exchange
    expected: Expected
    observations: tuple[Measured, ...] = ()
    administrations: tuple[Given, ...] = ()
    procedures: tuple[Done, ...] = ()
    orders: tuple[Ordered, ...] = ()
    simulated: Simulated | None = None


T = TypeVar("T")


@cache
def load_scenarios() -> tuple[Scenario, ...]:
    """All scenarios of the package, in order of file name; raises ScenarioError naming file and key."""
    folder = files("cds_server.sandbox") / "scenarios"
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml"))
    return tuple(read_scenario(tomllib.loads((folder / name).read_text("utf-8")), name) for name in names)


def read_scenario(raw: Mapping[str, Any], where: str) -> Scenario:
    """One parsed TOML document -> Scenario; unknown and missing keys are errors."""
    nested: dict[str, Any] = {
        "patient": _build(Person, raw.get("patient", {}), f"{where}: patient"),
        "draft": _build(Ordered, {"drug": raw.get("drug", "")} | raw.get("draft", {}), f"{where}: draft"),
        "exchange": _build(Exchange, raw.get("exchange", {}), f"{where}: exchange"),
        "expected": _build(Expected, raw.get("expected", {}), f"{where}: expected"),
        "observations": _each(Measured, raw, "observations", where),
        "administrations": _each(Given, raw, "administrations", where),
        "procedures": _each(Done, raw, "procedures", where),
        "orders": _each(Ordered, raw, "orders", where),
    }
    if "simulated" in raw:
        nested["simulated"] = _build(Simulated, raw["simulated"], f"{where}: simulated")
    return _build(Scenario, dict(raw) | nested, where)


def _each(kind: type[T], raw: Mapping[str, Any], key: str, where: str) -> tuple[T, ...]:
    return tuple(_build(kind, item, f"{where}: {key}[{n}]") for n, item in enumerate(raw.get(key, [])))


def _build(kind: type[T], raw: Mapping[str, Any], where: str) -> T:
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(raw) - set(known)):
        raise ScenarioError(f"{where}: unknown key {unknown[0]}, expected one of {', '.join(known)}")
    values = {name: _shape(known[name].type, value) for name, value in raw.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ScenarioError(f"{where}: {error}") from error


def _shape(annotation: object, value: object) -> object:
    """A list, or one value where the field holds a tuple, becomes a tuple; everything else stays."""
    if "tuple" not in str(annotation):
        return value
    return tuple(value) if isinstance(value, list | tuple) else (value,)
