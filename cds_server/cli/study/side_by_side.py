"""The page of `titrate study estimators`."""

from collections.abc import Iterable, Iterator, Sequence

from cds_server.cli.study.aims import aims, measured
from models.beside.compare import Agreement, Row
from models.beside.concordance import AGREE, DISAGREE
from models.cohorts.design import CohortDesign, Part, load_cohort_design
from models.cohorts.manifest import NO_SHIFT
from models.learned.library import load_companions
from models.rules.library import load_library


def page_of(rows: Sequence[Row], agreement: Sequence[Agreement], command: str) -> str:
    """Markdown; command: what writes it."""
    unseen = [row for row in rows if row.part == "test"]
    parts = [
        "# Estimators side by side, simulated",
        f"Written by `{command}`. Patients come from models that no rule and no companion was trained on, but for one "
        "column said to be of others; only those of whom every estimator of a table speaks are counted. In brackets: "
        "95 % bootstrap intervals. Coverage: how often the 80 and 95 % intervals hold the truth. Silent: share of "
        "those with readable levels of whom this one says nothing. The reference model of MAP and of the informed rule "
        "is never the patients' own. Averaged: the median that the card shows, of the training models of the drug.",
        *aims(rows),
        "## The patients",
        "\n".join(_patients(dict.fromkeys(row.drug for row in rows))),
        *_tables("Patients as designed", [row for row in unseen if row.shift == NO_SHIFT.name]),
    ]
    for shift in dict.fromkeys(row.shift for row in unseen if row.shift != NO_SHIFT.name):
        parts += _tables(f"Shifted: {shift}", [row for row in unseen if row.shift == shift])
    parts.append("\n".join(_agreements(agreement)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _patients(drugs: Iterable[str]) -> Iterator[str]:
    """Who they are, whom they come from, and what to know of that before a figure is believed."""
    for drug in drugs:
        design = load_cohort_design(drug)
        trained, tested = _generators(design, "training"), _generators(design, "test")
        yield f"- **{drug}**: {design.about}. Trained on {trained}; tested on {tested}."
        yield from (f"  - {text}" for text in design.not_verified)


def _generators(design: CohortDesign, part: Part) -> str:
    found = [f"{item.model}{', shifted' if item.shift else ''}" for item in design.of_part(part)]
    return " and ".join(found)


def _tables(head: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"## {head}"
    for key in dict.fromkeys((row.drug, row.scheme) for row in rows):
        table = [row for row in rows if (row.drug, row.scheme) == key]
        yield f"### {key[0]}, {key[1]} ({table[0].patients} patients)"
        yield "\n".join(_table(table))
        yield _winner(table)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| estimator | nodes | RMSE % | log-RMSE % | bias % | within 20 % | coverage 80 / 95 % | silent % |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        found = {one.name: one for one in (*row.measures, *row.coverage)}
        cells = [f"{one.value:.1f} ({one.low:.1f} to {one.high:.1f})" for one in row.measures]
        covered = [f"{found[name].value:.0f}" for name in ("coverage_80", "coverage_95") if name in found]
        nodes, silent = row.nodes or "", f"{100 * row.silent:.1f}"
        yield f"| {row.estimator} | {nodes} | {' | '.join(cells)} | {' / '.join(covered)} | {silent} |"


FLOOR = "exact Bayes, true model"
_NOT_IN_THE_RACE = ("population value", FLOOR)


def _winner(rows: Sequence[Row]) -> str:
    """Least log-RMSE first."""
    racing = [row for row in rows if row.estimator not in _NOT_IN_THE_RACE]
    ranked = sorted((measured(row, "log_rmse"), row.estimator) for row in racing)
    return "Least log-RMSE: " + ", ".join(f"{name} {error:.1f}" for error, name in ranked[:4]) + "."


def _agreements(agreement: Sequence[Agreement]) -> Iterator[str]:
    if not agreement:
        return
    yield "## When they disagree\n"
    yield (
        f"Patients by the widest ratio of rule and boosting to the fit (averaged, else MAP): agree up to {AGREE:g}, "
        f"differ up to {DISAGREE:g}, disagree beyond. Fit nearest: how often the fit is nearer the truth than both.\n"
    )
    yield "| drug, scheme | class | share of patients % | log-RMSE of the fit % | fit nearest % |"
    yield "|---|---|---:|---:|---:|"
    for one in agreement:
        yield f"| {one.drug}, {one.scheme} | {one.verdict} | {one.share:.0f} | {one.log_rmse:.0f} | {one.better:.0f} |"


def held_toml(rows: Sequence[Row], command: str) -> str:
    """Of simulated patients of a model that nobody was made from, %, whom the 80 % intervals held."""
    plain = [row for row in rows if row.part == "test" and row.shift == NO_SHIFT.name and row.coverage]
    lines = [f"# {held_toml.__doc__}", f"# Written by {command}"]
    lines += ["", "[hashes]", *(f'"{id}" = "{digest}"' for id, digest in _hashes({row.drug for row in plain}))]
    for drug, scheme in dict.fromkeys((row.drug, row.scheme) for row in plain):
        lines += ["", f"[{drug}.{scheme}]"]
        found = [row for row in plain if (row.drug, row.scheme) == (drug, scheme) and row.estimator != FLOOR]
        lines += [f'"{row.estimator}" = {measured(row, "coverage_80"):.1f}' for row in found]
    return "\n".join(lines) + "\n"


def _hashes(drugs: set[str]) -> Iterator[tuple[str, str]]:
    """Of what was asked: other content was not counted."""
    rules, companions = load_library().rules.values(), load_companions().companions.values()
    yield from sorted((one.id, one.hash) for one in rules if one.drug in drugs)
    yield from sorted((one.id, one.hash) for one in companions if one.drug in drugs)
