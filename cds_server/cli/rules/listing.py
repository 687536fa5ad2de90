"""titrate rules list and show."""

from pathlib import Path

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, show
from cds_server.cli.rules.options import as_json as rule_json
from cds_server.cli.rules.options import library_option, measures_text
from cds_server.cli.signed import signatures_option, site_signatures
from models.rules.apply import dose_for, estimate
from models.rules.frozen import FrozenRule
from models.rules.library import Library, load_library
from models.rules.wording import at_once, json_of, latex_of, python_of, spreadsheet_of, steps
from models.signature import Signature
from models.silent import Silent
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
@click.option("--value", "values", multiple=True, metavar="NAME=NUMBER", help="A patient's quantity; may be repeated.")
@click.option("--target", type=float, help="The exposure for which a dose is worked out, with --value.")
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
    rule = load_library(library).signed(site_signatures(signatures)).rule(rule_id)
    if values:
        _worked_out(rule, _numbers(values), target, as_json)
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


def _numbers(values: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for item in values:
        name, _, number = item.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise click.BadParameter(f"{item!r} is not NAME=NUMBER", param_hint="--value") from None
    return found


def _worked_out(rule: FrozenRule, values: dict[str, float], target: float | None, as_json: bool) -> None:
    flags = {name: bool(values.pop(name)) for name in rule.absent if name in values}
    found = estimate(rule, values, flags)
    if isinstance(found, Silent):
        if as_json:
            show({"silent": list(found.reasons)})
        else:
            click.echo("\n".join(["silent, because:", *(f"  {reason}" for reason in found.reasons)]))
        raise SystemExit(EXIT_NOT_AS_WISHED)
    dose = dose_for(rule, found, target, values["interval"]) if target is not None else None
    limits = {f"{100 * spread.share:.0f}": found.interval(spread) for spread in rule.spreads}
    if as_json:
        show({**vars(found), "terms": [vars(t) for t in found.terms], "intervals": limits, "dose": dose})
        return
    for symbol, value in found.inputs.items():
        click.echo(f"{symbol} = {value:.4f}")
    for term in found.terms:
        click.echo(f"  {term.words}: {term.adds:+.4f}, clearance times {term.factor:.4f}")
    click.echo(f"y = {found.log_ratio:.4f}")
    click.echo(f"clearance = {found.base:.4g} * exp(y) = {found.clearance:.4g} L/h")
    click.echo(f"{rule.output.exposure_words}: {found.exposure:.4g} {unit_words(rule.output.unit)}")
    for share, (low, high) in limits.items():
        click.echo(
            f"  {share} of 100 like this one lie between {low:.4g} and {high:.4g} {unit_words(rule.output.unit)}"
        )
    if dose is not None:
        click.echo(f"dose for {target:g} {unit_words(rule.output.unit)} at this interval: {dose:.4g} mg")
