"""titrate advise: a FHIR Bundle in, cards out, all in this process."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from cds_server.answer import answer_from
from cds_server.cli.common import EXIT_NOT_AS_WISHED, EXIT_UNUSABLE, json_option, show, warm_up
from cds_server.config import Settings, from_environment
from cds_server.estimation import engine
from cds_server.gather import Gathered, Question
from cds_server.hooks.cards import EXTENSION, Card
from cds_server.hooks.errors import HookError
from cds_server.hooks.json import parse
from cds_server.hooks.protocol import HookRequest
from cds_server.issued import IssuedAdvice
from cds_server.parts import Parts, build_parts
from fhir.ordered.orders import drugs_of
from fhir.outcome.advised import Advised
from fhir.outcome.collection import collection
from models.drug import Drug

Resource = dict[str, Any]


class Unusable(click.ClickException):
    """A file that can not be used."""

    exit_code = EXIT_UNUSABLE


@click.command()
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--patient", help="Logical id of the patient; the Bundle's only Patient by default.")
@click.option("--drug", help="Name of a drug; every supported drug that the Bundle names by default.")
@click.option("--now", help="ISO 8601 time with its offset that the advice is for; the current time by default.")
@click.option("--fhir", "as_fhir", is_flag=True, help="A FHIR collection Bundle of what an EHR could keep, no cards.")
@json_option
def advise(bundle: Path, patient: str | None, drug: str | None, now: str | None, as_fhir: bool, as_json: bool) -> None:
    """Advise on the chart in BUNDLE. A draft MedicationRequest in it is compared and gets suggestions.

    Exit 0 where every card proposes a dose, 1 where one does not, 3 where the file can not be read.
    """
    resources = _resources(bundle)
    instant = _instant(now)
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        parts = _parts(Path(folder), instant)
        drugs = _drugs(drug, resources, parts)
        about = patient or _only_patient(resources)
        cards = _cards(resources, about, drugs, parts)
        kept = _kept(cards, about, parts) if as_fhir else {}
        parts.store.close()
    if as_fhir or as_json:
        show(kept or {"cards": cards})
    else:
        click.echo("\n\n".join(_text(card) for card in cards) or "no supported drug")
    proposed = [card["extension"][EXTENSION]["kind"] == "recommendation" for card in cards]
    raise SystemExit(0 if proposed and all(proposed) else EXIT_NOT_AS_WISHED)


def _resources(path: Path) -> list[Resource]:
    try:
        body = parse(path.read_bytes())
    except HookError as error:
        raise _unusable(f"{path}: {error.message}") from None
    if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
        raise _unusable(f"{path}: expected a FHIR R4 Bundle")
    entries = body.get("entry") or []
    found = (entry.get("resource") for entry in entries if isinstance(entry, dict))
    return [item for item in found if isinstance(item, dict)]


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a time: expected 2026-11-21T08:00:00+01:00") from None
    if found.tzinfo is None:
        raise click.BadParameter(
            f"{text!r} has no offset: a time zone is never guessed; write 2026-11-21T08:00:00+01:00"
        )
    return found


def _parts(folder: Path, instant: datetime) -> Parts:
    given = from_environment()
    settings = Settings(
        data_folder=folder,
        queue="in-process",
        seed=given.seed,
        draws=given.draws,
        site_file=given.site_file,
        companions=given.companions,
        signatures_file=str(given.signatures),
        library_folder=given.library_folder,
        secret_key="unused",  # noqa: S106 - signs links that nobody serves
    )
    parts = build_parts(settings)
    return Parts(**{**vars(parts), "clock": lambda: instant})


def _only_patient(resources: list[Resource]) -> str:
    found = [item.get("id") for item in resources if item.get("resourceType") == "Patient"]
    if len(found) != 1 or not isinstance(found[0], str):
        raise _unusable(f"the Bundle holds {len(found)} Patient resources: say which with --patient")
    return found[0]


def _drugs(name: str | None, resources: list[Resource], parts: Parts) -> list[Drug]:
    if name:
        return [parts.catalog.drug(name)]
    return [parts.catalog.drug(found) for found in drugs_of(resources, parts.catalog.drugs.values())]


def _cards(resources: list[Resource], patient: str, drugs: list[Drug], parts: Parts) -> list[Card]:
    drafts = [
        item for item in resources if item.get("resourceType") == "MedicationRequest" and item.get("status") == "draft"
    ]
    questions = tuple(Question(drug=drug, draft=_draft_of(drug, drafts)) for drug in drugs)
    gathered = Gathered(resources=tuple(resources), findings=(), questions=questions, uncoded=())
    request = HookRequest(hook="command-line", hook_instance=str(uuid4()), patient=patient, context={})
    return answer_from(gathered, request, "dose-advice", parts)


def _kept(cards: list[Card], patient: str, parts: Parts) -> Resource:
    """The advices behind the cards as an EHR could keep them."""
    found = [parts.store.issued(card["extension"][EXTENSION].get("adviceId", "")) for card in cards]
    advices = [_advised(issued, patient, parts) for issued in found if issued]
    if not advices:
        raise _unusable("no advice came of this Bundle: see its cards without --fhir")
    return collection(advices)


def _advised(issued: IssuedAdvice, patient: str, parts: Parts) -> Advised:
    return Advised(
        id=issued.id,
        at=issued.issued_at,
        patient=patient,
        drug=parts.catalog.drug(issued.drug),
        advice=issued.advice,
        chart=issued.chart,
        software=engine(),
    )


def _draft_of(drug: Drug, drafts: list[Resource]) -> Mapping[str, Any] | None:
    return next((draft for draft in drafts if drugs_of([draft], [drug])), None)


def _text(card: Card) -> str:
    return f"[{card['indicator']}] {card['summary']}\n\n{card['detail']}"


def _unusable(message: str) -> Unusable:
    return Unusable(message)
