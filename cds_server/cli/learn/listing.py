"""titrate learn list and show: what there is, and one companion's card."""

import json
from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option
from cds_server.cli.common import show as show_json
from cds_server.cli.signed import signatures_option, site_signatures
from models.learned.companion import Companion
from models.learned.library import LIBRARY, Companions, load_companions, load_placed, paths, signed
from models.units import unit_words

folder_option = click.option("--folder", type=click.Path(file_okay=False, exists=True, path_type=Path), default=LIBRARY,
                             help="By default the library.")  # fmt: skip


@click.command("list")
@folder_option
@signatures_option
@json_option
def listing(folder: Path, signatures: Path | None, as_json: bool) -> None:
    """Every companion: what it foretells, how it did out of fold, who signed it into use.

    Exit 1 where a file is refused; the others are listed.
    """
    known = load_companions(folder).signed(site_signatures(signatures))
    if as_json:
        refused = [vars(item) for item in known.refused]
        show_json({"companions": [row(one) for one in known.companions.values()], "refused": refused})
    else:
        _listed(known)
    raise SystemExit(EXIT_NOT_AS_WISHED if known.refused else 0)


def _listed(known: Companions) -> None:
    for one in known.companions.values():
        click.echo(f"{one.id:36} {len(one.inputs):2} inputs  {_error(one):28} {_signed(one)}")
    for item in known.refused:
        click.echo(f"refused: {item.reason}")
    click.echo(f"{len(known.companions)} companions")


@click.command()
@click.argument("name")
@folder_option
@signatures_option
@json_option
def show(name: str, folder: Path, signatures: Path | None, as_json: bool) -> None:
    """The card of one companion, such as vancomycin/trough-exposure."""
    one = signed(found(name, folder)[1], site_signatures(signatures))
    if as_json:
        show_json(row(one) | {"inputs": [vars(item) for item in one.inputs], "manifest": one.manifest})
        return
    click.echo("\n".join(_card(name, one)))


def found(name: str, folder: Path) -> tuple[Path, Companion]:
    """The companion of that name with its file; UsageError where there is none."""
    path = next((path for path in paths(folder) if name_of(path) == name), None)
    if path is None:
        raise click.UsageError(f"there is no companion {name!r}: see titrate learn list")
    return path, load_placed(path)


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


_WORDS = {
    "exposure": "foretells ln(expected / true exposure) from the levels and covariates",
    "hybrid": "foretells ln(fitted / true exposure): what the fit by the reference model misses",
    "weight": "chooses how much the published prior weighs in the fit",
}


def _card(name: str, found: Companion) -> list[str]:
    lines = [f"{name}: {_WORDS[found.kind]}", f"  {_signed(found)}; hash {found.hash}", "  inputs, as trained:"]
    for item in found.inputs:
        unit = "" if item.unit == "1" else f" {unit_words(item.unit)}"
        lines.append(f"    {item.name}: {item.low:.4g} to {item.high:.4g}{unit}, median {item.reference:.4g}")
    lines += [f"  {key}: {json.dumps(value)}" for key, value in found.metrics.items()]
    return [*lines, "  not verified:", *(f"    {text}" for text in found.not_verified)]


def row(one: Companion) -> dict[str, Any]:
    """One companion as JSON."""
    return {
        "name": one.id,
        "drug": one.drug,
        "scheme": one.scheme,
        "kind": one.kind,
        "hash": one.hash,
        "metrics": one.metrics,
        "signed": vars(one.signed),
        "not_verified": list(one.not_verified),
    }


def _error(one: Companion) -> str:
    if one.kind == "weight":
        return f"log-RMSE {one.metrics['out_of_fold_log_rmse_chosen']:.3f} out of fold"
    return f"log-RMSE {one.metrics['nested_cv_log_rmse']['boosting']:.3f} nested CV"


def _signed(one: Companion) -> str:
    return f"signed into use: {one.in_use}" if one.in_use else "not signed into use"
