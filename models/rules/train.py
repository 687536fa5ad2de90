"""From a design to a frozen rule: patients, searches, choice, nested cross-validation, unseen test patients."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from models.catalog import Catalog
from models.cohorts.design import CohortDesign, load_cohort_design
from models.cohorts.population import Population
from models.cohorts.simulate import simulate
from models.errors import RuleError
from models.population import PopulationModel
from models.rules.apply import Estimate, estimate
from models.rules.checkpoint import Checkpoints
from models.rules.engines.engine import Engine
from models.rules.expression import Node, count
from models.rules.frozen import Assessment, Form, FrozenRule, Proof, Spread
from models.rules.metrics import covered, measures, spread_of, widest
from models.rules.rulefile import frozen
from models.rules.select import Chosen, Terms, choose, folds, predict
from models.rules.task import Data, Search, Task, data_for, load_task, output_of, true_clearance, values_of

Progress = Callable[[str, int, int], None]
SHARES = (0.8, 0.95)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a rule is trained; goes into its manifest. seeds: of the searches. outer: folds in which all is repeated.

    outer_seeds: searches in each of them. test_seeds: of unseen populations, `test_patients` each.
    """

    patients: int = 1500
    seed: int = 101
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    folds: int = 5
    outer: int = 3
    outer_seeds: tuple[int, ...] = (11,)
    most_nodes: int = 20
    test_patients: int = 400
    test_seeds: tuple[int, ...] = (201, 202, 203)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """The rule, and what it was chosen from."""

    rule: FrozenRule
    chosen: Chosen


@dataclass(frozen=True, kw_only=True, eq=False)
class Populations:
    """Training patients, and unseen ones of each test seed."""

    training: Population
    test: tuple[Population, ...]


def populations(
    design: CohortDesign, catalog: Catalog, scheme: str, plan: Plan, progress: Progress | None = None
) -> Populations:
    def made(part: Any, patients: int, seed: int, label: str) -> Population:
        told = (lambda done, total: progress(label, done, total)) if progress else None
        return simulate(design, catalog, scheme=scheme, part=part, patients=patients, seed=seed, progress=told)

    return Populations(
        training=made("training", plan.patients, plan.seed, "training patients"),
        test=tuple(made("test", plan.test_patients, seed, f"test patients {seed}") for seed in plan.test_seeds),
    )


def train(
    catalog: Catalog,
    drug: str,
    scheme: str,
    form: Form,
    engine: Engine,
    *,
    plan: Plan | None = None,
    made: Populations | None = None,
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
) -> Trained:
    """made: the populations, where they are at hand already. RuleError where no formula can be a rule."""
    plan, checkpoints = plan or Plan(), checkpoints or Checkpoints()
    design, task = load_cohort_design(drug), load_task(drug)
    model = catalog.model(design.reference)
    made = made or populations(design, catalog, scheme, plan, progress)
    data = data_for(task, design, made.training, model, form)
    search = task.search(scheme)
    engine = engine.allowing(search.symbols)
    nested = folds(data.y.size, plan.outer, plan.seed + 1)
    apart = left_out(made.training.generator[data.rows])
    total = len(plan.seeds) + (len(nested) + len(apart)) * len(plan.outer_seeds)
    searching = _Searching(engine, search, checkpoints, plan, progress, total)
    chosen = searching.choice(data, np.arange(data.y.size), plan.seeds)
    errors = {name: _errors(searching, data, outer) for name, outer in ((NESTED, nested), (APART, apart)) if outer}
    spreads = tuple(widest(spread_of(found, share) for found in errors.values()) for share in SHARES)
    rule = _rule(task, design, model, data, chosen, spreads, engine, plan, made)
    on = [_assessed(name, found, spreads) for name, found in errors.items()]
    on.append(_unseen(rule, design, model, made.test))
    return Trained(rule=frozen(replace(rule, assessments=tuple(on))), chosen=chosen)


NESTED, APART = "training models, nested cross-validation", "training models, each left out in turn"


def left_out(generator: np.ndarray) -> Sequence[tuple[np.ndarray, np.ndarray]]:
    """(rows of the other models, rows of one), of each model in turn; none where all patients are of one.

    generator: (n,) which model each patient comes from.
    """
    known = np.unique(generator)
    if known.size < 2:
        return []
    return [(np.flatnonzero(generator != one), np.flatnonzero(generator == one)) for one in known]


class _Searching:
    """Searches over seeds, counted for the progress bar."""

    def __init__(
        self,
        engine: Engine,
        search: Search,
        checkpoints: Checkpoints,
        plan: Plan,
        progress: Progress | None,
        total: int,
    ) -> None:
        self._engine, self._search, self._checkpoints, self.plan = engine, search, checkpoints, plan
        self._progress, self._total, self._done = progress, total, 0

    def choice(self, data: Data, rows: np.ndarray, seeds: tuple[int, ...]) -> Chosen:
        """The rule of these rows alone."""
        names = tuple(data.columns)
        columns = {name: values[rows] for name, values in data.columns.items()}
        X, y = np.column_stack(list(columns.values())), data.y[rows]
        front: list[Node] = []
        for seed in seeds:
            front += [item.node for item in self._checkpoints.fit(self._engine, X, y, names, seed=seed)]
            self._done += 1
            if self._progress:
                self._progress("searches", self._done, self._total)
        return choose(front, columns, y, terms_of(data, self._search, self.plan))


def terms_of(data: Data, search: Search, plan: Plan) -> Terms:
    return Terms(
        box={item.symbol: item.box for item in data.inputs},
        rising=data.rising,
        together=search.monotone == "together",
        most_nodes=plan.most_nodes,
        folds=plan.folds,
        seed=plan.seed,
    )


def _errors(searching: _Searching, data: Data, outer: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """(n,) ln(estimated / true exposure) of each patient by a rule searched, chosen and fitted without him."""
    errors = np.empty(data.y.size)
    for inside, outside in outer:
        node = searching.choice(data, inside, searching.plan.outer_seeds).rule.refitted.node
        columns = {name: values[outside] for name, values in data.columns.items()}
        errors[outside] = data.y[outside] - predict(node, columns, outside.size)  # exposure is over clearance
    return errors


def _rule(
    task: Task,
    design: CohortDesign,
    model: PopulationModel,
    data: Data,
    chosen: Chosen,
    spreads: tuple[Spread, ...],
    engine: Engine,
    plan: Plan,
    made: Populations,
) -> FrozenRule:
    scheme = design.scheme(made.training.manifest.scheme)
    found = chosen.rule
    return FrozenRule(
        id=f"{design.drug}/{scheme.name}-{data.form}",
        drug=design.drug,
        scheme=scheme.name,
        form=data.form,
        words=scheme.words,
        formula=found.refitted.node,
        intervals=found.refitted.intervals,
        output=output_of(task, design, model, data.form),
        quantities=data.quantities,
        inputs=data.inputs,
        absent=task.absent,
        behind=_behind(model) if data.form == "informed" else "",
        monotone=task.search(scheme.name).monotone,
        proofs=_proofs(chosen),
        spreads=spreads,
        assessments=(),
        engine=_plain({"name": engine.name, **engine.settings}),
        training=_plain(_manifest(plan, made, chosen)),
        not_verified=(*design.not_verified, *_unusual(task.search(scheme.name)), NOT_VERIFIED),
    )


NOT_VERIFIED = "Found and tested in simulated patients only; it has not been evaluated in patients."


def _unusual(search: Search) -> tuple[str, ...]:
    return (search.reason,) if search.reason else ()


def _behind(model: PopulationModel) -> str:
    return (
        f"Every quantity called expected is what {model.title} ({model.id}, {model.hash[:12]}) expects of a patient "
        "with these covariates and doses, its random effects at zero, before any level is looked at."
    )


def _proofs(chosen: Chosen) -> tuple[Proof, ...]:
    rule = chosen.rule
    monotone = (
        Proof(of=f"clearance never falls as {name} rises", how=verdict.how) for name, verdict in rule.rising.items()
    )
    return (Proof(of="finite all over the box", how=rule.finite.how), *monotone)


def _manifest(plan: Plan, made: Populations, chosen: Chosen) -> dict[str, Any]:
    best = min(chosen.candidates, key=lambda item: item.cv)
    return {
        "population": asdict(made.training.manifest),
        "population_hash": made.training.manifest.hash,
        "test_hashes": [item.manifest.hash for item in made.test],
        "plan": asdict(plan),
        "candidates": len(chosen.candidates),
        "dropped": len(chosen.dropped),
        "loss": _short(chosen.rule.cv),
        "best_loss": _short(best.cv),
        "best_loss_se": _short(best.se),
        "best_nodes": count(best.refitted.node),
    }


def _assessed(on: str, errors: np.ndarray, spreads: tuple[Spread, ...]) -> Assessment:
    """errors: ln(estimated / true exposure)."""
    found = (*measures(np.exp(errors)), *(covered(errors, item) for item in spreads))
    return Assessment(on=on, patients=int(errors.size), silent=0.0, measures=found)


def _unseen(rule: FrozenRule, design: CohortDesign, model: PopulationModel, test: tuple[Population, ...]) -> Assessment:
    """By the rule as it will be used: valid box and all, patient by patient."""
    errors = [log_errors(rule, design, model, population) for population in test]
    everyone = np.concatenate(errors)
    known = everyone[np.isfinite(everyone)]
    if not known.size:
        raise RuleError(f"{rule.id} says nothing of any test patient; their design and the training's do not overlap")
    found = (*measures(np.exp(known)), *(covered(known, item) for item in rule.spreads))
    names = sorted({item.model for item in design.of_part("test")})
    return Assessment(
        on=f"unseen test patients of {', '.join(names)}",
        patients=int(everyone.size),
        silent=_short(1.0 - known.size / everyone.size),
        measures=found,
    )


def log_errors(rule: FrozenRule, design: CohortDesign, model: PopulationModel, population: Population) -> np.ndarray:
    """(n,) ln(estimated / true exposure); NaN where the rule is silent, a level under the assay's limit included."""
    unit = model.concentration_unit
    values, truth = values_of(population, design, unit), true_clearance(population, design, unit)
    errors = np.full(truth.size, np.nan)
    for n in np.flatnonzero(population.readable):
        found = estimate(rule, {name: float(column[n]) for name, column in values.items()})
        if isinstance(found, Estimate):
            errors[n] = np.log(truth[n] / found.clearance)
    return errors


def behind_by(alone: FrozenRule, informed: FrozenRule) -> float:
    """Points of RMSE, %, in nested cross-validation, by which the rule without a model is worse."""
    one, other = (
        next(item.value for item in rule.assessments[0].measures if item.name == "rmse") for rule in (alone, informed)
    )
    return one - other


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """As a file gives it back: lists for tuples."""
    found: dict[str, Any] = json.loads(json.dumps(content))
    return found


def _short(value: float) -> float:
    return float(f"{value:.4g}")
