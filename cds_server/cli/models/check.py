"""titrate models check: every file read, and what reading alone does not see."""

import sys
from pathlib import Path

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say, show
from cds_server.cli.models.words import PREPARING
from fhir.vocabulary import unreadable
from models.catalog import DRUGS, Catalog, load_catalog
from models.review.checks import check_model
from models.review.drug_checks import check_drug
from models.review.issue import Issue
from models.review.reach import check_reach


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DRUGS)
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
@json_option
def check(folder: Path, strict: bool, as_json: bool) -> None:
    """Check every drug and model file under FOLDER: does it read, is each typical parameter above 0 all over the hard
    domain, is the prior predictive finite and plausible, are codes, limits, products and targets consistent.

    Exit 1 where a file has to be mended; 3, with file and key, where one does not read. A warning has to be known.
    """
    catalog = load_catalog(folder)
    say(PREPARING)
    issues = _issues(catalog)
    errors = [item for item in issues if item.severity == "error"]
    warnings = [item for item in issues if item.severity == "warning"]
    if as_json:
        show(_json(catalog, issues))
    else:
        click.echo("\n".join([*_lines(warnings), *_lines(errors), _summary(catalog, len(errors), len(warnings))]))
    raise SystemExit(EXIT_NOT_AS_WISHED if errors or (strict and warnings) else 0)


def _issues(catalog: Catalog) -> list[Issue]:
    found = [item for drug in catalog.drugs.values() for item in check_drug(drug, catalog.models_for(drug.name))]
    with click.progressbar(list(catalog.models.values()), label="Checking", file=sys.stderr) as models:
        for model in models:
            found += check_model(model, catalog.drug(model.drug), first=catalog.models_for(model.drug)[0])
            found += check_reach(model, unreadable())
    return found


def _json(catalog: Catalog, issues: list[Issue]) -> dict[str, object]:
    return {
        "drugs": len(catalog.drugs),
        "models": len(catalog.models),
        "findings": [
            {"where": item.where, "code": item.code, "severity": item.severity, "text": item.text} for item in issues
        ],
    }


def _lines(issues: list[Issue]) -> list[str]:
    """One a text, with all files that it is true of."""
    files: dict[str, list[str]] = {}
    for item in issues:
        files.setdefault(f"{item.severity} {item.code}: {item.text}", []).append(item.where)
    return [f"{text} [{', '.join(where)}]" for text, where in files.items()]


def _summary(catalog: Catalog, errors: int, warnings: int) -> str:
    counts = f"{len(catalog.drugs)} drugs and {len(catalog.models)} models"
    noted = f", {warnings} warnings" if warnings else ""
    return f"{counts}: {errors} findings{noted}" if errors else f"{counts} are in order{noted}"
