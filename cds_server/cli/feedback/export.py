"""titrate feedback export: one line a card, for a statistics program; no patient, no comment."""

import csv
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cds_server.acceptance.facts import CardFact
from cds_server.cli.common import say
from cds_server.cli.feedback.facts import facts_of, span_options
from cds_server.decision import Judged

_CARD = (
    *("card", "issued", "hook", "kind", "indicator", "drug", "model", "suggestions", "answers", "answer", "answered"),
    *("reason", "reason_hl7", "dose_read_from"),
)
_DOSE = ("mg", "interval_h", "duration_h", "route", "exposure", "exposure_unit", "attainment")
COLUMNS = (*_CARD, *(f"{whose}_{name}" for whose in ("proposed", "taken") for name in _DOSE))

# A spreadsheet runs a cell that begins with one of these as a formula; codes come from outside.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@click.command()
@span_options
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A .csv or .jsonl file.")
@click.option("--json", "as_json", is_flag=True, help="Say what was written as JSON.")
def export(since: datetime | None, until: datetime | None, out: Path, as_json: bool) -> None:
    """Every card with the last word on it, as CSV or JSON lines (docs/feedback.md names the columns)."""
    if out.suffix not in (".csv", ".jsonl"):
        raise click.UsageError(f"--out {out.name}: expected a name ending in .csv or .jsonl")
    rows = [row(fact) for fact in facts_of(since, until)]
    (_csv if out.suffix == ".csv" else _jsonl)(rows, out)
    if as_json:
        click.echo(json.dumps({"file": str(out), "cards": len(rows), "columns": list(COLUMNS)}))
    else:
        say(f"{len(rows)} cards written to {out}")


def row(fact: CardFact) -> dict[str, Any]:
    """One card as flat values; None where there is none."""
    taken, proposed = (fact.decision.taken, fact.decision.proposed) if fact.decision else (None, None)
    plain = {
        "card": fact.card,
        "issued": fact.issued_at.isoformat(),
        "hook": fact.hook,
        "kind": fact.kind,
        "indicator": fact.indicator,
        "drug": fact.drug or None,
        "model": fact.model or None,
        "suggestions": fact.suggestions,
        "answers": fact.answers,
        "answer": fact.answer,
        "answered": fact.answered_at.isoformat() if fact.answered_at else None,
        "reason": fact.reason or None,
        "reason_hl7": fact.hl7 or None,
        "dose_read_from": fact.decision.origin if fact.decision else None,
    }
    return plain | _dose("proposed", proposed) | _dose("taken", taken)


def _dose(whose: str, judged: Judged | None) -> dict[str, Any]:
    values: tuple[Any, ...] = (None,) * len(_DOSE)
    if judged:
        values = (judged.amount, judged.interval, judged.duration, judged.route)
        values += (judged.exposure, judged.unit, judged.attainment)
    return {f"{whose}_{name}": value for name, value in zip(_DOSE, values, strict=True)}


def _csv(rows: Iterable[dict[str, Any]], out: Path) -> None:
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=COLUMNS)
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in one.items()} for one in rows)


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _jsonl(rows: Iterable[dict[str, Any]], out: Path) -> None:
    out.write_text("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in rows), encoding="utf-8")
