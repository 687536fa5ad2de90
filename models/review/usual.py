"""Round figures of a made-up person, for whatever a model file leaves open; nobody is dosed by them."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from models.formulas.growth import TERM_WEEKS, WEEKS_PER_YEAR
from models.terms import TERMS

# House figures of an adult, in the units of models.terms; every flag is 0.
ADULT: Mapping[str, float] = MappingProxyType(
    {
        "weight": 70.0,
        "height": 172.0,
        "age": 50.0,
        "gestational_age": TERM_WEEKS,
        "birth_weight": 3.4,
        "apgar_5": 9.0,
        "creatinine": 0.9,
        "measured_crcl": 100.0,
        "haematocrit": 0.40,
        "albumin": 40.0,
        "direct_bilirubin": 3.0,
        "crp": 10.0,
        "fibrinogen": 9.0,
        "lactate": 1.0,
        "temperature": 37.0,
        "paco2": 40.0,
        "pao2_fio2": 400.0,
        "mic": 1.0,
        "days_after_transplant": 30.0,
        "free_prednisolone_cmax": 155.0,
        "prednisolone_dose": 10.0,
        "ciclosporin_dose": 200.0,
        "crrt_clearance": 1.5,
        "child_pugh": 0.0,
        "vkorc1_a_alleles": 0.0,
        "cyp2c9_2_alleles": 0.0,
        "cyp2c9_3_alleles": 0.0,
        "target_inr": 2.5,
    }
)
# largest of a count or category, whose smallest is 0
COUNTS: Mapping[str, float] = MappingProxyType(
    {"vkorc1_a_alleles": 2.0, "cyp2c9_2_alleles": 2.0, "cyp2c9_3_alleles": 2.0, "child_pugh": 3.0}
)
GROWN_UP = 18.0  # years
# Postmenstrual age (wk), weight (kg), length (cm): near the middle of both sexes' growth charts (Fenton 2013, WHO 2006,
# CDC 2000), from memory and rounded.
_GROWTH = np.array(
    [
        [24, 0.65, 32],
        [28, 1.05, 37],
        [32, 1.75, 42],
        [36, 2.7, 47],
        [40, 3.4, 50],
        [53, 6.0, 60],
        [66, 7.6, 67],
        [92, 9.5, 75],
        [144, 12.2, 87],
        [301, 18.3, 110],
        [562, 32.0, 138],
        [823, 56.0, 168],
        [979, 70.0, 172],
    ]
)
_WEEKS, _KG, _CM = _GROWTH.T


def usual(name: str, *, age: float = ADULT["age"], weight: float | None = None) -> float | None:
    """A raw covariate of a made-up person of `age` years, in its canonical unit; None where no figure was written.

    weight: kg, from which a child's height follows; None: that of the age.
    """
    if age < GROWN_UP and name in ("weight", "height", "creatinine"):
        return _of_a_child(name, age, weight)
    if name in ADULT or name not in TERMS:
        return ADULT.get(name)
    return 0.0 if TERMS[name].unit == "1" else None  # a flag, or a category whose first is 0


def _of_a_child(name: str, age: float, weight: float | None) -> float:
    if name == "creatinine":  # mg/dL, from 0.4 in infants to an adult's
        return 0.4 + (ADULT["creatinine"] - 0.4) * age / GROWN_UP
    kg = weight_at(TERM_WEEKS + age * WEEKS_PER_YEAR) if weight is None else weight
    return kg if name == "weight" else _at(kg, _KG, _CM)


def weight_at(weeks: float) -> float:
    """kg at a postmenstrual age."""
    return _at(weeks, _WEEKS, _KG)


def age_at_weight(weight: float) -> float:
    """Years of a child of that weight, kg, born at term; 0 where it is lighter than a newborn."""
    return max((_at(weight, _KG, _WEEKS) - TERM_WEEKS) / WEEKS_PER_YEAR, 0.0)


def _at(x: float, known: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.exp(np.interp(np.log(x), np.log(known), np.log(wanted))))
