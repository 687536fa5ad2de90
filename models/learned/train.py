"""Training: populations simulated, settings chosen, trees grown, intervals counted on patients set aside."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from models.catalog import Catalog
from models.cohorts.design import CohortDesign
from models.cohorts.population import Population
from models.cohorts.simulate import simulate
from models.learned.companion import Companion, Kind
from models.learned.conformal import LEVELS, half_widths, widest
from models.learned.fits import fitted_exposure
from models.learned.inputs import Matrix, covariates_of, told
from models.learned.learners import boosting, compare, out_of_fold
from models.learned.trees import Trees, from_gradient_boosting
from models.learned.weighing import weighing

FLOOR = 0.02  # least error that a scale may foretell, in ln: assays are not better
_CALIBRATION = 1  # added to the seed: other patients

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """patients: to train on; calibration: set aside for the intervals."""

    patients: int = 3000
    calibration: int = 1500
    seed: int = 20261121


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """What the companions of one scheme are made from. Patients with a level under the assay's limit have no part."""

    design: CohortDesign
    catalog: Catalog
    plan: Plan
    training: Population
    calibration: Population


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """n patients: what the trees are told, what they are to foretell, and which model each patient comes from."""

    inputs: Matrix
    target: np.ndarray
    generator: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        return self.inputs.values


def kinds_of(design: CohortDesign, scheme: str) -> tuple[Kind, ...]:
    """Without a level there is nothing to fit, and so nothing to correct or weigh."""
    return ("exposure", "hybrid", "weight") if design.scheme(scheme).samples else ("exposure",)


def material(
    design: CohortDesign, catalog: Catalog, *, scheme: str, plan: Plan, progress: Progress | None = None
) -> Material:
    """The populations that a plan names."""
    said = progress or (lambda *_: None)

    def simulated(patients: int, seed: int) -> Population:
        def tell(done: int, total: int) -> None:
            said("patients simulated", done, total)

        return simulate(design, catalog, scheme=scheme, part="training", patients=patients, seed=seed, progress=tell)

    return Material(
        design=design,
        catalog=catalog,
        plan=plan,
        training=simulated(plan.patients, plan.seed),
        calibration=simulated(plan.calibration, plan.seed + _CALIBRATION),
    )


def train(found: Material, *, kind: Kind, progress: Progress | None = None) -> Companion:
    """The companion of one kind; the same plan gives the same companion."""
    return _weight(found) if kind == "weight" else _factor(found, kind, progress)


def _factor(found: Material, kind: Kind, progress: Progress | None) -> Companion:
    seed = found.plan.seed
    shown, held = (task_of(found, one, kind) for one in (found.training, found.calibration))
    compared = compare(shown.rows, shown.target, seed=seed, progress=progress)
    center = grown(shown.rows, shown.target, compared.settings, seed)
    left = np.abs(shown.target - out_of_fold(shown.rows, shown.target, compared.settings, seed=seed))
    scale = grown(shown.rows, np.log(np.maximum(left, FLOOR)), compared.settings, seed)
    errors = {"calibration_log_rmse": held.target - center.predict(held.rows)}
    if len(np.unique(shown.generator)) > 1:
        errors["left_out_log_rmse"] = left_out(shown, held, compared.settings, seed)
    sizes = np.exp(scale.predict(held.rows))
    widths = widest(half_widths(one, sizes) for one in errors.values())
    return Companion(
        **_common(found, compared.settings),
        kind=kind,
        inputs=shown.inputs.box(),
        center=(center,),
        scale=scale,
        widths={f"{level:g}": width for level, width in zip(LEVELS, widths, strict=True)},
        weights=(),
        margin=0.0,
        metrics={"nested_cv_log_rmse": compared.rmse} | {name: _rms(one) for name, one in errors.items()},
    )


def left_out(shown: Told, held: Told, settings: dict[str, Any], seed: int) -> np.ndarray:
    """(n,): errors of the patients held back, each by trees that saw nobody of the model he comes from.

    A hospital's patients come from none of the models: this is how far off one is who is unlike all of them.
    """
    errors = np.empty(len(held.target))
    for one in np.unique(held.generator):
        others, its = shown.generator != one, held.generator == one
        trees = grown(shown.rows[others], shown.target[others], settings, seed)
        errors[its] = held.target[its] - trees.predict(held.rows[its])
    return errors


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _weight(found: Material) -> Companion:
    population, design = found.training, found.design
    model, keep = found.catalog.model(design.reference), population.readable
    inputs = told(covariates_of(design.drug), population).taken(keep)
    known = weighing(inputs.values, population, model, design, seed=found.plan.seed)
    return Companion(
        **_common(found, known.settings),
        kind="weight",
        inputs=inputs.box(),
        center=known.center,
        scale=None,
        widths={},
        weights=known.weights,
        margin=known.margin,
        metrics=known.metrics,
    )


def task_of(found: Material, population: Population, kind: Kind) -> Told:
    target = population.log_ratio
    if kind == "hybrid":
        fitted = fitted_exposure(population, found.catalog.model(found.design.reference), found.design)
        target = np.log(fitted / population.exposure)
    keep = population.readable & np.isfinite(target)
    inputs = told(covariates_of(found.design.drug), population).taken(keep)
    return Told(inputs=inputs, target=target[keep], generator=population.generator[keep])


def grown(inputs: np.ndarray, target: np.ndarray, settings: dict[str, Any], seed: int) -> Trees:
    """Boosted trees on all rows."""
    return from_gradient_boosting(boosting(seed, **settings).fit(inputs, target))


def _common(found: Material, settings: dict[str, Any]) -> dict[str, Any]:
    manifest = {
        "populations": [asdict(one.manifest) for one in (found.training, found.calibration)],
        "plan": asdict(found.plan),
        "learner": "gradient boosting, least squares",
        "settings": settings,
        "scikit-learn": version("scikit-learn"),
    }
    return {
        "drug": found.design.drug,
        "scheme": found.training.manifest.scheme,
        "manifest": manifest,
        "not_verified": tuple(_not_verified(found.design)),
    }


def _not_verified(design: CohortDesign) -> Iterator[str]:
    yield from design.not_verified
    yield "Trained and tested on simulated patients only; never on patients."
