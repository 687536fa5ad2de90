"""What the populations of one drug are made of, read from designs/<drug>.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, cast

from models.datafile import Table, read_table
from models.errors import ModelsError
from models.study.design import Cohort, Standard, read_cohort, read_standard

DESIGNS = Path(__file__).parent / "designs"

Part = Literal["training", "test"]
PARTS: tuple[Part, ...] = ("training", "test")
# auc24, trough: at steady state of the charted regimen. course: area of all its doses, to infinity.
Metric = Literal["auc24", "trough", "course"]
# where a sample is timed from: the coming dose (backwards), the start or end of an infusion, or by share of what is
# left of the interval after the infusion
From = Literal["before", "start", "end", "share"]


@dataclass(frozen=True, kw_only=True)
class Generator:
    """A published model that patients are drawn from. model: its id, of another drug where reason says why.

    shift: factors on its typical values. spread: factor on the standard deviations between patients.
    """

    model: str
    part: Part
    shift: Mapping[str, float]
    spread: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class Practice:
    """How charted regimens depart from the standard: SD of the logarithm of a dose, other intervals, late doses.

    other: share of patients at one of `intervals` h. late: SD of the h by which a dose is off its time; the chart
    has the true one. loading: share with a first dose of loading_mg_per_kg. course: doses in all, 0 where it goes on.
    """

    dose_sd: float
    other: float
    intervals: tuple[float, ...]
    late: float
    loading: float
    loading_mg_per_kg: float
    course: int
    source: str


@dataclass(frozen=True, kw_only=True)
class Assay:
    """lloq: in the drug's unit. draw_sd: SD, h, of the true time of a draw about the charted one. source: of both."""

    lloq: float
    draw_sd: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A level of `name`, drawn evenly between low and high (h, or share of the interval) about dose `dose` + plus."""

    name: str
    since: From
    low: float
    high: float
    plus: int


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """When levels are drawn. dose: the first and last dose, counted from 1, that the samples may be about."""

    name: str
    words: str
    dose: tuple[int, int]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, kw_only=True)
class CohortDesign:
    """reference: id of the model whose a-priori predictions are inputs. derived: named formulas worked out as well."""

    drug: str
    about: str
    reference: str
    metric: Metric
    generators: tuple[Generator, ...]
    cohort: Cohort
    standard: Standard
    practice: Practice
    assay: Assay
    schemes: Mapping[str, Scheme]
    derived: Mapping[str, str]
    not_verified: tuple[str, ...]
    hash: str

    def scheme(self, name: str) -> Scheme:
        if name not in self.schemes:
            raise ModelsError(f"{self.drug} has no sampling scheme {name!r}; it has {', '.join(self.schemes)}")
        return self.schemes[name]

    def of_part(self, part: Part) -> tuple[Generator, ...]:
        return tuple(item for item in self.generators if item.part == part)


def designed(folder: Path = DESIGNS) -> tuple[str, ...]:
    """Drugs with a design."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_cohort_design(drug: str, folder: Path = DESIGNS) -> CohortDesign:
    """ModelsError where there is no design for the drug, ModelFileError where its file does not fit."""
    path = folder / f"{drug}.toml"
    if drug not in designed(folder):
        raise ModelsError(f"no population of {drug!r} is designed; there are designs for {', '.join(designed(folder))}")
    content = path.read_bytes()
    table = read_table(path, content)
    schemes = table.table("scheme")
    derived = table.table("derived", default={})
    design = CohortDesign(
        drug=drug,
        about=table.text("about"),
        reference=table.text("reference"),
        metric=cast(Metric, table.text("metric", one_of=("auc24", "trough", "course"))),
        generators=tuple(_generator(item) for item in table.tables("generator")),
        cohort=read_cohort(table.table("cohort")),
        standard=read_standard(table.table("standard")),
        practice=_practice(table.table("practice")),
        assay=_assay(table.table("assay")),
        schemes={name: _scheme(name, schemes.table(name)) for name in schemes.names()},
        derived={name: derived.text(name) for name in derived.names()},
        not_verified=table.texts("not_verified"),
        hash=sha256(content).hexdigest(),
    )
    table.finish()
    _checked(design, table)
    return design


def _checked(design: CohortDesign, table: Table) -> None:
    for part in PARTS:
        if not design.of_part(part):
            raise table.error("generator", f"at least one with for = {part!r}", design.drug)
    test = {_identity(item) for item in design.of_part("test")}
    if test & {_identity(item) for item in design.of_part("training")}:
        raise table.error("generator", "a test model that no training patient comes from", sorted(test))
    if (design.metric == "course") is not (design.practice.course > 0):
        raise table.error("practice.course", "above 0 for the metric course, and only then", design.practice.course)


def _identity(item: Generator) -> tuple[str, tuple[tuple[str, float], ...]]:
    return item.model, tuple(sorted(item.shift.items()))


def _generator(table: Table) -> Generator:
    shift = table.table("shift", default={})
    found = Generator(
        model=table.text("model"),
        part=cast(Part, table.text("for", one_of=PARTS)),
        shift={name: shift.number(name, above=0.0) for name in shift.names()},
        spread=table.number("spread", above=0.0, default=1.0),
        reason=table.text("reason", default=""),
    )
    if (found.shift or found.spread != 1.0) and not found.reason:
        raise table.error("reason", "why the published model is shifted", found.reason)
    table.finish()
    return found


def _practice(table: Table) -> Practice:
    found = Practice(
        dose_sd=table.number("dose_sd_log", low=0.0),
        other=table.number("other_interval_share", low=0.0),
        intervals=table.numbers("intervals_h", above=0.0),
        late=table.number("late_sd_h", low=0.0),
        loading=table.number("loading_share", low=0.0, default=0.0),
        loading_mg_per_kg=table.number("loading_mg_per_kg", low=0.0, default=0.0),
        course=int(table.number("course_doses", low=0.0, default=0.0)),
        source=table.text("source"),
    )
    table.finish()
    return found


def _assay(table: Table) -> Assay:
    found = Assay(
        lloq=table.number("lloq", low=0.0), draw_sd=table.number("draw_sd_h", low=0.0), source=table.text("source")
    )
    table.finish()
    return found


def _scheme(name: str, table: Table) -> Scheme:
    first, last = table.numbers("dose", above=0.0)
    found = Scheme(
        name=name,
        words=table.text("words"),
        dose=(int(first), int(last)),
        samples=tuple(_sample(item) for item in table.tables("sample", default=[])),
    )
    table.finish()
    return found


def _sample(table: Table) -> Sample:
    low, high = table.numbers("between", above=-1e-9)
    found = Sample(
        name=table.text("name"),
        since=cast(From, table.text("from", one_of=("before", "start", "end", "share"))),
        low=low,
        high=high,
        plus=int(table.number("plus", low=0.0, default=0.0)),
    )
    table.finish()
    return found
