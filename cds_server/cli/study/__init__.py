"""titrate study: simulated patients, dosed by rule and by advice; each model against their average."""

import click

from cds_server.cli.study.attainment import run_attainment
from cds_server.cli.study.averaging import averaging
from cds_server.cli.study.estimators import estimators
from cds_server.cli.study.options import draws_option, json_option, out_option, processes_option, seed_option
from models.study.design import designed


@click.group(invoke_without_command=True)
@click.option("--drug", "drugs", multiple=True, type=click.Choice(designed()), help="Only these; may be repeated.")
@click.option("--patients", type=click.IntRange(2, 100_000), default=1000, show_default=True, help="A drug.")
@click.option("--alone-every", type=click.IntRange(1), default=4, show_default=True, metavar="N",
              help="Every N-th patient is also dosed by each model alone.")  # fmt: skip
@seed_option
@draws_option
@out_option
@processes_option
@json_option
@click.pass_context
def study(
    context: click.Context,
    drugs: tuple[str, ...],
    patients: int,
    alone_every: int,
    seed: int,
    draws: int,
    out: str | None,
    processes: int | None,
    as_json: bool,
) -> None:
    """Simulate patients of each drug from a model that the advice does not rest on alone, and dose them.

    \b
    Four regimens for each patient: standard dosing (the rule of a label or a
    nomogram), advice from covariates, advice after one level, after two. Of
    each: share of patients whose true exposure lies in the target, below,
    above, and how far the forecast was off. The models, covariates, rules and
    sampling times are in models/study/designs/<drug>.toml. Drawing, dosing and
    sampling are as charted: wrong times, missed doses and changing patients
    are not in it.

    With --out: study.md, study.json and attainment.svg are written into that folder.

    `titrate study averaging`: each model alone against all averaged.

    Exit 0: advice after two levels beats standard dosing for every drug (95 %
    interval above 0). 1: it does not. 2: used wrongly.
    """
    if context.invoked_subcommand is None:
        run_attainment(drugs or designed(), patients, alone_every, seed, draws, out, processes, as_json)


study.add_command(averaging)
study.add_command(estimators)
