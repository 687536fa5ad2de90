"""titrate models: what models there are, what is in them, and whether they read."""

from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import json_option, show
from models.catalog import DRUGS, load_catalog
from models.population import PopulationModel


@click.group()
def models() -> None:
    """List, show or check the population models."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """Every model with its drug and title."""
    found = [_short(model) for model in load_catalog().models.values()]
    if as_json:
        show({"models": found})
        return
    for item in found:
        click.echo(f"{item['id']:28} {item['title']}")


@models.command("show")
@click.argument("model_id")
@json_option
def show_model(model_id: str, as_json: bool) -> None:
    """Citation, population, equations and what was not verified of MODEL_ID."""
    model = load_catalog().model(model_id)
    facts = _short(model) | {
        "population": model.population,
        "equations": list(model.equations),
        "covariates": [f"{need.name} ({need.unit}): {need.formula}" for need in model.needs],
        "not verified": list(model.not_verified),
    }
    if as_json:
        show(facts)
        return
    for name, value in facts.items():
        lines = value if isinstance(value, list) else [value]
        click.echo(f"{name}:\n" + "\n".join(f"  {line}" for line in lines))


@models.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DRUGS)
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Read every drug and model file under FOLDER; exit 3, with file and key, where one does not fit."""
    catalog = load_catalog(folder)
    counts = {"drugs": len(catalog.drugs), "models": len(catalog.models)}
    show(counts) if as_json else click.echo(f"{counts['drugs']} drugs and {counts['models']} models are in order")


def _short(model: PopulationModel) -> dict[str, Any]:
    return {
        "id": model.id,
        "drug": model.drug,
        "title": model.title,
        "citation": model.citation,
        "hash": model.hash,
    }
