"""Named covariate formulas on canonical units, each with its citation and the range it was made for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from models.errors import RecordError

Values = np.ndarray


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A formula as model files name it.

    inputs: raw covariates by their canonical name and unit (models.units.COVARIATES). unit: UCUM, of the result.
    options: names a model file may set, with the value that switches them off. words: for clinicians.
    """

    name: str
    words: str
    unit: str
    inputs: tuple[str, ...]
    function: Callable[..., Values]
    citation: str
    made_for: str
    options: Mapping[str, float]


def cockcroft_gault(
    *,
    age: ArrayLike,
    weight: ArrayLike,
    creatinine: ArrayLike,
    female: ArrayLike,
    creatinine_floor: float = 0.0,
    creatinine_floor_age: float = 0.0,
) -> Values:
    """Creatinine clearance in mL/min, absolute and never normalised to body surface.

    age: years; weight: total body weight, kg; creatinine: mg/dL; female: 1 or 0. Arrays broadcast.
    creatinine_floor, mg/dL: lower creatinine is raised to this in patients whose age in completed years is above
    creatinine_floor_age. Cockcroft DW, Gault MH. Nephron 1976;16:31-41; made in 249 men of 18-92 years.
    """
    age, weight, creatinine, female = _inputs(age=age, weight=weight, creatinine=creatinine, female=female)
    floored = floored_creatinine(age, creatinine, creatinine_floor, creatinine_floor_age)
    return np.maximum(140.0 - age, 0.0) * weight / (72.0 * floored) * np.where(female > 0, 0.85, 1.0)


def floored_creatinine(age: Values, creatinine: Values, floor: float, floor_age: float) -> Values:
    """Creatinine in mg/dL, raised to `floor` where the age in completed years is above `floor_age`."""
    return np.where(np.floor(age) > floor_age, np.maximum(creatinine, floor), creatinine)


def mosteller(*, weight: ArrayLike, height: ArrayLike) -> Values:
    """Body surface in m2 from kg and cm. Mosteller RD. N Engl J Med 1987;317:1098."""
    weight, height = _inputs(weight=weight, height=height)
    return np.sqrt(weight * height / 3600.0)


def dubois(*, weight: ArrayLike, height: ArrayLike) -> Values:
    """Body surface in m2 from kg and cm. Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863-871 (nine subjects)."""
    weight, height = _inputs(weight=weight, height=height)
    return 0.007184 * weight**0.425 * height**0.725


def janmahasatian(*, weight: ArrayLike, height: ArrayLike, female: ArrayLike) -> Values:
    """Fat-free mass in kg from kg, cm and sex (1 = female).

    Janmahasatian S et al. Clin Pharmacokinet 2005;44:1051-1065; adults of 40.7-216.5 kg, BMI 17.1-69.9 kg/m2.
    """
    weight, height, female = _inputs(weight=weight, height=height, female=female)
    bmi = weight / (height / 100.0) ** 2
    return 9270.0 * weight / np.where(female > 0, 8780.0 + 244.0 * bmi, 6680.0 + 216.0 * bmi)


def ckd_epi_2021(*, age: ArrayLike, creatinine: ArrayLike, female: ArrayLike) -> Values:
    """Estimated GFR in mL/min per 1.73 m2 (normalised: not a clearance in mL/min), without a race term.

    age: years; creatinine: mg/dL (IDMS); female: 1 or 0. Inker LA et al. N Engl J Med 2021;385:1737-1749; adults.
    """
    age, creatinine, female = _inputs(age=age, creatinine=creatinine, female=female)
    ratio = creatinine / np.where(female > 0, 0.7, 0.9)
    alpha = np.where(female > 0, -0.241, -0.302)
    shape = np.minimum(ratio, 1.0) ** alpha * np.maximum(ratio, 1.0) ** -1.200
    return 142.0 * shape * 0.9938**age * np.where(female > 0, 1.012, 1.0)


def _inputs(**named: ArrayLike) -> tuple[Values, ...]:
    arrays = {name: np.asarray(value, dtype=float) for name, value in named.items()}
    for name, values in arrays.items():
        lowest_allowed = name in ("female", "age")
        if not np.all(np.isfinite(values)) or np.any(values < 0) or (not lowest_allowed and np.any(values == 0)):
            raise RecordError(f"{name} must be a number above 0, got {values}; correct the chart's value")
    return tuple(arrays.values())


_ALL = (
    Formula(
        name="cockcroft-gault",
        words="Cockcroft-Gault with total body weight, not normalised to body surface",
        unit="mL/min",
        inputs=("age", "weight", "creatinine", "female"),
        function=cockcroft_gault,
        citation="Cockcroft DW, Gault MH. Nephron 1976;16:31-41",
        made_for="adults with steady creatinine",
        options=MappingProxyType({"creatinine_floor": 0.0, "creatinine_floor_age": 0.0}),
    ),
    Formula(
        name="mosteller",
        words="Mosteller",
        unit="m2",
        inputs=("weight", "height"),
        function=mosteller,
        citation="Mosteller RD. N Engl J Med 1987;317:1098",
        made_for="children and adults",
        options=MappingProxyType({}),
    ),
    Formula(
        name="dubois",
        words="Du Bois",
        unit="m2",
        inputs=("weight", "height"),
        function=dubois,
        citation="Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863-871",
        made_for="nine subjects; under-reads in the very obese and in infants",
        options=MappingProxyType({}),
    ),
    Formula(
        name="janmahasatian",
        words="Janmahasatian fat-free mass",
        unit="kg",
        inputs=("weight", "height", "female"),
        function=janmahasatian,
        citation="Janmahasatian S et al. Clin Pharmacokinet 2005;44:1051-1065",
        made_for="adults of 40.7-216.5 kg, BMI 17.1-69.9 kg/m2",
        options=MappingProxyType({}),
    ),
    Formula(
        name="ckd-epi-2021",
        words="CKD-EPI 2021, normalised to 1.73 m2",
        unit="mL/min/{1.73_m2}",
        inputs=("age", "creatinine", "female"),
        function=ckd_epi_2021,
        citation="Inker LA et al. N Engl J Med 2021;385:1737-1749",
        made_for="adults with steady creatinine",
        options=MappingProxyType({}),
    ),
)

FORMULAS: Mapping[str, Formula] = MappingProxyType({formula.name: formula for formula in _ALL})
