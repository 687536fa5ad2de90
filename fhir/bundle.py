"""The resources of a chart as one shelf: bundles opened, repeats taken once, references followed, one patient only."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir.wire import mapping, rows, string
from models.findings import Finding

Resource = Mapping[str, Any]

# resources that are about one patient; of these only the given patient's are used
_ABOUT = ("subject", "patient")
_A_TYPE = re.compile(r"[A-Z][A-Za-z]{2,40}")
_NEED_SUBJECT = (
    "Observation",
    "MedicationAdministration",
    "MedicationRequest",
    "MedicationStatement",
    "Procedure",
    "Condition",
    "AllergyIntolerance",
    "Encounter",
)
_READ = (*_NEED_SUBJECT, "Patient", "Medication", "Specimen")


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """resources: of this patient or of nobody (Medication, Specimen). by_reference: every one, to follow references."""

    resources: tuple[Resource, ...]
    by_reference: Mapping[str, Resource]
    findings: tuple[Finding, ...]

    def of_type(self, kind: str) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources if resource.get("resourceType") == kind)

    def follow(self, reference: str, container: Resource) -> Resource | None:
        """The resource a reference names: contained ("#a"), or on this shelf; None where it is not here."""
        if reference.startswith("#"):
            return next((item for item in rows(container, "contained") if item.get("id") == reference[1:]), None)
        return self.by_reference.get(local(reference))


def shelve(resources: Iterable[Resource], patient: str) -> Shelf:
    """One patient's shelf from resources and Bundles of them, in any order. patient: logical id."""
    found = list(opened(resources))
    named = {local(url): resource for url, resource in found if url}
    newest, clashes = _newest(resource for _, resource in found)
    by_reference = named | {reference_of(resource): resource for resource in newest if string(resource, "id")}
    aliases = {patient} | {
        local(url) for url, resource in found if url and reference_of(resource) == f"Patient/{patient}"
    }
    whose = [(resource, _whose(resource, aliases)) for resource in newest]
    return Shelf(
        # in one order whatever the EHR's was, so that the same chart says the same
        resources=tuple(sorted((item for item, owner in whose if owner in ("patient", "nobody")), key=reference_of)),
        by_reference=by_reference,
        findings=(*clashes, *_not_used(whose)),
    )


def opened(resources: Iterable[Any]) -> Iterator[tuple[str, Resource]]:
    """(fullUrl or "", resource) of every resource, those inside Bundles and Parameters-like nesting included."""
    for resource in resources:
        if not isinstance(resource, Mapping):
            continue
        if resource.get("resourceType") != "Bundle":
            yield "", resource
            continue
        for entry in rows(resource, "entry"):
            for url, inner in opened([entry.get("resource")]):
                yield url or string(entry, "fullUrl"), inner


def local(reference: str) -> str:
    """A reference without server, version and urn: ".../Patient/1/_history/2" -> "Patient/1", "urn:uuid:a" -> "a"."""
    reference = reference.split("/_history/")[0].removeprefix("urn:uuid:").removeprefix("urn:oid:")
    return "/".join(reference.split("/")[-2:])


def reference_of(resource: Resource) -> str:
    """ "Observation/123"; without an id only the type."""
    kind, key = string(resource, "resourceType"), string(resource, "id")
    return f"{kind}/{key}" if key else kind


def version_of(resource: Resource) -> str:
    return string(resource, "meta", "versionId")


def _newest(resources: Iterable[Resource]) -> tuple[list[Resource], tuple[Finding, ...]]:
    """Each resource once, in its newest version; two contents with no way to tell which is newer are both left out."""
    kept: dict[str, Resource] = {}
    clashing: dict[str, str] = {}
    for place, resource in enumerate(resources):
        key = reference_of(resource) if string(resource, "id") else f"#{place}"
        other = kept.get(key)
        if other is None or _age(resource) > _age(other):
            kept[key] = resource
        elif other != resource and _age(resource) == _age(other) and string(resource, "resourceType") in _READ:
            clashing[key] = string(resource, "resourceType")
    findings = tuple(_clash(kind) for kind in sorted(clashing.values()))
    return [resource for key, resource in kept.items() if key not in clashing], findings


def _age(resource: Resource) -> tuple[str, float]:
    """Orders versions of one resource: by lastUpdated (one server, one format), then by a numeric version."""
    version = version_of(resource)
    return string(resource, "meta", "lastUpdated"), float(version) if version.isdecimal() else 0.0


def _clash(kind: str) -> Finding:
    return Finding(
        code="conflicting-versions",
        severity="critical",
        text=f"The same {kind} was supplied with two different contents and nothing says which is newer; "
        "neither was used. Reloading the chart may help.",
    )


def _whose(resource: Resource, aliases: set[str]) -> str:
    """Of the "patient", an "other", "nobody" (a kind that is about no patient), or "unsaid" where it should say."""
    if resource.get("resourceType") == "Patient":
        return "patient" if string(resource, "id") in aliases else "other"
    names = [name for name in _ABOUT if name in resource]
    if not names:
        return "unsaid" if resource.get("resourceType") in _NEED_SUBJECT else "nobody"
    references = [string(mapping(resource, name), "reference") for name in names]
    if not all(references):
        return "unsaid"
    return "patient" if all(_is_patient(reference, aliases) for reference in references) else "other"


def _is_patient(reference: str, aliases: set[str]) -> bool:
    name = local(reference)
    kind, _, key = name.rpartition("/")
    return name in aliases or (kind == "Patient" and key in aliases)


def _not_used(whose: list[tuple[Resource, str]]) -> Iterator[Finding]:
    other = [_kind(resource) for resource, owner in whose if owner == "other"]
    unsaid = [string(resource, "resourceType") for resource, owner in whose if owner == "unsaid"]
    unsaid = [kind for kind in unsaid if kind in _NEED_SUBJECT]
    if other:
        yield Finding(
            code="other-patient",
            severity="critical",
            text=f"The chart was supplied with data of another patient ({_counted(other)}); it was not used. "
            "Why it stands in this chart has to be cleared up first.",
        )
    if unsaid:
        yield Finding(
            code="patient-not-stated",
            severity="critical",
            text=f"Some data do not say which patient they are about ({_counted(unsaid)}); they were not used.",
        )


def _kind(resource: Resource) -> str:
    """The type for a sentence; whatever else stands in its place is chart text, and is not repeated."""
    kind = string(resource, "resourceType")
    return kind if _A_TYPE.fullmatch(kind) else "resource of no known type"


def _counted(kinds: list[str]) -> str:
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))
