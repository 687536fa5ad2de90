"""titrate models compare: all models of a drug for one made-up patient."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say, show
from cds_server.cli.models.words import PREPARING
from models.catalog import load_catalog
from models.dosing.advice import Interval, Regimen
from models.drug import Drug
from models.errors import RecordError
from models.review.compare import Compared, made_up_patient, parse_patient
from models.review.compare import compare as compared
from models.review.interval_text import spread, three
from models.review.picture import picture
from models.review.regimen import WRITTEN, parse_regimen, regimen_text, usual_regimen
from models.review.table import patient_text
from models.target import Target
from models.units import unit_words


@click.command()
@click.argument("drug_name", metavar="DRUG")
@click.option(
    "--patient", "told", multiple=True, metavar="NAME=VALUE", help="A chart value, as in weight=82; repeatable."
)
@click.option("--regimen", "written", help=f"As in {WRITTEN!r}; without it, a middle dose of the drug's first product.")
@json_option
def compare(drug_name: str, told: tuple[str, ...], written: str | None, as_json: bool) -> None:
    """All models of DRUG for one made-up patient: applicable or not and why, clearance, volume, half-life, and the
    exposure at steady state with the central 90 % of the population. Values not given are a usual adult's. Exit 1 where
    no model is applicable."""
    catalog = load_catalog()
    drug = catalog.drug(drug_name)
    try:
        patient = made_up_patient(drug, parse_patient(told, drug))
        regimen = parse_regimen(written, drug) if written else None
    except RecordError as error:
        raise click.UsageError(str(error)) from error
    first = catalog.models_for(drug.name)[0]
    regimen = regimen or usual_regimen(drug, first, patient.get("weight"), first=first)
    say(PREPARING)
    rows = compared(catalog, drug, patient, regimen)
    show(_json(drug, patient, regimen, rows)) if as_json else click.echo(_text(drug, patient, regimen, rows))
    raise SystemExit(0 if any(row.predicted for row in rows) else EXIT_NOT_AS_WISHED)


def _text(drug: Drug, patient: Mapping[str, float], regimen: Regimen, rows: Sequence[Compared]) -> str:
    unit = unit_words(drug.concentration_unit)
    lines = [f"{drug.display}, made-up patient: {patient_text(patient)}", f"{regimen_text(regimen)}, steady state", ""]
    head = (
        "model",
        "CL, L/h",
        "V, L",
        "half-life, h",
        f"AUC24, {unit_words(drug.exposure_unit)}",
        f"trough, {unit}",
        f"peak, {unit}",
    )
    fitting = [row for row in rows if row.predicted]
    lines += _aligned([head, *(_cells(row) for row in fitting)]) if fitting else []
    lines += ["", *_picture(drug, fitting)] if fitting else []
    lines += [f"{row.model.id}: {text}" for row in fitting for text in row.remarks]
    if unfit := [row for row in rows if not row.predicted]:
        lines += ["", "Not for this patient:"]
        lines += [f"  {row.model.id}: {' '.join(row.reasons)}" for row in unfit]
    return "\n".join(lines)


def _cells(row: Compared) -> tuple[str, ...]:
    found = row.predicted
    if found is None:
        return (row.model.id,)
    half_life = three(found.kinetics.half_life) + (" eff." if found.kinetics.effective else "")
    exposure = (found.auc24, found.trough, found.peak)
    return (
        row.model.id,
        three(found.clearance),
        three(found.kinetics.volume),
        half_life,
        *(spread(item) for item in exposure),
    )


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _picture(drug: Drug, rows: Sequence[Compared]) -> list[str]:
    """The first target's metric where it is one of the three that are printed, else AUC24."""
    targets = [item.target for item in drug.targets if item.target.metric in ("auc24", "trough", "peak")]
    target = targets[0] if targets else None
    metric = target.metric if target else "auc24"
    items = [(row.model.id, _metric(row, metric)) for row in rows]
    drawn = picture(items, *_bounds(target))
    return [f"{metric}, median o and central 90 %" + (f"; = {target.indication}" if target else ""), drawn, ""]


def _bounds(target: Target | None) -> tuple[float, float]:
    return (target.low, target.high) if target else (0.0, inf)


def _metric(row: Compared, metric: str) -> Interval:
    found: Interval = getattr(row.predicted, metric)
    return found


def _json(drug: Drug, patient: Mapping[str, float], regimen: Regimen, rows: Sequence[Compared]) -> dict[str, Any]:
    return {
        "drug": drug.name,
        "patient": dict(patient),
        "regimen": {
            "amount_mg": regimen.amount,
            "interval_h": regimen.interval,
            "duration_h": regimen.duration,
            "route": regimen.route,
        },
        "models": [_row(row) for row in rows],
    }


def _row(row: Compared) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": row.model.id,
        "applicable": row.predicted is not None,
        "reasons": list(row.reasons),
        "remarks": list(row.remarks),
    }
    if row.predicted is None:
        return facts
    found = row.predicted
    exposure = {"auc24": found.auc24, "trough": found.trough, "peak": found.peak}
    return (
        facts
        | {
            "clearance_l_per_h": found.clearance,
            "volume_l": found.kinetics.volume,
            "half_life_h": found.kinetics.half_life,
            "half_life_is": "effective" if found.kinetics.effective else "terminal",
            "parameters": dict(found.parameters),
        }
        | {name: {"median": i.median, "low": i.low, "high": i.high, "unit": i.unit} for name, i in exposure.items()}
    )
