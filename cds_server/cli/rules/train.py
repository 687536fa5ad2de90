"""titrate rules train: from simulated patients to frozen rules, resumable."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say, show
from cds_server.cli.rules.options import as_json as rule_json
from cds_server.cli.rules.options import (
    drug_option,
    form_option,
    measures_text,
    out_option,
    patients_option,
    schemes_of,
    seed_option,
)
from models.catalog import load_catalog
from models.cohorts.design import load_cohort_design
from models.errors import RuleError
from models.rules.checkpoint import Checkpoints
from models.rules.engines.engine import Engine
from models.rules.engines.operon import Operon
from models.rules.engines.pysr import Pysr
from models.rules.frozen import FrozenRule
from models.rules.library import write_rule
from models.rules.task import forms, tasked
from models.rules.train import Plan, Trained, behind_by, populations, train
from models.rules.wording import at_once


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One drug and scheme, with the forms asked for."""

    drug: str
    scheme: str
    forms: tuple[Any, ...]


@click.command("train")
@drug_option(help="Only this drug.")
@click.option("--scheme", help="Only this sampling scheme of the drug.")
@form_option
@patients_option
@seed_option
@click.option("--seeds", type=click.IntRange(1, 50), default=5, show_default=True, help="Searches, with seeds 1, 2 ...")
@click.option("--generations", type=click.IntRange(1, 10_000), default=60, show_default=True, help="Of each search.")
@click.option("--test-patients", type=click.IntRange(20, 100_000), default=400, show_default=True,
              help="Unseen, of each of three test seeds.")  # fmt: skip
@click.option("--alone-within", type=click.FloatRange(0), default=2.0, show_default=True, metavar="POINTS",
              help="A rule without a model is written where its RMSE is so near that of the informed one.")  # fmt: skip
@click.option("--engine", type=click.Choice(("pyoperon", "pysr")), default="pyoperon", show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="The result is the same.")
@click.option("--checkpoints", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Finished searches; a run that was stopped goes on from there.")  # fmt: skip
@out_option
@json_option
def train_rules(
    drug: str | None,
    scheme: str | None,
    form: str | None,
    patients: int,
    seed: int,
    seeds: int,
    generations: int,
    test_patients: int,
    alone_within: float,
    engine: str,
    threads: int,
    checkpoints: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Simulate patients, search formulas, choose one, test it on patients of a model that was never trained on.

    \b
    Of each drug's sampling schemes both forms, unless one is asked for.
    The same options give the same formula and hash, on any number of threads.
    Exit 1: for some scheme no formula could be a rule.
    """
    if scheme and not drug:
        raise click.BadParameter("goes with --drug", param_hint="--scheme")
    wishes = [wish for name in ([drug] if drug else tasked()) for wish in _wishes(name, scheme, form)]
    plan = Plan(patients=patients, seed=seed, seeds=tuple(range(1, seeds + 1)), test_patients=test_patients)
    searching: Engine = Operon(generations=generations, threads=threads) if engine == "pyoperon" else Pysr()
    found, failed = _all(wishes, plan, searching, Checkpoints(checkpoints), out, alone_within, quiet=as_json)
    if as_json:
        show({"rules": [rule_json(rule) for rule in found], "failed": failed})
    raise SystemExit(EXIT_NOT_AS_WISHED if failed else 0)


def _wishes(drug: str, scheme: str | None, form: str | None) -> Iterator[Wish]:
    for name in schemes_of(drug, scheme):
        found = tuple(item for item in forms(load_cohort_design(drug), name) if form in (None, item))
        if found:
            yield Wish(drug=drug, scheme=name, forms=found)


def _all(
    wishes: list[Wish], plan: Plan, engine: Engine, checkpoints: Checkpoints, out: Path, within: float, *, quiet: bool
) -> tuple[list[FrozenRule], dict[str, str]]:
    """Each rule is written as soon as it is there."""
    found: dict[str, FrozenRule] = {}
    failed: dict[str, str] = {}
    for wish in wishes:
        for form, result in _trained(wish, plan, engine, checkpoints):
            id = f"{wish.drug}/{wish.scheme}-{form}"
            if not quiet:
                _tell(id, result)
            if isinstance(result, RuleError):
                failed[id] = str(result)
            elif _near(result.rule, found.get(f"{wish.drug}/{wish.scheme}-informed"), within):
                write_rule(result.rule, out)
                found[id] = result.rule
    return list(found.values()), failed


def _near(rule: FrozenRule, informed: FrozenRule | None, within: float) -> bool:
    if rule.form != "alone" or informed is None or behind_by(rule, informed) <= within:
        return True
    say(f"{rule.id} is not written: {behind_by(rule, informed):.1f} points of RMSE behind the informed rule")
    return False


def _trained(
    wish: Wish, plan: Plan, engine: Engine, checkpoints: Checkpoints
) -> Iterator[tuple[Any, "Trained | RuleError"]]:
    catalog = load_catalog()
    say(f"{wish.drug}, {wish.scheme}")
    with _bars() as told:
        made = populations(load_cohort_design(wish.drug), catalog, wish.scheme, plan, told)
        for form in wish.forms:
            try:
                yield form, train(
                    catalog, wish.drug, wish.scheme, form, engine,
                    plan=plan, made=made, checkpoints=checkpoints, progress=told,
                )  # fmt: skip
            except RuleError as error:
                yield form, error


def _tell(id: str, result: "Trained | RuleError") -> None:
    if isinstance(result, Trained):
        click.echo(f"{id}: {result.rule.nodes} nodes, {result.rule.hash[:12]}")
        click.echo(f"  {at_once(result.rule)}")
        for item in result.rule.assessments:
            click.echo(f"  {measures_text(item)}")
    else:
        click.echo(f"{id}: {result}")


@contextmanager
def _bars() -> Iterator[Any]:
    """One bar for each kind of work, on standard error, where that is a terminal."""
    bars: dict[str, Any] = {}

    def told(label: str, done: int, total: int) -> None:
        if label not in bars:
            bars[label] = click.progressbar(length=total, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())
        bars[label].update(done - bars[label].pos)
        if done == total:
            bars.pop(label).render_finish()

    yield told
