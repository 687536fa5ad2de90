"""Options and words that the rules commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import json_option as json_option
from models.cohorts.design import load_cohort_design
from models.rules.frozen import FORMS, Assessment, FrozenRule
from models.rules.library import LIBRARY, Library
from models.rules.rulefile import content
from models.rules.task import tasked

library_option = click.option(
    "--library",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=LIBRARY,
    show_default="the rules that ship",
    help="The folder with the rules, <drug>/<scheme>-<form>.toml.",
)
out_option = click.option(
    "--out", type=click.Path(file_okay=False, writable=True, path_type=Path), required=True, metavar="FOLDER",
    help="Where the rules are written.",
)  # fmt: skip
form_option = click.option(
    "--form", type=click.Choice(FORMS),
    help="informed: with what a population model expects as input; alone: without. Both unless given.",
)  # fmt: skip
patients_option = click.option("--patients", type=click.IntRange(200, 100_000), default=1500, show_default=True,
                               help="To train with.")  # fmt: skip
seed_option = click.option("--seed", type=click.IntRange(0), default=101, show_default=True,
                           help="Of the training patients.")  # fmt: skip


def drug_option(**more: Any) -> Callable[..., Any]:
    return click.option("--drug", type=click.Choice(tasked()), **more)


def schemes_of(drug: str, scheme: str | None) -> tuple[str, ...]:
    """All of the drug's, or the asked one; used wrongly where the drug has it not."""
    known = tuple(load_cohort_design(drug).schemes)
    if scheme is None:
        return known
    if scheme not in known:
        raise click.BadParameter(f"{drug} has {', '.join(known)}", param_hint="--scheme")
    return (scheme,)


def known_rule(library: Library, id: str) -> FrozenRule:
    """Used wrongly where there is none of that id; RuleError where its file is refused."""
    if id not in library.rules and f"{id}.toml" not in {item.file for item in library.refused}:
        raise click.UsageError(f"there is no rule {id!r}: see titrate rules list")
    return library.rule(id)


def as_json(rule: FrozenRule) -> dict[str, Any]:
    signatures = [dict(vars(item)) for item in rule.signatures]
    return {**content(rule), "hash": rule.hash, "signatures": signatures}


def measures_text(item: Assessment) -> str:
    """On one line, with intervals."""
    units = {"rmse": "RMSE", "log_rmse": "log-RMSE", "bias": "bias", "within_20": "within 20 %"}
    parts = [
        f"{units.get(m.name, m.name.replace('_', ' ') + ' %')} {m.value:g} % ({m.low:g} to {m.high:g})"
        for m in item.measures
    ]
    silent = f", silent of {100 * item.silent:.1f} %" if item.silent else ""
    return f"{item.on} ({item.patients}{silent}): {'; '.join(parts)}"
