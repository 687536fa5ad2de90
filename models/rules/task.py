"""What a rule is to be found for: its target, its inputs from a simulated population, and their valid ranges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from models.cohorts.design import CohortDesign
from models.cohorts.population import Population
from models.datafile import Table, read_table
from models.errors import ModelsError
from models.formulas import FORMULAS
from models.population import PopulationModel
from models.rules.frozen import MONOTONE, Form, Monotone, Output
from models.rules.quantities import Input, Quantity
from models.terms import TERMS
from models.units import COVARIATES

TASKS = Path(__file__).parent / "tasks"
# share of training patients beyond either end of a valid range, of an input and of each of the many quantities
EDGE, FAR_EDGE = 0.005, 0.001
EXPECTED = "expected_clearance"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a scheme's formulas may be made of, and how clearance must go with levels; reason: where not as usual."""

    symbols: tuple[str, ...] = ("add", "sub", "mul")
    monotone: Monotone = "each"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """covariates: reference by name, of those a rule without a model may use; with_levels: those beside levels.

    reference: L/h, the base of a rule without a model. within: covariates whose ranges bound every rule.
    absent: flags of patients for whom no rule is made. searches: by scheme, where not as usual.
    """

    drug: str
    words: str
    exposure_words: str
    reference: float
    covariates: Mapping[str, float]
    with_levels: tuple[str, ...]
    within: tuple[str, ...]
    absent: tuple[str, ...]
    searches: Mapping[str, Search]

    def search(self, scheme: str) -> Search:
        return self.searches.get(scheme, Search())


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """One form's inputs (n,) by symbol and target (n,) for the patients `rows` of a population whose levels were read.

    inputs, quantities: with the ranges of these patients. rising: symbols that clearance must rise with.
    """

    form: Form
    columns: Mapping[str, np.ndarray]
    y: np.ndarray
    rows: np.ndarray
    inputs: tuple[Input, ...]
    quantities: tuple[Quantity, ...]
    rising: tuple[str, ...]


def load_task(drug: str, folder: Path = TASKS) -> Task:
    path = folder / f"{drug}.toml"
    if drug not in {item.stem for item in folder.glob("*.toml")}:
        raise ModelsError(f"no rules of {drug!r} are asked for; there are tasks for {', '.join(tasked(folder))}")
    table = read_table(path, path.read_bytes())
    covariates = table.table("covariates")
    searches = table.table("search", default={})
    found = Task(
        drug=drug,
        words=table.text("words"),
        exposure_words=table.text("exposure_words"),
        reference=table.number("reference_l_per_h", above=0.0),
        covariates={name: covariates.number(name, above=0.0) for name in covariates.names()},
        with_levels=table.texts("with_levels"),
        within=table.texts("within"),
        absent=table.texts("absent"),
        searches={name: _search(searches.table(name)) for name in searches.names()},
    )
    table.finish()
    return found


def _search(table: Table) -> Search:
    found = Search(
        symbols=table.texts("symbols"),
        monotone=cast(Monotone, table.text("monotone", one_of=MONOTONE)),
        reason=table.text("reason"),
    )
    table.finish()
    return found


def tasked(folder: Path = TASKS) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def forms(design: CohortDesign, scheme: str) -> tuple[Form, ...]:
    """Without a level there is nothing to compare a model's expectation with."""
    return ("informed", "alone") if design.scheme(scheme).samples else ("alone",)


def factor(design: CohortDesign, unit: str) -> tuple[float, str]:
    """What dose rate over clearance is multiplied by to be the metric, with its unit.

    A trough's clearance is the dose rate over the trough, which is what keeps proportion to the dose.
    """
    if design.metric == "auc24":
        return 24.0, "h"
    if design.metric == "course":
        return design.practice.course * design.standard.rules[0].interval, "h"
    return (1.0, "1") if unit == "mg/L" else (1000.0, "ug/mg")


def output_of(task: Task, design: CohortDesign, model: PopulationModel, form: Form) -> Output:
    number, unit = factor(design, model.concentration_unit)
    return Output(
        metric=design.metric,
        words=task.words,
        exposure_words=task.exposure_words,
        unit=model.concentration_unit if design.metric == "trough" else model.concentration_unit.replace("/", ".h/"),
        base=EXPECTED if form == "informed" else task.reference,
        factor=number,
        factor_unit=unit,
    )


def values_of(population: Population, design: CohortDesign, unit: str) -> dict[str, np.ndarray]:
    """Every quantity (n,) that an input may be made of."""
    number, _ = factor(design, unit)
    found = dict(population.charted)
    found[EXPECTED] = number * population.charted["rate"] / population.expected_exposure
    for k, sample in enumerate(population.samples):
        name = slug(sample)
        found[f"level_{name}"] = population.levels[:, k]
        found[f"expected_{name}"] = population.expected[:, k]
        found[f"after_dose_{name}"] = population.after_dose[:, k]
    return found


def slug(sample: str) -> str:
    return sample.replace(" ", "")


def true_clearance(population: Population, design: CohortDesign, unit: str) -> np.ndarray:
    """(n,) L/h, by which dose rate makes the metric."""
    number, _ = factor(design, unit)
    return np.asarray(number * population.charted["rate"] / population.exposure)


def data_for(task: Task, design: CohortDesign, population: Population, model: PopulationModel, form: Form) -> Data:
    unit = model.concentration_unit
    rows = np.flatnonzero(population.readable)
    values = {name: column[rows] for name, column in values_of(population, design, unit).items()}
    samples = tuple(slug(sample) for sample in population.samples)
    made = tuple(_ranged(item, values) for item in _inputs(task, samples, unit, form))
    base = values[EXPECTED] if form == "informed" else task.reference
    return Data(
        form=form,
        columns={item.symbol: np.asarray(item.value(values)) for item in made},
        y=np.log(true_clearance(population, design, unit)[rows] / base),
        rows=rows,
        inputs=made,
        quantities=_quantities(task, values, samples, unit, form),
        rising=tuple(item.symbol for item in made if item.bottom.startswith("level_")),
    )


def _inputs(task: Task, samples: tuple[str, ...], unit: str, form: Form) -> Iterable[Input]:
    if form == "informed":
        for name in samples:
            yield _input(f"r_{name}", f"expected_{name}", f"level_{name}", 1.0, "1")
        return
    for name in samples:
        yield _input(f"d_{name}", "rate", f"level_{name}", *_dose_per_level(task, unit))
    for name in _used(task, samples):
        yield _covariate(name, task.covariates[name] if name in task.covariates else REFERENCES[name.partition("_")[0]])


# h; of what only a rule with levels reads
REFERENCES = {"after": 6.0, "interval": 12.0}


def _used(task: Task, samples: tuple[str, ...]) -> tuple[str, ...]:
    """Covariates of a rule without a model; "after_dose" stands for that of each sample."""
    if not samples:
        return tuple(task.covariates)
    return tuple(
        name
        for wanted in task.with_levels
        for name in ([f"after_dose_{s}" for s in samples] if wanted == "after_dose" else [wanted])
    )


def _dose_per_level(task: Task, unit: str) -> tuple[float, str]:
    """The reference of mg/h over a level, with its unit."""
    return (task.reference, "L/h") if unit == "mg/L" else (task.reference / 1000.0, "mg.L/h/ug")


def _input(symbol: str, top: str, bottom: str, reference: float, unit: str) -> Input:
    return Input(symbol=symbol, top=top, bottom=bottom, reference=reference, unit=unit, log=True, low=1.0, high=1.0)


def _covariate(name: str, reference: float) -> Input:
    """The logarithm of its share of a reference; a flag as it is."""
    flag = name in TERMS and TERMS[name].flag
    unit = _unit(name)
    symbol = name if flag else f"ln_{name}"
    return Input(symbol=symbol, top=name, bottom="", reference=reference, unit=unit, log=not flag, low=1.0, high=1.0)


def _ranged(item: Input, values: Mapping[str, np.ndarray]) -> Input:
    low, high = valid_range(item.ratio(values), EDGE)
    return Input(**{**vars(item), "low": low, "high": high})


def valid_range(values: np.ndarray, edge: float) -> tuple[float, float]:
    """All but `edge` at either end, to three digits, outwards: what everybody has must not fall outside."""
    low, high = np.quantile(values, [edge, 1.0 - edge])
    return _outwards(float(low), -1), _outwards(float(high), 1)


def _outwards(value: float, side: int) -> float:
    near = float(f"{value:.3g}")
    if (near - value) * side >= 0.0:
        return near
    step = 10.0 ** (np.floor(np.log10(abs(value))) - 2)
    return float(f"{near + side * step:.3g}")


REGIMEN = {"dose": "mg", "interval": "h", "rate": "mg/h"}


def _unit(name: str, unit: str = "") -> str:
    if name.startswith(("level_", "expected_")) and name != EXPECTED:
        return unit
    if name.startswith("after_dose_"):
        return "h"
    known = {EXPECTED: "L/h", "crcl": FORMULAS["cockcroft-gault"].unit, "duration": "h", **REGIMEN}
    return known[name] if name in known else COVARIATES[name]


REGIMEN_WORDS = {
    "crcl": "creatinine clearance by Cockcroft and Gault",
    "rate": "dose rate",
    "interval": "dosing interval",
    "dose": "dose",
}
SAMPLED = {"level_": "measured level", "expected_": "expected level", "after_dose_": "time from the dose to the draw"}


def _words(name: str, task: Task) -> str:
    if name == EXPECTED:
        return f"expected {task.words}"
    if name in TERMS and name not in REGIMEN_WORDS:
        return TERMS[name].words
    for start, said in SAMPLED.items():
        if name.startswith(start):
            return f"{said} ({name.removeprefix(start)})"
    return REGIMEN_WORDS.get(name, name.replace("_", " "))


def _quantities(
    task: Task, values: Mapping[str, np.ndarray], samples: tuple[str, ...], unit: str, form: Form
) -> tuple[Quantity, ...]:
    """What the rule reads, and what says whether a patient is like those it was made from."""
    names = [*task.within, "dose", "interval", "rate"]
    names += [f"{kind}_{name}" for name in samples for kind in ("level", "after_dose")]
    if form == "informed":
        names += [EXPECTED, *(f"expected_{name}" for name in samples)]
    else:
        names += _used(task, samples)
    return tuple(_quantity(name, values[name], unit, task) for name in dict.fromkeys(names))


def _quantity(name: str, column: np.ndarray, unit: str, task: Task) -> Quantity:
    flag = name in TERMS and TERMS[name].flag
    low, high = (float(column.min()), float(column.max())) if flag else valid_range(column, FAR_EDGE)
    return Quantity(name=name, unit=_unit(name, unit), words=_words(name, task), low=low, high=high)
