"""titrate models list and show."""

from collections.abc import Sized
from typing import Any

import click

from cds_server.cli.common import json_option, show
from models.catalog import load_catalog
from models.population import PopulationModel
from models.review.facts import Facts, model_facts, structure_words


@click.command("list")
@click.option("--drug", help="Only the models of this drug.")
@json_option
def list_models(drug: str | None, as_json: bool) -> None:
    """Every model: id, title, structure, and the chart values that it can not do without."""
    catalog = load_catalog()
    names = [catalog.drug(drug).name] if drug else list(catalog.drugs)
    found = [_short(model) for name in names for model in catalog.models_for(name)]
    if as_json:
        show({"models": found, "counts": {"models": len(found), "drugs": len(names)}})
        return
    width = max(len(item["id"]) for item in found) + 1
    for item in found:
        needed = ", ".join(item["needs"]) or "nothing"
        click.echo(f"{item['id']:{width}} {item['title']}; {item['structure']}; needs {needed}")
    click.echo(f"{len(found)} model{_s(found)} of {len(names)} drug{_s(names)}")


def _short(model: PopulationModel) -> dict[str, Any]:
    required = [name for need in model.needs if need.default is None for name in need.inputs]
    optional = [name for need in model.needs if need.default is not None for name in need.inputs]
    return {
        "id": model.id,
        "drug": model.drug,
        "title": model.title,
        "citation": model.citation,
        "population": model.population,
        "structure": structure_words(model),
        "needs": list(dict.fromkeys(required)),
        "takes": [name for name in dict.fromkeys(optional) if name not in required],
        "hash": model.hash,
    }


@click.command("show")
@click.argument("model_id")
@json_option
def show_model(model_id: str, as_json: bool) -> None:
    """Everything in the file of MODEL_ID: equations, numbers with units and sources, domain, what was not verified."""
    catalog = load_catalog()
    model = catalog.model(model_id)
    facts = model_facts(model, catalog.drug(model.drug))
    if as_json:
        show(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' ')}:")
        for line in _lines(name, value):
            click.echo(f"  {line}".rstrip())


def _lines(name: str, value: Any) -> list[str]:
    written = {"parameters": _parameter, "random_effects": _random, "covariates": _covariate, "domain": _domain}
    if name in written:
        return [written[name](item) for item in value]
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _parameter(item: Facts) -> str:
    symbol = "" if item["symbol"] == item["name"] else f" ({item['symbol']})"
    inside = f" = {item['inside']}" if item["inside"] else ""
    note = f"; {item['note']}" if item["note"] else ""
    return f"{item['name']}{symbol} = {item['value']:g} {item['unit']}{inside}  [{item['source']}{note}]"


def _random(item: Facts) -> str:
    acts = "" if item["parameters"] == [item["name"]] else f" on {', '.join(item['parameters'])}"
    occasion = f", at {item['occasion']}" if item["occasion"] else ""
    printed = f"; printed {item['printed']}" if item["printed"] else ""
    source = f"  [{item['source']}]" if item["source"] else ""
    return f"eta_{item['name']}{acts}{occasion}: {item['spread']}, variance {item['variance']:g}{printed}{source}"


def _covariate(item: Facts) -> str:
    citation = f" [{item['formula_citation']}]" if item["formula_citation"] else ""
    reads = "" if item["reads"] == [item["name"]] else f" from {', '.join(item['reads'])}"
    options = "".join(f", {key} {value:g}" for key, value in item["options"].items())
    cut = "".join(
        f", {word} {item[key]:g}" for key, word in (("low", "at least"), ("high", "at most")) if item[key] is not None
    )
    default = "required" if item["default"] is None else f"default {item['default']:g}"
    source = f"  [{item['source']}]" if item["source"] else ""
    return f"{item['name']}, {item['unit']}: {item['formula']}{citation}{reads}{options}{cut}; {default}{source}"


def _domain(item: Facts) -> str:
    required = ", has to be charted" if item["required"] else ""
    return f"{item['words']}: hard {item['hard'] or '-'}, soft {item['soft'] or '-'}{required}  [{item['source']}]"


def _s(items: Sized) -> str:
    return "" if len(items) == 1 else "s"
