"""Patients drawn from the models of a design, dosed and sampled as on a ward.

Patient `number` depends on the seed, the design, the part and the number alone: the same person is met under every
sampling scheme and every shift, so that differences between them are differences of these.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

from models.catalog import Catalog
from models.cohorts.design import CohortDesign, Part, Scheme
from models.cohorts.exposure import exposed
from models.cohorts.fingerprint import fingerprint
from models.cohorts.manifest import NO_SHIFT, CohortManifest, Shift
from models.cohorts.population import Population
from models.cohorts.regimen import charted_regimen, charted_times, given_doses
from models.covariates import value_at
from models.dosing.advice import Regimen
from models.drug import Drug
from models.errors import ModelsError
from models.fit.simulate import population_etas
from models.formulas import FORMULAS
from models.pk import concentrations
from models.population import PopulationModel
from models.record import Dose, Level, PatientRecord
from models.study.cohort import draw_patient
from models.study.truth import read_level, shifted
from models.subject import subject_from_record

TRIES = 50  # draws of one patient's random effects before his generator is called impossible

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """A design's part with its models looked up, shifted as asked."""

    design: CohortDesign
    scheme: Scheme
    part: Part
    shift: Shift
    drug: Drug
    reference: PopulationModel
    generators: tuple[PopulationModel, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Patient:
    generator: int
    record: PatientRecord
    regimen: Regimen
    truth: tuple[float, float]
    expected: tuple[float, float]
    expected_levels: np.ndarray
    after_dose: np.ndarray


def simulate(
    design: CohortDesign,
    catalog: Catalog,
    *,
    scheme: str,
    part: Part,
    patients: int,
    seed: int,
    shift: Shift = NO_SHIFT,
    progress: Progress | None = None,
) -> Population:
    """UnknownModel for a model that is not in the catalog, ModelsError for a scheme that the design has not."""
    asked = _setting(design, catalog, scheme, part, shift)
    found = []
    for number in range(patients):
        found.append(_patient(asked, seed, number))
        if progress:
            progress(number + 1, patients)
    population = _population(asked, found, _manifest(asked, catalog, patients, seed))
    return replace(population, manifest=replace(population.manifest, fingerprint=fingerprint(population)))


def _setting(design: CohortDesign, catalog: Catalog, scheme: str, part: Part, shift: Shift) -> Setting:
    models = [
        shifted(catalog.model(item.model), item.shift, item.spread * shift.spread) for item in design.of_part(part)
    ]
    return Setting(
        design=design,
        scheme=design.scheme(scheme),
        part=part,
        shift=shift,
        drug=catalog.drug(design.drug),
        reference=catalog.model(design.reference),
        generators=tuple(models),
    )


def _manifest(asked: Setting, catalog: Catalog, patients: int, seed: int) -> CohortManifest:
    ids = sorted({asked.design.reference, *(item.model for item in asked.design.of_part(asked.part))})
    return CohortManifest(
        drug=asked.design.drug,
        scheme=asked.scheme.name,
        part=asked.part,
        patients=patients,
        seed=seed,
        shift=asked.shift,
        design=asked.design.hash,
        models={id: catalog.model(id).hash for id in ids},
    )


def _patient(asked: Setting, seed: int, number: int) -> _Patient:
    key = [seed, crc32(f"{asked.design.drug} {asked.part}".encode()), number]
    person, ward = (np.random.default_rng([*key, stream]) for stream in (0, 1))
    generator = int(person.integers(len(asked.generators)))
    model = asked.generators[generator]
    record, _ = draw_patient(asked.design.cohort, asked.drug, (model, asked.reference), person, now=0.0)
    regimen = charted_regimen(asked.design, record, person)
    etas = _true_etas(asked, model, record, regimen, person)
    charted, after = _sampled(asked, model, etas, record, regimen, ward)
    mean = np.zeros((1, len(asked.reference.eta_names)))
    return _Patient(
        generator=generator,
        record=charted,
        regimen=regimen,
        truth=exposed(model, charted, regimen, etas, asked.design),
        expected=exposed(asked.reference, charted, regimen, mean, asked.design),
        expected_levels=_predicted(asked.reference, charted, mean, [level.time for level in charted.levels]),
        after_dose=after,
    )


def _true_etas(
    asked: Setting, model: PopulationModel, record: PatientRecord, regimen: Regimen, random: np.random.Generator
) -> np.ndarray:
    """Random effects (1, e) with which the regimen has an exposure."""
    for _ in range(TRIES):
        etas = faster(model, population_etas(model, 1, random), asked.shift.clearance)
        truth = exposed(model, record, regimen, etas, asked.design)
        if all(np.isfinite(truth)) and min(truth) > 0.0:
            return etas
    raise ModelsError(f"{model.id}: in {TRIES} draws no patient reached a steady state; mend the design's spread")


def faster(model: PopulationModel, etas: np.ndarray, factor: float) -> np.ndarray:
    """Random effects (1, e) of the same patient with his clearance times `factor`, whatever it is computed from.

    ModelsError where none acts on CL alone, or not as exp(eta) or 1 + eta.
    """
    if factor == 1.0:
        return etas
    at = [n for n, item in enumerate(model.random) if item.parameters == ("CL",) and item.occasion is None]
    kinds = {model.random[n].kind for n in at}
    if len(at) != 1 or not kinds <= {"exponential", "proportional"} or model.random[at[0]].coefficient != 1.0:
        raise ModelsError(f"{model.id}: no single exponential or proportional random effect on CL to shift it by")
    moved = etas.copy()
    moved[0, at[0]] = (
        etas[0, at[0]] + np.log(factor) if kinds == {"exponential"} else factor * (1.0 + etas[0, at[0]]) - 1.0
    )
    return moved


def _sampled(
    asked: Setting,
    model: PopulationModel,
    etas: np.ndarray,
    record: PatientRecord,
    regimen: Regimen,
    random: np.random.Generator,
) -> tuple[PatientRecord, np.ndarray]:
    """The chart at the last level, and h since the dose before each level."""
    design, scheme = asked.design, asked.scheme
    planned = scheme.dose[1] + max((item.plus for item in scheme.samples), default=0) + 1
    doses = given_doses(design, record, regimen, random, count=planned)
    times = charted_times(scheme, doses, random)
    if times.size == 0:
        return record, np.empty(0)
    true_times = _true_times(asked, times, doses, random)
    scores = random.standard_normal(times.size)
    full = replace(record, doses=doses, now=doses[-1].time)
    predicted = _predicted(model, full, etas, true_times)
    values = [read_level(model.outputs[0].residual, f, z) for f, z in zip(predicted, scores, strict=True)]
    levels = [_level(asked, time, value) for time, value in zip(times, values, strict=True)]
    given = _until(doses, float(times.max()))
    after = np.array([time - max(dose.time for dose in doses if dose.time < time) for time in times])
    return replace(record, now=float(times.max()), doses=given, levels=tuple(sorted(levels, key=_time))), after


def _true_times(asked: Setting, times: np.ndarray, doses: tuple[Dose, ...], random: np.random.Generator) -> np.ndarray:
    """When blood was really drawn: never across a dose from where the chart has it."""
    error = asked.design.assay.draw_sd * random.standard_normal(times.size)
    error += asked.shift.timing * random.uniform(-1.0, 1.0, times.size)
    low = np.array([max(dose.time + dose.duration for dose in doses if dose.time < time) for time in times])
    high = np.array([min((dose.time for dose in doses if dose.time > time), default=np.inf) for time in times])
    return np.clip(times + error, np.minimum(low, times), high)


def _level(asked: Setting, time: float, value: float) -> Level:
    value, lloq = value * asked.shift.assay, asked.design.assay.lloq
    unit = asked.drug.concentration_unit
    return Level(time=float(time), value=float(max(value, lloq)), unit=unit, censored=bool(value < lloq))


def _time(level: Level) -> float:
    return level.time


def _until(doses: tuple[Dose, ...], time: float) -> tuple[Dose, ...]:
    return tuple(dose for dose in doses if dose.time < time)


def _predicted(model: PopulationModel, record: PatientRecord, etas: np.ndarray, times: ArrayLike) -> np.ndarray:
    if not np.size(times):
        return np.empty(0)
    return concentrations(model, subject_from_record(model, replace(record, levels=())), etas, times)[0]


def _population(asked: Setting, found: list[_Patient], manifest: CohortManifest) -> Population:
    levels = [item.record.levels for item in found]
    truth, expected = np.array([item.truth for item in found]), np.array([item.expected for item in found])
    shape = (len(found), len(asked.scheme.samples))
    return Population(
        manifest=manifest,
        samples=tuple(item.name for item in asked.scheme.samples),
        generator=np.array([item.generator for item in found]),
        charted=_charted(asked, found),
        levels=np.array([[level.value for level in one] for one in levels]).reshape(shape),
        below=np.array([[level.censored for level in one] for one in levels], dtype=bool).reshape(shape),
        times=np.array([[level.time for level in one] for one in levels]).reshape(shape),
        after_dose=np.array([item.after_dose for item in found]).reshape(shape),
        expected=np.array([item.expected_levels for item in found]).reshape(shape),
        expected_exposure=expected[:, 0],
        expected_clearance=expected[:, 1],
        exposure=truth[:, 0],
        clearance=truth[:, 1],
        records=tuple(item.record for item in found),
    )


def _charted(asked: Setting, found: list[_Patient]) -> dict[str, np.ndarray]:
    """At the moment of advice: age of an infant and days after a transplant go on by themselves."""
    names = [item.name for item in found[0].record.covariates]
    charted = {
        name: np.array([value_at(item.record, name, item.record.now) for item in found], dtype=float) for name in names
    }
    for name, formula in asked.design.derived.items():
        known = FORMULAS[formula]
        charted[name] = np.asarray(known.function(**{key: charted[key] for key in known.inputs}))
    charted["dose"] = np.array([item.regimen.amount for item in found])
    charted["interval"] = np.array([item.regimen.interval for item in found])
    charted["duration"] = np.array([item.regimen.duration for item in found])
    charted["rate"] = charted["dose"] / charted["interval"]
    return charted
