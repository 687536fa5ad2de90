"""What one hook call is about: the resources it brings or that can be fetched, the drugs concerned, a case for each."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_server.advise import Case
from cds_server.ehr import Ehr, ehr_of
from cds_server.hooks.contexts import context_of
from cds_server.hooks.errors import DataMissing
from cds_server.hooks.protocol import HookRequest
from cds_server.parts import Parts
from fhir.ehr.prefetch import Completed, complete
from fhir.ordered.orders import drugs_of, explain_order
from fhir.read import read_chart
from models.drug import Drug
from models.findings import Finding

log = logging.getLogger(__name__)

Resource = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One drug to advise on. draft: the order at hand as it came, None where there is none. drafts: how many of it."""

    drug: Drug
    draft: Resource | None
    drafts: int = 1


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """resources: the patient's; questions: one a drug; uncoded: drugs that a draft names in words without a code."""

    resources: tuple[Resource, ...]
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    uncoded: tuple[Drug, ...]


def gather(request: HookRequest, parts: Parts) -> Gathered:
    """Raises DataMissing where a dose-critical prefetch key can not be had."""
    at_order = bool(context_of(request.hook).drafts)
    drugs = tuple(parts.catalog.drugs.values())
    drafted, uncoded = _drafted(request, drugs)
    if at_order and not drafted:
        return Gathered(resources=(), findings=(), questions=(), uncoded=uncoded)
    deadline = parts.settings.fhir_deadline_ms / 1000
    ehr = ehr_of(request, parts.connections, parts.client_for)
    context = {**request.context, "patientId": request.patient}  # the id, where the call brought a reference
    completed = complete(request.hook, context, request.prefetch, ehr.client, grant=ehr.grant, deadline_s=deadline)
    if completed.missing:
        raise _missing(completed, ehr)
    seen = set() if at_order else set(drugs_of(completed.resources, drugs))
    viewed = tuple(Question(drug=drug, draft=None) for drug in drugs if drug.name in seen)
    return Gathered(
        resources=completed.resources,
        findings=(*completed.findings, *ehr.findings),
        questions=drafted or viewed,
        uncoded=uncoded,
    )


def case_of(question: Question, gathered: Gathered, request: HookRequest, now: datetime) -> Case:
    """The chart of one drug; a draft for someone else is a critical finding."""
    chart = read_chart(gathered.resources, patient=request.patient, drug=question.drug, now=now)
    if question.draft is None:
        return Case(drug=question.drug, chart=chart, findings=gathered.findings)
    ordered, said = explain_order(question.draft, question.drug, resources=gathered.resources)
    if question.draft.get("doNotPerform") is True:
        text = "The draft says that the drug is not to be given; it is not read as a regimen."
        ordered, said = None, (Finding(code="order-unreadable", severity="warning", text=text),)
    findings = (*gathered.findings, *said, *_whose(question.draft, request.patient), *_several(question))
    return Case(drug=question.drug, chart=chart, ordered=ordered, findings=findings)


def _refused(findings: Iterable[Finding]) -> bool:
    """Whether the FHIR server turned a read away: its status stands in the finding that the read left."""
    return any(item.code == "not-available" and re.search(r"\bHTTP 40[13]\b", item.text) for item in findings)


def _missing(completed: Completed, ehr: Ehr) -> DataMissing:
    names = ", ".join(completed.missing)
    message = f"no advice without prefetch {names}: the call does not bring them, and {ehr.why or _why(completed)}"
    return DataMissing(message, where=f"prefetch.{completed.missing[0]}")


def _why(completed: Completed) -> str:
    """Why an EHR that may be read did not hand out what is missing."""
    if completed.not_covered:
        return f"the scopes of the call's token do not include {', '.join(completed.not_covered)}"
    if _refused(completed.findings):
        return (
            "the EHR's FHIR server refused to hand them out (HTTP 401 or 403): the call's token does not reach that far"
        )
    return f"they could not be had from the EHR's FHIR server: {'; '.join(completed.why)}"


def _drafted(request: HookRequest, drugs: tuple[Drug, ...]) -> tuple[tuple[Question, ...], tuple[Drug, ...]]:
    """The latest draft of each drug, by its codes; and the drugs that an uncoded draft names in words."""
    questions: dict[str, Question] = {}
    uncoded: dict[str, Drug] = {}
    by_name = {drug.name: drug for drug in drugs}
    for draft in request.drafts:
        found = drugs_of((draft,), drugs)
        for name in found:
            count = questions[name].drafts + 1 if name in questions else 1
            questions[name] = Question(drug=by_name[name], draft=draft, drafts=count)
        uncoded |= {} if found else {drug.name: drug for drug in drugs if _names(draft, drug)}
    return tuple(questions.values()), tuple(drug for name, drug in uncoded.items() if name not in questions)


def _several(question: Question) -> tuple[Finding, ...]:
    """Which of several drafts is meant is not guessed: a change of one would leave the others as they are."""
    if question.drafts < 2:
        return ()
    text = (
        f"{question.drafts} draft orders of {question.drug.display.lower()} are open in this call; an answer to one of "
        "them would leave the others as they are, and together they are not judged."
    )
    return (Finding(code="several-drafts", severity="critical", text=text),)


def _names(draft: Resource, drug: Drug) -> bool:
    concept = draft.get("medicationCodeableConcept")
    text = concept.get("text") if isinstance(concept, Mapping) else None
    return isinstance(text, str) and re.search(rf"\b{re.escape(drug.name)}\b", text.lower()) is not None


def _whose(draft: Resource | None, patient: str) -> tuple[Finding, ...]:
    """Some EHRs leave the subject out of a draft; one that names someone else is refused."""
    subject = draft.get("subject") if draft is not None else None
    reference = subject.get("reference") if isinstance(subject, Mapping) else None
    if not isinstance(reference, str) or reference.rpartition("/")[2] == patient:
        return ()
    text = "The draft order names another patient than the chart that is open; it was not used."
    return (Finding(code="other-patient", severity="critical", text=text),)
