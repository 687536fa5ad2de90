"""What is read from each real-shaped file, and what is refused and why: python -m tests.reference.charts [FILE ...]

Each file is read twice: for the library's drugs that it names (or vancomycin), and, so that the readers really run,
for a synthetic drug for each medication and each result that the file carries (tests.reference.synthetic_drug).
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fhir.bundle import opened
from fhir.chart import Chart, OrderedRegimen
from fhir.clock import read_day_or_instant
from fhir.codes import codes_in, table
from fhir.ehr.answer import parsed
from fhir.errors import BadResource, UnreadableTime
from fhir.measured.observations import parts_of
from fhir.ordered.orders import drugs_of, explain_order
from fhir.read import read_chart
from fhir.wire import mapping, rows, string
from models.catalog import load_catalog
from models.drug import Drug
from models.findings import Finding
from tests.reference import ABSENT, REFERENCE
from tests.reference.synthetic_drug import analyte_of, coded, drug_of, level_codes, medication_codes

FOLDER = REFERENCE / "fhir"
NOBODY = "nobody"

Resource = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What one file gave. refused: (finding code, sentence), each once; unread: why it is no resource at all, or ""."""

    file: str = ""
    kinds: Counter[str] = field(default_factory=Counter)
    drugs: tuple[str, ...] = ()
    doses: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    unread: str = ""


def files() -> list[str]:
    """Every resource of the folder, JSON or not quite."""
    found = (path for path in sorted(FOLDER.rglob("*")) if path.name.endswith((".json", ".json.raw")))
    return [str(path.relative_to(FOLDER)) for path in found]


def survey(file: str) -> Survey:
    try:
        resource = parsed(200, (FOLDER / file).read_bytes())
    except BadResource as error:
        return Survey(file=file, unread=str(error))
    return survey_of(resource, file)


def survey_of(resource: Resource, file: str = "") -> Survey:
    patient, now = patient_of(resource), after([resource])
    charts = [(drug, read_chart([resource], patient=patient, drug=drug, now=now)) for drug in _concerned(resource)]
    made_up = coded(resource)
    asked = [*_as_given(made_up, patient), *_as_measured(made_up)]
    charts += [(drug, read_chart([part], patient=patient, drug=drug, now=after([part]))) for drug, part in asked]
    ordered = [_ordered(drug, part) for drug, part in _as_given(made_up, patient)]
    found = _gathered(charts)
    refused = (*found.refused, *(pair for _, pairs in ordered for pair in pairs))
    orders = _once(text for texts, _ in ordered for text in texts)
    return replace(found, file=file, kinds=_kinds(resource), orders=orders, refused=tuple(dict.fromkeys(refused)))


def _as_given(resource: Resource, patient: str) -> list[tuple[Drug, Resource]]:
    """Each medication's own drug, with what the file says of medications."""
    part = only(resource, lambda item: item.get("resourceType") in _OF_MEDICATIONS)
    return [(drug_of(code), part) for code in medication_codes([resource], patient)]


def _as_measured(resource: Resource) -> Iterator[tuple[Drug, Resource]]:
    """Each result's own drug, with the results of that kind alone."""
    for loinc, unit in level_codes([resource]):
        yield analyte_of(loinc, unit), only(resource, lambda item, loinc=loinc: _of_people(item) or _is(item, loinc))


_OF_MEDICATIONS = ("Patient", "Medication", "MedicationAdministration", "MedicationRequest", "Substance")


def _of_people(item: Resource) -> bool:
    return item.get("resourceType") in ("Patient", "Specimen")


def _is(item: Resource, loinc: str) -> bool:
    result = item.get("resourceType") == "Observation"
    return result and any(loinc in codes_in(concept, "loinc") for concept, _ in parts_of(item))


def only(resource: Resource, wanted: Callable[[Resource], bool]) -> Resource:
    """A Bundle with its wanted entries alone; any other resource as it is."""
    if resource.get("resourceType") != "Bundle":
        return resource
    return resource | {"entry": [row for row in rows(resource, "entry") if wanted(dict(mapping(row, "resource")))]}


def _ordered(drug: Drug, part: Resource) -> tuple[list[str], list[tuple[str, str]]]:
    """What each order says as a regimen, whatever its status, and what of it could not be read."""
    texts, refused = [], []
    inner = [dict(item) for _, item in opened([part])]
    for item in inner:
        if item.get("resourceType") == "MedicationRequest":
            regimen, findings = explain_order(item, drug, resources=inner)
            refused += [(found.code, found.text) for found in findings]
            if regimen and (regimen.amount or regimen.interval):
                texts.append(_regimen(regimen))
    return texts, refused


def _regimen(order: OrderedRegimen) -> str:
    parts = (
        order.amount is not None and f"{order.amount:g} mg",
        order.interval is not None and f"every {order.interval:g} h",
        order.duration and f"over {order.duration:g} h",
        order.route,
    )
    return " ".join(part for part in parts if part) + f" [{order.text[:60]}]"


def _gathered(charts: list[tuple[Drug, Chart]]) -> Survey:
    findings = [finding for _, chart in charts for finding in chart.findings]
    return Survey(
        drugs=tuple(dict.fromkeys(drug.name for drug, _ in charts if drug.name != "synthetic")),
        doses=_once(text for _, chart in charts for text in _doses(chart)),
        levels=_once(text for _, chart in charts for text in _levels(chart)),
        covariates=_once(f"{i.name} {i.value:g}" for _, chart in charts for i in chart.record.covariates),
        refused=tuple(dict.fromkeys((item.code, item.text) for item in findings if _refuses(item))),
    )


@cache
def library() -> Mapping[str, Drug]:
    return load_catalog().drugs


def _concerned(resource: Resource) -> tuple[Drug, ...]:
    """The library's drugs that the file names by code, else vancomycin; every covariate of the tables is read."""
    catalog = library()
    names = drugs_of([resource], catalog.values()) or ("vancomycin",)
    return tuple(replace(catalog[name], covariates=tuple(table()["covariates"])) for name in names)


def _doses(chart: Chart) -> Iterator[str]:
    for dose in chart.record.doses:
        over = f" over {dose.duration:.3g} h" if dose.duration else ""
        yield f"{dose.amount:g} mg {dose.route}{over} ({chart.sources[dose.source].note})"


def _levels(chart: Chart) -> Iterator[str]:
    for level in chart.record.levels:
        limit = "<" if level.censored else ">" if level.above else ""
        yield f"{limit}{level.value:g} {level.unit}"


# said because the file is one resource and no chart; nothing of the resource is refused by them
_ABOUT_THE_REST = ("patient-missing", "sex-missing", "birth-date-missing", "no-administrations", "level-uncoded")


def _refuses(finding: Finding) -> bool:
    return finding.severity != "info" and finding.code not in _ABOUT_THE_REST


def _kinds(resource: Resource) -> Counter[str]:
    return Counter(string(item, "resourceType") for _, item in opened([resource]))


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def patient_of(resource: Resource) -> str:
    """The id of the first patient a file is about."""
    for url, item in opened([resource]):
        if item.get("resourceType") == "Patient":
            return str(item.get("id") or url) or NOBODY
        reference = string(item, "subject", "reference") or string(item, "patient", "reference")
        if reference:
            return reference.rsplit("/", 1)[-1].removeprefix("urn:uuid:").removeprefix("#")
    return NOBODY


def after(resources: Iterable[Resource]) -> datetime:
    """A day after the last clinical time: nothing in it lies ahead, or is old only because the file is."""
    times = [_time(value) for _, item in opened(resources) for value in _clinical(item)]
    return max((time for time in times if time), default=datetime(2026, 11, 20, tzinfo=UTC)) + timedelta(days=1)


def _clinical(item: Any) -> Iterator[str]:
    yield from (string(item, name) for name in ("effectiveDateTime", "effectiveInstant", "birthDate", "authoredOn"))
    yield from (string(item, "effectivePeriod", name) for name in ("start", "end"))


def _time(text: str) -> datetime | None:
    try:
        return read_day_or_instant(text)[0]
    except UnreadableTime:
        return None


def main(chosen: list[str]) -> None:
    if not FOLDER.is_dir():
        print(ABSENT)
        return
    total: Counter[str] = Counter()
    for file in chosen or files():
        found = survey(str(Path(file)))
        print("\n".join(_block(found)))
        total.update(doses=len(found.doses), levels=len(found.levels), orders=len(found.orders))
        total.update(files=1, refusals=len(found.refused), covariates=len(found.covariates))
    print("\n" + ", ".join(f"{count} {name}" for name, count in total.items()))


def _block(found: Survey) -> Iterator[str]:
    yield f"\n{found.file}: {found.unread or ', '.join(f'{n} {kind}' for kind, n in found.kinds.items())}"
    for name in ("drugs", "doses", "levels", "covariates", "orders"):
        texts = getattr(found, name)
        if texts:
            yield f"  {name:11}{'; '.join(texts[:6])}{f' and {len(texts) - 6} more' if len(texts) > 6 else ''}"
    for code, text in found.refused[:8]:
        yield f"  {'refused':11}{code}: {text}"
    if len(found.refused) > 8:
        yield f"  {'':11}and {len(found.refused) - 8} more"


if __name__ == "__main__":
    main(sys.argv[1:])
