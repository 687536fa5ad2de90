"""Renal function from creatinine: clearances in mL/min, filtration rates normalised to body surface."""

import numpy as np
from numpy.typing import ArrayLike

from models.formulas.formula import Formula, Values, checked
from models.formulas.size import devine, dubois, james, janmahasatian, mosteller

UMOL_PER_MG = 88.4  # umol/L of creatinine in 1 mg/dL (113.12 g/mol), as the papers round it


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
    age, weight, creatinine, female = checked(age=age, weight=weight, creatinine=creatinine, female=female)
    floored = floored_creatinine(age, creatinine, creatinine_floor, creatinine_floor_age)
    return np.maximum(140.0 - age, 0.0) * weight / (72.0 * floored) * np.where(female > 0, 0.85, 1.0)


def floored_creatinine(age: Values, creatinine: Values, floor: float, floor_age: float) -> Values:
    """Creatinine in mg/dL, raised to `floor` where the age in completed years is above `floor_age`."""
    return np.where(np.floor(age) > floor_age, np.maximum(creatinine, floor), creatinine)


def cockcroft_gault_fat_free(
    *, age: ArrayLike, weight: ArrayLike, height: ArrayLike, creatinine: ArrayLike, female: ArrayLike
) -> Values:
    """Cockcroft-Gault in mL/min with Janmahasatian's fat-free mass for the weight, as in Hughes 2024."""
    lean = janmahasatian(weight=weight, height=height, female=female)
    return cockcroft_gault(age=age, weight=lean, creatinine=creatinine, female=female)


def cockcroft_gault_ideal(
    *, age: ArrayLike, weight: ArrayLike, height: ArrayLike, creatinine: ArrayLike, female: ArrayLike
) -> Values:
    """Cockcroft-Gault in mL/min with Devine's ideal body weight, never more than the total weight."""
    ideal = np.minimum(devine(height=height, female=female), checked(weight=weight)[0])
    return cockcroft_gault(age=age, weight=ideal, creatinine=creatinine, female=female)


def cockcroft_gault_james(
    *,
    age: ArrayLike,
    weight: ArrayLike,
    height: ArrayLike,
    creatinine: ArrayLike,
    female: ArrayLike,
    lean_floor: float = 1.0,
) -> Values:
    """Cockcroft-Gault in mL/min with James' lean body weight, kg, which is never taken below lean_floor."""
    lean = np.maximum(james(weight=weight, height=height, female=female), lean_floor)
    return cockcroft_gault(age=age, weight=lean, creatinine=creatinine, female=female)


def cockcroft_gault_normalised(
    *,
    age: ArrayLike,
    weight: ArrayLike,
    height: ArrayLike,
    creatinine: ArrayLike,
    female: ArrayLike,
    creatinine_floor: float = 0.0,
    creatinine_floor_age: float = 0.0,
) -> Values:
    """Cockcroft-Gault with total body weight, times 1.73 over Du Bois' surface: mL/min per 1.73 m2."""
    absolute = cockcroft_gault(
        age=age,
        weight=weight,
        creatinine=creatinine,
        female=female,
        creatinine_floor=creatinine_floor,
        creatinine_floor_age=creatinine_floor_age,
    )
    return absolute * 1.73 / dubois(weight=weight, height=height)


def cockcroft_gault_surface_cap(
    *,
    age: ArrayLike,
    weight: ArrayLike,
    height: ArrayLike,
    creatinine: ArrayLike,
    female: ArrayLike,
    cap: float = np.inf,
) -> Values:
    """Cockcroft-Gault in mL/min, at most `cap` mL/min per 1.73 m2 of Mosteller's surface, as in Willmann 2018."""
    absolute = cockcroft_gault(age=age, weight=weight, creatinine=creatinine, female=female)
    return np.minimum(absolute, cap * mosteller(weight=weight, height=height) / 1.73)


def ckd_epi_2021(*, age: ArrayLike, creatinine: ArrayLike, female: ArrayLike) -> Values:
    """Estimated GFR in mL/min per 1.73 m2 (normalised: not a clearance in mL/min), without a race term.

    age: years; creatinine: mg/dL (IDMS); female: 1 or 0. Inker LA et al. N Engl J Med 2021;385:1737-1749; adults.
    """
    age, creatinine, female = checked(age=age, creatinine=creatinine, female=female)
    ratio = creatinine / np.where(female > 0, 0.7, 0.9)
    alpha = np.where(female > 0, -0.241, -0.302)
    shape = np.minimum(ratio, 1.0) ** alpha * np.maximum(ratio, 1.0) ** -1.200
    return 142.0 * shape * 0.9938**age * np.where(female > 0, 1.012, 1.0)


def schwartz(*, height: ArrayLike, creatinine: ArrayLike, k: float = 0.413) -> Values:
    """Estimated GFR of children in mL/min per 1.73 m2: k * cm / (mg/dL).

    k: 0.413 (Schwartz GJ et al. J Am Soc Nephrol 2009;20:629-637); 36.5 cm/(umol/L) is k = 0.41290.
    """
    height, creatinine = checked(height=height, creatinine=creatinine)
    return k * height / creatinine


def clearance_by_age(
    *,
    age: ArrayLike,
    weight: ArrayLike,
    height: ArrayLike,
    creatinine: ArrayLike,
    female: ArrayLike,
    child_high: float = np.inf,
) -> Values:
    """Cockcroft-Gault in mL/min from 18 years on; before, Schwartz per 1.73 m2, taken as at most child_high.

    Two quantities on one scale: for the bounds of a model made in children and adults, never for a parameter.
    """
    years = checked(age=age)[0]
    adult = cockcroft_gault(age=age, weight=weight, creatinine=creatinine, female=female)
    child = np.minimum(schwartz(height=height, creatinine=creatinine), child_high)
    return np.where(years < 18.0, child, adult)


def creatinine_molar(*, creatinine: ArrayLike) -> Values:
    """Creatinine in umol/L from mg/dL."""
    return checked(creatinine=creatinine)[0] * UMOL_PER_MG


_ADULT = ("age", "weight", "creatinine", "female")
_MEASURED = ("age", "weight", "height", "creatinine", "female")
_COCKCROFT = "Cockcroft DW, Gault MH. Nephron 1976;16:31-41"

RENAL = (
    Formula(
        name="cockcroft-gault",
        words="Cockcroft-Gault with total body weight, not normalised to body surface",
        unit="mL/min",
        inputs=_ADULT,
        function=cockcroft_gault,
        citation=_COCKCROFT,
        made_for="adults with steady creatinine",
        options={"creatinine_floor": 0.0, "creatinine_floor_age": 0.0},
    ),
    Formula(
        name="cockcroft-gault-fat-free",
        words="Cockcroft-Gault with Janmahasatian fat-free mass",
        unit="mL/min",
        inputs=_MEASURED,
        function=cockcroft_gault_fat_free,
        citation=f"{_COCKCROFT}; Janmahasatian S et al. Clin Pharmacokinet 2005;44:1051-1065",
        made_for="adults with steady creatinine, of 40.7-216.5 kg",
    ),
    Formula(
        name="cockcroft-gault-ideal",
        words="Cockcroft-Gault with Devine ideal body weight, at most total body weight",
        unit="mL/min",
        inputs=_MEASURED,
        function=cockcroft_gault_ideal,
        citation=f"{_COCKCROFT}; Devine BJ. Drug Intell Clin Pharm 1974;8:650-655",
        made_for="adults with steady creatinine, taller than 152 cm",
    ),
    Formula(
        name="cockcroft-gault-james",
        words="Cockcroft-Gault with James lean body weight",
        unit="mL/min",
        inputs=_MEASURED,
        function=cockcroft_gault_james,
        citation=f"{_COCKCROFT}; James WPT. HMSO, London 1976",
        made_for="adults with steady creatinine who are not very obese",
        options={"lean_floor": 1.0},
    ),
    Formula(
        name="cockcroft-gault-normalised",
        words="Cockcroft-Gault with total body weight, normalised to 1.73 m2",
        unit="mL/min/{1.73_m2}",
        inputs=_MEASURED,
        function=cockcroft_gault_normalised,
        citation=f"{_COCKCROFT}; Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863-871",
        made_for="adults with steady creatinine",
        options={"creatinine_floor": 0.0, "creatinine_floor_age": 0.0},
    ),
    Formula(
        name="cockcroft-gault-surface-cap",
        words="Cockcroft-Gault with total body weight, capped per body surface",
        unit="mL/min",
        inputs=_MEASURED,
        function=cockcroft_gault_surface_cap,
        citation=f"{_COCKCROFT}; Willmann S et al. CPT Pharmacometrics Syst Pharmacol 2018;7:309-320",
        made_for="adults with steady creatinine",
        options={"cap": np.inf},
    ),
    Formula(
        name="ckd-epi-2021",
        words="CKD-EPI 2021, normalised to 1.73 m2",
        unit="mL/min/{1.73_m2}",
        inputs=("age", "creatinine", "female"),
        function=ckd_epi_2021,
        citation="Inker LA et al. N Engl J Med 2021;385:1737-1749",
        made_for="adults with steady creatinine",
    ),
    Formula(
        name="schwartz",
        words="Schwartz, normalised to 1.73 m2",
        unit="mL/min/{1.73_m2}",
        inputs=("height", "creatinine"),
        function=schwartz,
        citation="Schwartz GJ et al. J Am Soc Nephrol 2009;20:629-637",
        made_for="children of 1-16 years with steady creatinine",
        options={"k": 0.413},
    ),
    Formula(
        name="clearance-by-age",
        words="Cockcroft-Gault from 18 years, Schwartz per 1.73 m2 before",
        unit="mL/min",
        inputs=_MEASURED,
        function=clearance_by_age,
        citation=f"{_COCKCROFT}; Schwartz GJ et al. J Am Soc Nephrol 2009;20:629-637",
        made_for="bounds of a model made in children and adults with steady creatinine",
        options={"child_high": np.inf},
    ),
    Formula(
        name="creatinine-molar",
        words="creatinine times 88.4",
        unit="umol/L",
        inputs=("creatinine",),
        function=creatinine_molar,
        citation="molar mass 113.12 g/mol",
        made_for="everyone",
    ),
)
