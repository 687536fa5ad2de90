"""titrate nca: non-compartmental analysis of the profiles in a data file."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, show
from models.errors import RecordError
from models.evaluate.curve import Embedded
from models.evaluate.nca import NcaResult
from models.evaluate.nca import nca as analyse
from models.evaluate.parameters import parameters
from models.evaluate.profile import PER_MG, ROUTES, Route
from models.evaluate.remarks import remarks
from models.evaluate.table import Asked, Subject, read_subjects
from models.evaluate.terminal import NoTerminalPhase
from models.evaluate.trapezoid import METHODS, Method


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV file.")
@click.option("--route", type=click.Choice(ROUTES), help="Needed unless the file's RATE says infusion.")
@click.option("--duration", type=float, metavar="H", help="Hours of infusion, where the file has no RATE.")
@click.option("--dose", type=float, metavar="MG", help="Every subject's dose at TIME 0, where the file has no AMT.")
@click.option("--unit", type=click.Choice(tuple(PER_MG)), default="mg/L", show_default=True, help="Unit of DV.")
@click.option("--method", type=click.Choice(METHODS), default="linear", show_default=True, help="Trapezoids.")
@click.option("--between", type=click.Choice(("left-out", "zero")), default="left-out", show_default=True,
              help="Samples below the limit between measurable ones.")  # fmt: skip
@json_option
def nca(
    data: Path,
    route: Route | None,
    duration: float | None,
    dose: float | None,
    unit: str,
    method: Method,
    between: Embedded,
    as_json: bool,
) -> None:
    """Non-compartmental parameters of each subject, under their CDISC names.

    Columns: ID TIME(h) DV AMT(mg), also RATE EVID MDV BLQ LLOQ; one dose a subject. See docs/nca.md.
    Exit 0 where every subject has a terminal phase, 1 where one has none, 3 where the file can not be read.
    """
    asked = Asked(unit=unit, route=route, dose=dose, duration=duration)
    found = [
        (subject, analyse(subject.profile, method=method, embedded=between))
        for subject in read_subjects(_text(data), asked)
    ]
    if as_json:
        show({"method": method, "between": between, "subjects": [_facts(*item) for item in found]})
    else:
        click.echo("\n\n".join(_lines(*item) for item in found))
    raise SystemExit(0 if all(result.status == "estimated" for _, result in found) else EXIT_NOT_AS_WISHED)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError(f"{path.name} is not UTF-8 text: {error}") from error


def _facts(subject: Subject, result: NcaResult) -> dict[str, Any]:
    return {
        "id": subject.id,
        "route": result.profile.route,
        "dose": {"value": result.profile.dose, "unit": "mg"},
        "duration": {"value": result.profile.duration, "unit": "h"},
        "status": result.status,
        "reason": result.terminal.text if isinstance(result.terminal, NoTerminalPhase) else None,
        "c0_method": result.c0.method if result.c0 else None,
        "parameters": {item.name: {"value": item.value, "unit": item.unit} for item in parameters(result)},
        "findings": [asdict(finding) for finding in (*subject.findings, *remarks(result))],
    }


def _lines(subject: Subject, result: NcaResult) -> str:
    profile = result.profile
    over = f" over {profile.duration:g} h" if profile.duration else ""
    head = f"{subject.id}: {profile.dose:g} mg {profile.route}{over}, {result.method}, {result.status}"
    said = [f"  ! {finding.text}" for finding in (*subject.findings, *remarks(result))]
    values = [
        f"  {item.name:9}{'-' if item.value is None else format(item.value, '.6g'):>12}  {item.unit}"
        for item in parameters(result)
    ]
    return "\n".join([head, *said, *values])
