"""The reference patient of a model: raw chart values near the centre of its covariate effects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf, log, sqrt

import numpy as np
from scipy.optimize import least_squares

from models.covariates import CovariateNeed
from models.covariates.series import DERIVED
from models.drug import Drug
from models.errors import ModelsError
from models.formulas import FORMULAS
from models.formulas.growth import TERM_WEEKS, WEEKS_PER_YEAR
from models.population import PopulationModel
from models.review.usual import COUNTS, GROWN_UP, age_at_weight, usual, weight_at
from models.terms import TERMS
from models.units import COVARIATES

SMALL = 40.0  # kg; under it, a child's
# kg, m2: in a paediatric model, and of lean mass in any, a size standard and no patient
STANDARD_WEIGHT, STANDARD_SURFACE = 70.0, 1.73
# How far a value may be moved to bring a computed covariate to its reference, as SD of its logarithm: creatinine is
# moved first, height last. What an effect names itself hardly moves.
_MOVES = {"creatinine": 0.5, "height": 0.06, "female": 0.0}
_MOVES_ELSE, _NAMED, _COMPUTED = 0.3, 0.02, 0.02


@dataclass(frozen=True, kw_only=True)
class _Start:
    value: float
    named: bool  # by an effect, a default or a required flag of the file
    low: float
    high: float


def reference_patient(model: PopulationModel, drug: Drug) -> dict[str, float]:
    """Raw covariates by name, three significant digits, inside the model's hard domain where that can be.

    Each raw value starts at the reference of an effect, else at the file's default, else at the centre of the soft or
    hard domain (geometric where it does not start at 0; an adult where it takes adults), else at a made-up person's.
    Those that a formula reads are
    then moved, in least squares on logarithms, so that computed covariates come to their own references.
    """
    starts = _grown(model, {name: _start(name, model, drug) for name in _ordered(_raw_names(model))})
    moved = _moved(model, starts)
    return {name: _shown(moved.get(name), item) for name, item in starts.items()}


def _raw_names(model: PopulationModel) -> Iterable[str]:
    names = [name for need in model.needs for name in need.inputs]
    names += [limit.name for limit in model.domain]
    return (name for name in dict.fromkeys([*names, "weight"]) if name in COVARIATES and name not in DERIVED)


def _ordered(names: Iterable[str]) -> list[str]:
    """As models.terms has them, so that the same values come out in the same order."""
    return sorted(names, key=list(TERMS).index)


def _start(name: str, model: PopulationModel, drug: Drug) -> _Start:
    low, high = _bounds(name, model, drug)
    named = named_value(name, model)
    if named is not None and low <= named <= high and not (name == "weight" and _is_standard(named, model)):
        return _Start(value=named, named=True, low=low, high=high)
    value = centre_of_domain(name, model)
    value = usual(name) if value is None else value
    if value is None:
        raise ModelsError(f"{model.id}: no reference, default, domain or usual figure for {name}; add one to the file")
    return _Start(value=min(max(value, low), high), named=False, low=low, high=high)


def named_value(name: str, model: PopulationModel) -> float | None:
    """What the file itself takes as the centre of a covariate: an effect's reference, else its default.

    A flag has no reference, even where the paper centres it on half.
    """
    effects = [effect for item in model.parameters for effect in item.effects if effect.covariate == name]
    flag = name in TERMS and TERMS[name].flag
    references = [effect.numbers["reference"] for effect in effects if "reference" in effect.numbers and not flag]
    references += [_category(effect.table) for effect in effects if effect.table and name not in DERIVED and not flag]
    defaults = [need.default for need in model.needs if need.name == name and need.default is not None]
    return next(iter([*references, *defaults]), None)


def _category(table: Mapping[str, float]) -> float:
    """The category that changes nothing, else the first."""
    return float(next((key for key, value in table.items() if value == 1.0), next(iter(table))))


def _bounds(name: str, model: PopulationModel, drug: Drug) -> tuple[float, float]:
    limit = next((item for item in model.domain if item.name == name), None)
    if limit and limit.hard:
        return limit.hard
    if TERMS[name].flag:
        return 0.0, 1.0
    known = drug.plausible.get(name)
    return (known.hard_low, known.hard_high) if known else (0.0, inf)


def centre_of_domain(name: str, model: PopulationModel) -> float | None:
    """Centre of the soft, else of the hard range; of a flag or a count the lower end; None without a range."""
    limit = next((item for item in model.domain if item.name == name), None)
    bounds = (limit.soft or limit.hard) if limit else None
    if bounds is None:
        return None
    if name in TERMS and (TERMS[name].flag or name in COUNTS):
        return bounds[0]
    return sqrt(bounds[0] * bounds[1]) if bounds[0] > 0 else (bounds[0] + bounds[1]) / 2


def _is_child(model: PopulationModel) -> bool:
    """Nobody grown up, by age, else by weight, is in the model's domain."""
    hard = {limit.name: limit.hard for limit in model.domain if limit.hard}
    if "age" in hard:
        return hard["age"][1] <= GROWN_UP + 3
    return "weight" in hard and hard["weight"][1] <= SMALL


def _is_standard(weight: float, model: PopulationModel) -> bool:
    return weight == STANDARD_WEIGHT and _is_child(model)


def _grown(model: PopulationModel, starts: dict[str, _Start]) -> dict[str, _Start]:
    """Age, weight, height and creatinine that belong together, where the file does not say them itself.

    A model that takes adults has an adult, unless its own weight is a child's.
    """
    own = _own_weight(model, starts["weight"])
    small = own is not None and own < SMALL
    found = _child(model, starts, own if small else None) if small or _is_child(model) else _adult(starts)
    return starts | {name: _at(starts[name], value) for name, value in found.items() if not starts[name].named}


def _adult(starts: Mapping[str, _Start]) -> dict[str, float]:
    """Centre of the grown-up part of the ranges of age and weight."""
    least = {"age": GROWN_UP, "weight": SMALL}
    small = {name: starts[name] for name in least if name in starts and starts[name].value < least[name]}
    return {name: sqrt(max(item.low, least[name]) * item.high) for name, item in small.items() if item.high < inf}


def _own_weight(model: PopulationModel, weight: _Start) -> float | None:
    """kg that the file itself centres on, directly or by a lean mass (taken as four fifths); None where on none."""
    lean = [named_value(need.name, model) for need in model.needs if need.unit == "kg" and need.formula != "measured"]
    sizes = [value / 0.8 for value in lean if value is not None and value != STANDARD_WEIGHT]
    return weight.value if weight.named else next(iter(sizes), None)


def _child(model: PopulationModel, starts: Mapping[str, _Start], own: float | None) -> dict[str, float]:
    """own: kg, the file's own, which the age follows; None: the weight follows the age."""
    age = starts.get("age")
    years = age.value if age and (age.named or own is None) else age_at_weight(own or SMALL)
    weeks = centre_of_domain("pma", model) or TERM_WEEKS + years * WEEKS_PER_YEAR
    kg = weight_at(weeks) if own is None else own
    young = min(years, GROWN_UP - 1e-9)
    found = {"age": years, "weight": kg}
    found |= {name: usual(name, age=young, weight=kg) or starts["weight"].value for name in ("height", "creatinine")}
    return {name: value for name, value in found.items() if name in starts}


def _at(item: _Start, value: float) -> _Start:
    return replace(item, value=min(max(value, item.low), item.high))


def _moved(model: PopulationModel, starts: Mapping[str, _Start]) -> dict[str, float]:
    """Raw values after the computed covariates were brought to their references."""
    goals = [(need, goal) for need in model.needs if (goal := _goal(need, model)) is not None]
    inputs = dict.fromkeys(name for need, _ in goals for name in need.inputs)
    free = [name for name in inputs if name in starts and starts[name].value > 0 and _MOVES.get(name, 1.0) > 0]
    if not free:
        return {}
    spread = np.array([_NAMED if starts[name].named else _MOVES.get(name, _MOVES_ELSE) for name in free])
    start = np.array([log(starts[name].value) for name in free])
    fixed = {name: item.value for name, item in starts.items()}

    def residuals(x: np.ndarray) -> np.ndarray:
        values = fixed | dict(zip(free, np.exp(x), strict=True))
        missed = [_missed(need, goal, values) / _COMPUTED for need, goal in goals]
        return np.append((x - start) / spread, missed)

    low = np.array([log(max(starts[name].low, 1e-6)) for name in free]) - 1e-9
    high = np.array([log(starts[name].high) if starts[name].high < inf else inf for name in free]) + 1e-9
    found = least_squares(residuals, np.clip(start, low + 1e-10, high - 1e-10), bounds=(low, high), xtol=1e-12)
    return dict(zip(free, (float(value) for value in np.exp(found.x)), strict=True))


def _goal(need: CovariateNeed, model: PopulationModel) -> float | None:
    """Where a computed covariate should come to lie; None for what is read as it is, or only bounds the domain."""
    acts = any(effect.covariate == need.name for item in model.parameters for effect in item.effects)
    if not acts or need.formula == "measured" or any(name in DERIVED for name in need.inputs):
        return None
    named = named_value(need.name, model)
    hard = next((limit.hard for limit in model.domain if limit.name == need.name and limit.hard), (-inf, inf))
    standard = named == STANDARD_WEIGHT and need.unit == "kg"
    standard |= named == STANDARD_SURFACE and need.unit == "m2" and _is_child(model)
    if named is not None and hard[0] <= named <= hard[1] and not standard:
        return named
    # sizes follow age and weight: a range of them from child to adult has no patient at its centre
    return centre_of_domain(need.name, model) if need.unit not in ("kg", "m2") else None


def _missed(need: CovariateNeed, goal: float, values: Mapping[str, float]) -> float:
    found = float(computed(need, values))
    return log(found / goal) if found > 0 and goal > 0 else (found - goal) / max(1.0, abs(goal))


def computed(need: CovariateNeed, values: Mapping[str, float | np.ndarray]) -> np.ndarray:
    """A need's value from raw ones, before truncation; arrays broadcast."""
    if need.formula == "measured":
        return np.asarray(values[need.name], dtype=float)
    return np.asarray(FORMULAS[need.formula].function(**{n: values[n] for n in need.inputs}, **need.options))


def _shown(moved: float | None, item: _Start) -> float:
    """Three digits, so that a page reads well; what the file names stays as it is unless it had to move."""
    if item.named and (moved is None or abs(moved / item.value - 1.0) < 1e-3):
        return item.value
    value = float(f"{item.value if moved is None else moved:.3g}")
    return min(max(value, item.low), item.high)
