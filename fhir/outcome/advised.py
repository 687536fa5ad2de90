"""One advice as the builders need it, and the parts that its resources share: identity, references, systems."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from fhir.chart import Chart, Source
from fhir.clock import moment_at
from fhir.r4 import check
from models.dosing.advice import Advice, Declined, ModelUsed, Recommendation, Regimen
from models.drug import Drug
from models.findings import Finding, Severity

Resource = dict[str, Any]

ADVICE, MODEL, FINDING, OUTCOME = (f"urn:titrate:{name}" for name in ("advice", "model", "finding", "outcome"))
SERVICE = "urn:titrate:dose-advice"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # FHIR R4, datatype id
_ORDER: Mapping[Severity, int] = MappingProxyType({"critical": 0, "warning": 1, "info": 2})


@dataclass(frozen=True, kw_only=True)
class Advised:
    """id: of the advice, opaque. at: aware. patient: logical id. software: version of the service that computed it.

    user, encounter: references as the EHR gave them ("Practitioner/1"), "" = not known.
    """

    id: str
    at: datetime
    patient: str
    drug: Drug
    advice: Advice
    chart: Chart
    software: str
    user: str = ""
    encounter: str = ""

    @property
    def subject(self) -> Resource:
        """The patient by reference only: no name leaves with an advice."""
        return {"reference": f"Patient/{self.patient}"}

    @property
    def instant(self) -> str:
        return self.at.isoformat(timespec="seconds")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that has to be said, the reasons of a clinical no first, then by severity."""
        reasons = self.advice.reasons if isinstance(self.advice, Declined) else ()
        rest = sorted(self.advice.findings, key=lambda item: _ORDER[item.severity])
        return tuple(dict.fromkeys((*reasons, *rest)))

    def url(self, kind: str, place: int = 0) -> str:
        """The same for the same advice each time: stored twice, a resource is one resource."""
        return uuid5(NAMESPACE_URL, f"{ADVICE}:{self.id}/{kind}/{place}").urn

    def moment(self, hours: float) -> datetime:
        """An hour of the record as an instant, in the zone of the time of advice."""
        return moment_at(self.chart.origin, hours, like=self.at)


def resource(advised: Advised, kind: str, content: Mapping[str, Any], place: int = 0) -> Resource:
    """A resource with its id; raises BadResource where it is not valid R4."""
    made = {"resourceType": kind, "id": advised.url(kind, place).removeprefix("urn:uuid:"), **content}
    check(made)
    return made


def service(advised: Advised) -> Resource:
    """The service as who did it: the Device of the same collection."""
    return {"reference": advised.url("Device"), "display": "Titrate dose advice"}


def in_encounter(advised: Advised) -> Resource:
    return {"encounter": {"reference": advised.encounter}} if advised.encounter else {}


def basis(chart: Chart) -> list[Resource]:
    """Each resource that a value was read from, once."""
    return list(_once(to_source(source) for source in chart.sources.values()))


def versioned_basis(chart: Chart) -> list[Resource]:
    """As basis, in the version that was read where the EHR gave one."""
    return list(_once(to_source(source, versioned=True) for source in chart.sources.values()))


def to_source(source: Source, *, versioned: bool = False) -> Resource:
    """A reference; only the type of a resource that came without an id of FHIR's form."""
    kind, _, key = source.resource.partition("/")
    if not _ID.fullmatch(key):
        return {"type": kind, "display": f"{kind} without a usable id"}
    version = f"/_history/{source.version}" if versioned and _ID.fullmatch(source.version) else ""
    return {"reference": f"{kind}/{key}{version}"}


def _once(references: Iterable[Resource]) -> Iterator[Resource]:
    yield from {str(reference): reference for reference in references}.values()


def medication(drug: Drug) -> Resource:
    systems = {"rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm", "atc": "http://www.whocc.no/atc"}
    pairs = [*(("rxnorm", code) for code in drug.rxnorm), *(("atc", code) for code in drug.atc)]
    codings = [{"system": systems[name], "code": code, "display": drug.display} for name, code in pairs]
    return {"coding": codings, "text": drug.display}


def models_of(advice: Advice) -> tuple[tuple[str, str, str], ...]:
    """(id, hash, title) of the models that the answer rests on, the heaviest first."""
    weighing = [(item.id, item.hash, item.title) for item in advice.considered if item.weight > 0]
    used: ModelUsed | None = advice.model
    return tuple(weighing) or (((used.id, used.hash, used.title),) if used else ())


def proposed(advice: Advice) -> Regimen | None:
    return advice.regimens[0].regimen if isinstance(advice, Recommendation) else None
