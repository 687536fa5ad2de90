"""titrate feedback report: how often cards were taken, changed and set aside, with Wilson's intervals."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

import click

from cds_server.acceptance.report import Changes, Rate, Report, Summary
from cds_server.acceptance.report import report as reported
from cds_server.cli.common import json_option, show
from cds_server.cli.feedback.facts import facts_of, span_options
from cds_server.hooks.markdown import plain

_NOTE = (
    "Shown = sent with an advice; an EHR may still not have displayed it. Accepted, changed and overridden are shares "
    "of the cards spoken of; silence is no consent. What was signed later is known only where the EHR says it."
)


@click.command()
@span_options
@json_option
def report(since: datetime | None, until: datetime | None, as_json: bool) -> None:
    """Cards fired, shown, accepted, changed and overridden: in all, by drug, model and hook; 95 % Wilson intervals."""
    found = reported(facts_of(since, until))
    if as_json:
        show(asdict(found))
        return
    click.echo("\n".join(_lines(found)))


def _lines(found: Report) -> Iterator[str]:
    total = found.total
    if not total.fired:
        yield "no cards in this span yet"
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in total.kinds)
    yield f"{total.fired} fired ({kinds}); {total.shown} shown with an advice, {total.offered} with suggestions"
    for heading, summaries in (("", (total,)), ("drug", found.drugs), ("model", found.models), ("hook", found.hooks)):
        yield ""
        yield from _table(heading, summaries)
    yield from _changed("changed", total.changes)
    yield from _changed("overridden", total.overrides)
    yield from _reasons(total)
    yield ""
    yield _NOTE


_COLUMNS = ("shown", "spoken of", "accepted", "changed", "overridden")


def _table(heading: str, summaries: tuple[Summary, ...]) -> Iterator[str]:
    width = max([len(heading), *(len(one.name) for one in summaries)])
    yield f"{heading:{width}}  {_COLUMNS[0]:>6}  " + "  ".join(f"{name:<21}" for name in _COLUMNS[1:]).rstrip()
    for one in summaries:
        rates = (one.answered, one.accepted, one.changed, one.overridden)
        yield f"{one.name:{width}}  {one.shown:>6}  " + "  ".join(f"{_rate(rate):<21}" for rate in rates).rstrip()


def _rate(rate: Rate) -> str:
    if rate.share is None or rate.low is None or rate.high is None:
        return "-"
    return f"{rate.count} {100 * rate.share:.0f} % ({100 * rate.low:.0f}–{100 * rate.high:.0f})"


def _changed(word: str, changes: Changes) -> Iterator[str]:
    if changes.daily is None or changes.attainment is None:
        return
    least, middle, most = changes.daily
    low, mid, high = (100 * value for value in changes.attainment)
    yield ""
    yield (
        f"Where {word}, the dose taken is known for {changes.cards}: {middle:.2f} of our daily dose in the median "
        f"({least:.2f} to {most:.2f}); probability of the target {mid:+.0f} points against ours ({low:+.0f} to "
        f"{high:+.0f}), by the same calculation"
    )


def _reasons(total: Summary) -> Iterator[str]:
    if not total.reasons:
        return
    yield ""
    yield "Overridden because"
    for reason in total.reasons:
        stands = f", HL7 {plain(reason.hl7)}" if reason.hl7 else ""
        code = plain(reason.code.rpartition("|")[2])  # from outside: no control character reaches the terminal
        yield f"  {code or 'no reason given'}{stands}: {_rate(reason.rate)}"
