"""What `fit` and `simulate` share: a model by id or file, options, numbers that JSON can carry."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

import click

from models.catalog import load_catalog
from models.nmtran import Carry
from models.population import PopulationModel, load_model

CARRY: dict[str, Carry] = {"backward": "next-value-backward", "forward": "last-value-forward"}

model_option = click.option(
    "--model",
    "model_name",
    required=True,
    metavar="ID|FILE",
    help="A model's id (`titrate models list`) or its .toml file.",
)
data_option = click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="CSV file with a header.",
)
carry_option = click.option(
    "--carry",
    type=click.Choice(tuple(CARRY)),
    default="backward",
    show_default=True,
    help="Covariates between rows: the next row's (backward, as NONMEM) or the last one's (forward, as a chart).",
)


def model_of(name: str) -> PopulationModel:
    """A .toml file, else a model of the catalog. Raises ModelFileError, UnknownModel."""
    return load_model(name) if name.endswith(".toml") else load_catalog().model(name)


@contextmanager
def progress_bar(total: int, label: str) -> Iterator[Any]:
    """A bar on standard error, where that is a terminal; called with the number done so far."""
    with click.progressbar(length=total, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield lambda done: bar.update(done - bar.pos)


def plain(value: Any) -> Any:
    """The value for JSON, which has no NaN: null in its place; arrays as lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return None if isinstance(value, float) and not isfinite(value) else value
