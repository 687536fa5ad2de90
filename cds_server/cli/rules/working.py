"""A rule worked out for a patient's quantities, step by step, as `titrate rules show --value` prints it."""

from math import isfinite
from typing import Any

import click

from cds_server.cli.common import EXIT_NOT_AS_WISHED, show
from models.errors import RuleError
from models.rules.apply import Estimate, dose_for, estimate
from models.rules.frozen import FrozenRule
from models.rules.typed import out_of_window, with_rate
from models.silent import Silent
from models.units import unit_words


def _usable(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not (isfinite(value) and value > 0.0):
        raise click.BadParameter(f"{value:g} is no exposure: a number above 0 was expected")
    return value


value_option = click.option("--value", "values", multiple=True, metavar="NAME=NUMBER",
                            help="A patient's quantity; may be repeated. Of the rate: dose over interval.")  # fmt: skip
target_option = click.option("--target", type=float, callback=_usable,
                             help="The exposure for which a dose is worked out, with --value.")  # fmt: skip


def numbers(values: tuple[str, ...]) -> dict[str, float]:
    """By name; used wrongly where one is no number, or is there twice."""
    found: dict[str, float] = {}
    for item in values:
        name, _, number = (part.strip() for part in item.partition("="))
        if name in found:
            raise click.BadParameter(f"{name!r} is there twice", param_hint="--value")
        try:
            found[name] = float(number)
        except ValueError:
            raise click.BadParameter(f"{item!r} is not NAME=NUMBER", param_hint="--value") from None
    return found


def worked_out(rule: FrozenRule, given: dict[str, float], target: float | None, as_json: bool) -> None:
    """Prints the arithmetic; exit 1 where the rule is silent."""
    try:
        values = with_rate(rule, given)
    except RuleError as error:
        raise click.BadParameter(str(error), param_hint="--value") from None
    if target is not None and "interval" not in values:
        raise click.UsageError("a dose for --target needs --value interval=HOURS")
    flags = {name: bool(values.pop(name)) for name in rule.absent if name in values}
    found = estimate(rule, values, flags)
    reasons = (*(found.reasons if isinstance(found, Silent) else ()), *out_of_window(rule, values))
    if isinstance(found, Silent) or reasons:
        _silent(reasons, as_json)
        raise SystemExit(EXIT_NOT_AS_WISHED)
    dose = dose_for(rule, found, target, values["interval"]) if target is not None else None
    limits = {f"{100 * spread.share:.0f}": found.interval(spread) for spread in rule.spreads}
    if as_json:
        show({**vars(found), "terms": [vars(t) for t in found.terms], "intervals": limits, "dose": dose})
        return
    click.echo("\n".join(_lines(rule, found, limits)))
    if dose is not None:
        click.echo(f"dose for {target:g} {unit_words(rule.output.unit)} at this interval: {dose:.4g} mg")


def _silent(reasons: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        show({"silent": list(reasons)})
    else:
        click.echo("\n".join(["silent, because:", *(f"  {reason}" for reason in reasons)]))


def _lines(rule: FrozenRule, found: Estimate, limits: dict[str, Any]) -> list[str]:
    unit = unit_words(rule.output.unit)
    return [
        *(f"{symbol} = {value:.4f}" for symbol, value in found.inputs.items()),
        *(f"  {term.words}: {term.adds:+.4f}, clearance times {term.factor:.4f}" for term in found.terms),
        f"y = {found.log_ratio:.4f}",
        f"clearance = {found.base:.4g} * exp(y) = {found.clearance:.4g} L/h",
        f"{rule.output.exposure_words}: {found.exposure:.4g} {unit}",
        *(
            f"  {share} of 100 like this one lie between {low:.4g} and {high:.4g} {unit}"
            for share, (low, high) in limits.items()
        ),
    ]
