"""The tables of a study as text and as Markdown."""

from collections.abc import Iterable, Sequence

from cds_server.cli.study.studied import Studied
from models.study.journey import AS_SHIPPED
from models.study.summary import Compared, Row

WORDS = {
    "standard": "standard dosing",
    "covariates": "advice from covariates",
    "one level": "advice after one level",
    "two levels": "advice after two levels",
}
HEAD = ("stage", "in target", "95 %", "below", "above", "bias", "error", "patients")


def attainment_tables(found: Iterable[Studied]) -> str:
    """For the terminal."""
    return "\n".join(line for item in found for line in (*_terminal(item), ""))


def _terminal(item: Studied) -> Iterable[str]:
    yield f"{item.drug}: {item.design.about}"
    yield f"patients from {_truth(item)}; advice from {_advisers(item)}"
    for arm in dict.fromkeys(row.arm for row in item.rows):
        yield f"  {arm}"
        yield "    " + "".join(f"{name:<25}" if n == 0 else f"{name:>10}" for n, name in enumerate(HEAD))
        for row in (row for row in item.rows if row.arm == arm):
            yield "    " + "".join(f"{cell:<25}" if n == 0 else f"{cell:>10}" for n, cell in enumerate(_cells(row)))
    yield from (f"  {sentence}" for sentence in verdicts(item))


def verdicts(item: Studied) -> tuple[str, ...]:
    """What beats what, with the difference and its 95 % interval in percentage points."""
    return (
        *(f"{WORDS[pair.stage]}{_by(pair.one)} v. standard dosing: {_points(pair)}" for pair in item.standard),
        *(f"averaged v. the best single model ({pair.other}), {pair.stage}: {_points(pair)}" for pair in item.single),
    )


def _by(arm: str) -> str:
    return f" ({arm})" if arm == AS_SHIPPED else ""


def _points(pair: Compared) -> str:
    return (
        f"{100 * pair.difference:+.1f} points ({100 * pair.low:+.1f} to {100 * pair.high:+.1f}): {pair.words} "
        f"(n = {pair.patients})"
    )


def _cells(row: Row) -> tuple[str, ...]:
    shares = f"{100 * row.inside:.1f} %", f"{100 * row.low:.0f}-{100 * row.high:.0f}"
    sides = f"{100 * row.below:.1f} %", f"{100 * row.above:.1f} %"
    return (
        WORDS[row.stage],
        *shares,
        *sides,
        f"{100 * row.bias:+.1f} %",
        f"{100 * row.error:.1f} %",
        str(row.patients),
    )


def attainment_page(found: Sequence[Studied], *, seed: int, patients: int, draws: int, alone_every: int) -> str:
    """The Markdown page with every table."""
    names = " ".join(f"--drug {item.drug}" for item in found)
    command = f"titrate study --patients {patients} --alone-every {alone_every} --seed {seed} --draws {draws} {names}"
    parts = [
        "# Standard dosing against advice, simulated",
        f"Written by `{command}`; the same command writes the same page.",
        _METHOD.format(patients=patients, draws=draws, alone_every=alone_every),
        "![Share of patients below, in and above the target](attainment.svg)",
    ]
    for item in found:
        parts += [f"## {item.drug.capitalize()}", *_drug(item)]
    return "\n\n".join(parts) + "\n"


_METHOD = """\
{patients} made-up patients a drug. Covariates, true model, standard regimen and sampling times are in
`models/study/designs/<drug>.toml`, each with its source; the advice is the product's own code from the fit to the
ranking, with {draws} draws in place of 1,000. It does not use the model that the patients come from; a second time it
does, among the others, as the product as shipped would (the true model is never used alone). Where a drug has one model
for these patients only, they come from a shifted one, as is said there. Every {alone_every}th pair of patients was also
dosed by each model alone.

In target: the true metric, at steady state or of the whole course, keeps every bound of the target under the regimen.
95 %: Wilson's interval. Bias and error: median of forecast over truth less 1, and of its size. Differences are paired.

Not in it: wrong dose and draw times, missed doses, changing patients, a laboratory's delay, the service's own refusals
(levels that contradict each other, estimates beyond the population), and whatever real patients do. A simulation shows
how advice works where its assumptions hold but for the model; it is no clinical evidence."""


def _drug(item: Studied) -> Iterable[str]:
    design = item.design
    yield f"{_sentence(design.about)}."
    yield "\n".join(
        [
            f"- Patients from {_truth(item)}." + (f" {_sentence(design.truth.reason)}." if design.truth.reason else ""),
            f"- Advice from {_advisers(item)}.",
            f"- Covariates: {design.cohort.source}; {item.tried:.2f} drawn for each patient whom every model takes.",
            f"- Standard dosing: {design.standard.source}.",
            f"- Levels: {design.sampling.words}.",
        ]
    )
    yield "\n".join(_table(item.rows))
    yield "\n".join(f"- {_sentence(verdict)}." for verdict in verdicts(item))


def _table(rows: Iterable[Row]) -> Iterable[str]:
    yield "| advice by | " + " | ".join(HEAD) + " |"
    yield "|---|---|" + "---:|" * (len(HEAD) - 1)
    for row in rows:
        yield f"| {row.arm} | " + " | ".join(_cells(row)) + " |"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _truth(item: Studied) -> str:
    return f"{item.drug}/{item.design.truth.model}" + (", shifted" if item.design.truth.shift else "")


def _advisers(item: Studied) -> str:
    names = ", ".join(item.design.advisers)
    return f"{names} averaged" if len(item.design.advisers) > 1 else names
