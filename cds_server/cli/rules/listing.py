"""titrate rules list and show."""

from pathlib import Path

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, show
from cds_server.cli.rules.options import as_json as rule_json
from cds_server.cli.rules.options import known_rule, library_option, measures_text
from cds_server.cli.rules.working import numbers, target_option, value_option, worked_out
from cds_server.cli.signed import signatures_option, site_signatures
from models.rules.export import python_of, spreadsheet_of
from models.rules.frozen import FrozenRule
from models.rules.library import Library, load_library
from models.rules.wording import at_once, json_of, latex_of, steps
from models.signature import Signature
from models.units import unit_words


@click.command("list")
@click.option("--drug", help="Only the rules of this drug.")
@library_option
@signatures_option
@json_option
def list_rules(drug: str | None, library: Path, signatures: Path | None, as_json: bool) -> None:
    """Every rule: id, nodes, formula, and whether somebody signed it into use."""
    found = load_library(library).signed(site_signatures(signatures))
    rules = [rule for rule in found.rules.values() if drug in (None, rule.drug)]
    if as_json:
        show({"rules": [rule_json(rule) for rule in rules], "refused": [vars(item) for item in found.refused]})
    else:
        _listed(rules, found)
    raise SystemExit(EXIT_NOT_AS_WISHED if found.refused else 0)


def _listed(rules: list[FrozenRule], found: Library) -> None:
    width = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        signed = "signed" if rule.signed else "not signed"
        click.echo(f"{rule.id:{width}}  {rule.nodes:2} nodes  {signed}  {at_once(rule)}")
    for item in found.refused:
        click.echo(f"refused: {item.reason}")
    click.echo(f"{len(rules)} rule{'' if len(rules) == 1 else 's'}")


@click.command("show")
@click.argument("rule_id")
@click.option("--as", "export", type=click.Choice(("text", "latex", "python", "spreadsheet", "json")), default="text",
              show_default=True, help="How the formula is written out.")  # fmt: skip
@value_option
@target_option
@library_option
@signatures_option
@json_option
def show_rule(
    rule_id: str,
    export: str,
    values: tuple[str, ...],
    target: float | None,
    library: Path,
    signatures: Path | None,
    as_json: bool,
) -> None:
    """What is in the file of RULE_ID; with --value, worked out for a patient.

    Exit 1 where the rule is silent for that patient.
    """
    rule = known_rule(load_library(library).signed(site_signatures(signatures)), rule_id)
    if target is not None and not values:
        raise click.UsageError("--target goes with --value")
    if values:
        worked_out(rule, numbers(values), target, as_json)
    elif as_json:
        show(rule_json(rule))
    elif export != "text":
        _exported(rule, export)
    else:
        click.echo("\n".join(_lines(rule)))


def _exported(rule: FrozenRule, export: str) -> None:
    match export:
        case "latex":
            click.echo(latex_of(rule))
        case "python":
            click.echo(python_of(rule), nl=False)
        case "spreadsheet":
            click.echo("\n".join(spreadsheet_of(rule)))
        case _:
            show(json_of(rule))


def _lines(rule: FrozenRule) -> list[str]:
    signed = [_signed(rule, item) for item in rule.signatures]
    return [
        f"{rule.id}: {rule.output.exposure_words} of {rule.drug}; {rule.words}",
        at_once(rule),
        *(f"  {line}" for line in steps(rule)),
        *([rule.behind] if rule.behind else []),
        "made for:",
        *(
            f"  {q.words} ({q.name}): {q.low:g} to {q.high:g} {unit_words(q.unit)}".removesuffix(" 1")
            for q in rule.quantities
        ),
        *(f"  {i.symbol}: {i.top}{f'/{i.bottom}' if i.bottom else ''} {i.low:g} to {i.high:g}" for i in rule.inputs),
        *(f"  not with {name.replace('_', ' ')}" for name in rule.absent),
        *(f"{item.of}: {item.how}" for item in rule.proofs),
        *(measures_text(item) for item in rule.assessments),
        *rule.not_verified,
        f"engine: {rule.engine['name']}; hash {rule.hash}",
        *(signed or ["not signed into use"]),
    ]


def _signed(rule: FrozenRule, item: Signature) -> str:
    if item.hash != rule.hash:
        return f"void: signed by {item.by} ({item.role}) on {item.on} for other content ({item.hash[:12]})"
    return f"signed into use by {item.by} ({item.role}) on {item.on}"
