"""One patient's records as the chart page shows them: a pure step from FHIR resources to rows and points."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cds_server.sandbox.orders import OrderLine, medication_name, order_line
from cds_server.sandbox.scenarios import Scenario
from cds_server.sandbox.state import Sandbox

Resource = Mapping[str, Any]
_VITALS = ("Body weight", "Body height")


@dataclass(frozen=True, kw_only=True)
class Result:
    """One laboratory or vital result; value None for results in words. other_patient: its subject is somebody else."""

    name: str
    text: str
    value: float | None
    unit: str
    time: datetime
    reported: datetime | None
    other_patient: bool


@dataclass(frozen=True, kw_only=True)
class LabRow:
    """All results of one test and unit, newest first."""

    name: str
    unit: str
    results: tuple[Result, ...]

    @property
    def latest(self) -> Result:
        return self.results[0]


@dataclass(frozen=True, kw_only=True)
class Administration:
    """One dose as charted."""

    name: str
    text: str
    start: datetime
    end: datetime
    given: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """One procedure, with its period."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class ChartView:
    """Everything that the chart page prints."""

    scenario: Scenario
    now: datetime
    name: str
    sex: str
    age: int
    birth_date: str
    mrn: str
    weight: Result | None
    height: Result | None
    problem: str
    allergies: str
    labs: tuple[LabRow, ...]
    administrations: tuple[Administration, ...]
    events: tuple[Event, ...]
    orders: tuple[OrderLine, ...]

    @property
    def history(self) -> tuple[Administration | Event, ...]:
        """Doses and procedures, newest first."""
        return tuple(sorted((*self.administrations, *self.events), key=lambda item: item.start, reverse=True))

    @property
    def bmi(self) -> float | None:
        """kg/m2, where both weight and height are charted."""
        if not (self.weight and self.height and self.weight.value and self.height.value):
            return None
        return self.weight.value / (self.height.value / 100) ** 2


def chart_view(sandbox: Sandbox, scenario: Scenario, now: datetime) -> ChartView:
    """The chart of one patient at `now`."""
    person = sandbox.store.read("Patient", scenario.id, chart=scenario.id)
    results = sorted((_result(r, scenario.id) for r in _all(sandbox, scenario, "Observation")), key=_when, reverse=True)
    given = (_administration(r) for r in _all(sandbox, scenario, "MedicationAdministration"))
    return ChartView(
        scenario=scenario,
        now=now,
        name=person["name"][0]["text"],
        sex=person["gender"],
        age=_age(person["birthDate"], now),
        birth_date=person["birthDate"],
        mrn=person["identifier"][0]["value"],
        weight=next((r for r in results if r.name == "Body weight"), None),
        height=next((r for r in results if r.name == "Body height"), None),
        problem=_first_text(_all(sandbox, scenario, "Condition")),
        allergies=_first_text(_all(sandbox, scenario, "AllergyIntolerance")),
        labs=lab_rows(r for r in results if r.name not in _VITALS),
        administrations=tuple(sorted(given, key=lambda a: a.start, reverse=True)),
        events=tuple(_event(r) for r in _all(sandbox, scenario, "Procedure")),
        orders=tuple(order_line(r) for r in _all(sandbox, scenario, "MedicationRequest")),
    )


def lab_rows(results: Iterable[Result]) -> tuple[LabRow, ...]:
    """Results grouped by test and unit, in the order in which each was last seen."""
    grouped: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        grouped.setdefault((result.name, result.unit), []).append(result)
    return tuple(LabRow(name=name, unit=unit, results=tuple(rows)) for (name, unit), rows in grouped.items())


def shown_unit(code: str) -> str:
    """A UCUM unit as people write it."""
    return code.replace("ug/", "µg/").replace("umol/", "µmol/")


def _all(sandbox: Sandbox, scenario: Scenario, kind: str) -> Sequence[Resource]:
    return sandbox.store.search(kind, [("patient", scenario.id), ("_count", "100")], chart=scenario.id).resources


def _result(resource: Resource, patient_id: str) -> Result:
    quantity = resource.get("valueQuantity")
    issued = resource.get("issued")
    return Result(
        name=resource["code"].get("text") or resource["code"]["coding"][0]["display"],
        text=_number(quantity["value"]) if quantity else resource["valueCodeableConcept"]["text"],
        value=quantity["value"] if quantity else None,
        unit=shown_unit(quantity["code"]) if quantity else "",
        time=datetime.fromisoformat(resource["effectiveDateTime"]),
        reported=datetime.fromisoformat(issued) if issued else None,
        other_patient=resource["subject"]["reference"] != f"Patient/{patient_id}",
    )


def _administration(resource: Resource) -> Administration:
    moment = resource.get("effectiveDateTime", "")
    period = resource.get("effectivePeriod", {"start": moment, "end": moment})
    start, end = datetime.fromisoformat(period["start"]), datetime.fromisoformat(period["end"])
    minutes = (end - start) / timedelta(minutes=1)
    text = resource["dosage"]["text"] + (f" over {minutes:g} min" if minutes else "")
    return Administration(
        name=medication_name(resource),
        text=text,
        start=start,
        end=end,
        given=resource["status"] == "completed",
        reason=_first_text([{"code": reason} for reason in resource.get("statusReason", [])]),
    )


def _event(resource: Resource) -> Event:
    period = resource["performedPeriod"]
    return Event(
        name=resource["code"]["text"],
        start=datetime.fromisoformat(period["start"]),
        end=datetime.fromisoformat(period["end"]),
    )


def _first_text(resources: Sequence[Resource]) -> str:
    return resources[0]["code"]["text"] if resources else ""


def _when(result: Result) -> datetime:
    return result.time


def _number(value: float) -> str:
    return f"{value:g}"


def _age(birth_date: str, now: datetime) -> int:
    born = datetime.fromisoformat(birth_date)
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))
