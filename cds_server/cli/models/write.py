"""titrate models docs and review: the pages that are written from the files."""

import sys
from pathlib import Path

import click

from cds_server.cli.common import say
from cds_server.cli.models.words import PREPARING
from models.catalog import load_catalog
from models.review.page import pages
from models.review.table import review_page


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("docs/drugs"), show_default=True)
def docs(out: Path) -> None:
    """Write one page a drug and their index into OUT; pages of drugs that are gone are removed."""
    wanted = pages(load_catalog())
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(out.glob("*.md")):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (out / name).write_text(text, encoding="utf-8")
    click.echo(f"{len(wanted)} pages in {out}")


@click.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; without it, standard output.")
def review(out: Path | None) -> None:
    """Write the prior predictive of every model at its reference patient, for a reviewer's eye."""
    catalog = load_catalog()
    say(PREPARING)
    with click.progressbar(length=len(catalog.models), label="Predicting", file=sys.stderr) as bar:
        text = review_page(catalog, each=lambda id: bar.update(1))
    if out is None:
        click.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(f"{len(catalog.models)} models in {out}")
