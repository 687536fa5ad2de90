"""A chart of FHIR resources to a PatientRecord: doses, levels, covariates in canonical units, each with its source."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fhir.alike import summed
from fhir.athome.assumed import assume
from fhir.athome.earlier import earlier_doses
from fhir.bundle import Resource, Shelf, shelve
from fhir.chart import Chart
from fhir.clock import hours_between
from fhir.crosscheck import (
    HISTORY,
    Timed,
    body_size,
    checked_levels,
    creatinine_jumps,
    history_gaps,
    recent,
    weight_jumps,
    without_repeats,
)
from fhir.doses.administrations import read_administrations
from fhir.doses.twice import double_doses
from fhir.errors import BadResource
from fhir.measured.answers import read_answers
from fhir.measured.covariates import read_covariates
from fhir.measured.genotype import read_genotypes
from fhir.measured.levels import read_levels
from fhir.measured.panels import without_superseded
from fhir.medicine.products import other_interval, other_pattern, shelf_products
from fhir.ordered.orders import current_order
from fhir.reading import Given, Measured, Stream, finding
from fhir.state.allergies import read_allergies
from fhir.state.conditions import read_conditions
from fhir.state.critical_care import read_critical_care
from fhir.state.daily_doses import read_daily_doses
from fhir.state.interactions import read_interactions
from fhir.state.patient import Person, ancestry, read_patient
from fhir.state.procedures import read_crrt, read_dialysis, read_transplant
from fhir.vocabulary import read_from, unreadable
from models.drug import Drug
from models.findings import Finding
from models.record import Covariate, Dose, Level, PatientRecord


def read_chart(resources: Iterable[Resource], *, patient: str, drug: Drug, now: datetime) -> Chart:
    """The chart of one patient for one drug. patient: logical id. now: aware; for record.now and "in the future" only.

    Resources may be Bundles. Whatever can not be used without guessing is a Finding, never an exception; a naive `now`
    is a ValueError and an empty patient id a BadResource.
    """
    if now.tzinfo is None:
        raise ValueError("read_chart needs an aware `now`")
    if not patient:
        raise BadResource("read_chart needs the patient's logical id, got an empty one")
    shelf, replaced = without_superseded(shelve(resources, patient))
    parts = _gather(shelf, drug, now)
    person = read_patient(shelf)
    order, order_findings = current_order(shelf, drug, now)
    gaps = [
        *history_gaps(parts.levels, parts.doses, drug, order is not None),
        *earlier_doses(shelf, drug, parts.levels, parts.doses, parts.covariates),
        *double_doses(parts.doses, drug, order),
        *shelf_products(shelf, drug),
        *(other_interval(order, drug) or other_pattern(parts.doses, drug, now)),
    ]
    origin = _origin(parts, now)
    traits, doubts = _traits(person, drug, origin)
    keyed = _keyed(parts, traits, origin)
    person_findings = (*person.findings, *doubts, *read_allergies(shelf, drug))
    about = (*shelf.findings, *replaced, *person_findings)
    findings = (*about, *parts.findings, *gaps, *_remarks(keyed), *order_findings)
    return Chart(
        record=_record(keyed, drug, origin, now),
        origin=origin,
        sources={key: item.source for key, item in keyed.all()},
        current=order,
        findings=summed(findings),
    )


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What was read, each in order of time."""

    doses: list[Given]
    levels: list[Measured]
    covariates: list[Measured]
    findings: tuple[Finding, ...]


def _gather(shelf: Shelf, drug: Drug, now: datetime) -> _Parts:
    covariates, covariate_findings = _covariates(shelf, drug, now)
    weights = [item for item in covariates if item.name == "weight"]
    all_doses, dose_findings = _split(read_administrations(shelf, drug, now, weights), Given)
    all_levels, level_findings = _split(read_levels(shelf, drug, now), Measured)
    doses, old_doses = recent(sorted(all_doses, key=lambda dose: (dose.when, dose.source.resource)), now)
    levels, old_levels = recent(all_levels, now)
    levels, repeats = without_repeats(levels, f"{drug.analyte} level")
    assumed = assume(shelf, drug, levels, now)
    doses = sorted((*doses, *assumed.doses), key=lambda dose: (dose.when, dose.source.resource))
    levels, contradictions = checked_levels(list(assumed.levels), doses, drug)
    findings = [*dose_findings, *level_findings, *repeats, *assumed.findings, *contradictions]
    if old_doses or old_levels:
        text = f"{old_doses} dose(s) and {old_levels} level(s) over {HISTORY.days} days old were not used."
        findings.append(finding("history-old", "info", text))
    return _Parts(doses=doses, levels=levels, covariates=covariates, findings=(*findings, *covariate_findings))


def _covariates(shelf: Shelf, drug: Drug, now: datetime) -> tuple[list[Measured], list[Finding]]:
    streams = (
        read_covariates(shelf, drug, now),
        read_genotypes(shelf, drug, now),
        read_transplant(shelf, drug, now),
        read_dialysis(shelf, drug, now),
        read_crrt(shelf, drug, now),
        read_conditions(shelf, drug, now),
        read_answers(shelf, drug, now),
        read_critical_care(shelf, drug, now),
        read_interactions(shelf, drug, now),
        read_daily_doses(shelf, drug, now),
    )
    values, findings = [], []
    for stream in streams:
        found, said = _split(stream, Measured)
        values += found
        findings += said
    values, repeats = without_repeats(values, "")
    lately = recent(values, now)[0]
    return values, [
        *findings,
        *repeats,
        *weight_jumps(lately),
        *creatinine_jumps(lately),
        *body_size(values, drug, read_patient(shelf).born),
    ]


def _split(stream: Stream, kind: type[Timed]) -> tuple[list[Timed], list[Finding]]:
    found = list(stream)
    return [item for item in found if isinstance(item, kind)], [item for item in found if isinstance(item, Finding)]


@dataclass(frozen=True, kw_only=True)
class _Keyed:
    """What goes into the record, in order of time, under its opaque key."""

    doses: dict[str, Given]
    levels: dict[str, Measured]
    covariates: dict[str, Measured]

    def all(self) -> list[tuple[str, Given | Measured]]:
        return [*self.doses.items(), *self.levels.items(), *self.covariates.items()]


def _keyed(parts: _Parts, traits: list[Measured], origin: datetime) -> _Keyed:
    covariates = [*_in_force(parts.covariates, origin), *traits]
    covariates.sort(key=lambda item: (origin if item.fixed else item.when, item.name, item.source.resource))
    return _Keyed(
        doses={f"d{place}": item for place, item in enumerate(parts.doses, 1)},
        levels={f"l{place}": item for place, item in enumerate(parts.levels, 1)},
        covariates={f"c{place}": item for place, item in enumerate(covariates, 1)},
    )


def _remarks(keyed: _Keyed) -> list[Finding]:
    return [replace(remark, sources=(key,)) for key, item in keyed.all() for remark in item.remarks]


def _record(keyed: _Keyed, drug: Drug, origin: datetime, now: datetime) -> PatientRecord:
    return PatientRecord(
        drug=drug.name,
        now=hours_between(origin, now),
        doses=tuple(_dose(item, origin, key) for key, item in keyed.doses.items()),
        levels=tuple(_level(item, drug, origin, key) for key, item in keyed.levels.items()),
        covariates=tuple(_covariate(item, origin, key) for key, item in keyed.covariates.items()),
        unreadable=unreadable(),
    )


# of these the day they began stands in the record, which may lie years back
_SINCE = ("condition", "medication", "daily", "answer", "encounter")
_TRANSPLANTS = ("days_after_transplant", "kidney_transplant", "lung_transplant", "living_donor")


def _origin(parts: _Parts, now: datetime) -> datetime:
    """Hour 0: the first dose or level; without any, the latest covariate; with nothing at all, today at 00:00 UTC."""
    given = [dose.when for dose in parts.doses] + [level.when for level in parts.levels]
    lasting = {*_TRANSPLANTS, *(name for name, (reader, _) in read_from().items() if reader in _SINCE)}
    known = [item.when for item in parts.covariates if not item.fixed and item.name not in lasting]
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = min(given) if given else max(known, default=midnight)
    return moment.astimezone(UTC)


def _in_force(covariates: list[Measured], origin: datetime) -> list[Measured]:
    """Values from the origin on, and of older ones the last of each name; older than that they can not matter."""
    before = {item.name: item for item in sorted(covariates, key=lambda item: item.when) if item.when < origin}
    return [item for item in covariates if item.when >= origin or item is before.get(item.name)]


def _traits(person: Person, drug: Drug, origin: datetime) -> tuple[list[Measured], list[Finding]]:
    """Age at the origin and sex, where they are known and plausible."""
    age, plausible = person.age_on(origin.date()), drug.plausible.get("age")
    doubts = []
    if age is not None and plausible and plausible.judge(age) == "impossible":
        text = f"the date of birth makes an age of {age:.0f} years, which can not be true; it was not used."
        if age < 0:
            text = (
                f"the first dose or value charted, of {origin.date()}, lies before the date of birth; no age was used."
            )
        doubts.append(finding("age-implausible", "critical", text))
        age = None
    races, said = ancestry(person, drug)
    known = {"age": age, "female": person.female} | races
    traits = [
        Measured(name=name, value=value, when=origin, source=person.source, fixed=True)
        for name, value in known.items()
        if value is not None and person.source is not None
    ]
    return traits, [*doubts, *said]


def _dose(item: Given, origin: datetime, key: str) -> Dose:
    return Dose(
        time=hours_between(origin, item.when),
        amount=item.amount,
        route=item.route,
        duration=item.duration,
        source=key,
    )


def _level(item: Measured, drug: Drug, origin: datetime, key: str) -> Level:
    return Level(
        time=hours_between(origin, item.when),
        value=item.value,
        unit=drug.concentration_unit,
        censored=item.limit == "<",
        above=item.limit == ">",
        source=key,
    )


def _covariate(item: Measured, origin: datetime, key: str) -> Covariate:
    hour = 0.0 if item.fixed else hours_between(origin, item.when)
    return Covariate(name=item.name, time=hour, value=item.value, source=key)
