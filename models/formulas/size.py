"""Body size: surface, lean and fat-free mass, from kg and cm."""

import numpy as np
from numpy.typing import ArrayLike

from models.formulas.formula import Formula, Values, checked


def mosteller(*, weight: ArrayLike, height: ArrayLike) -> Values:
    """Body surface in m2 from kg and cm. Mosteller RD. N Engl J Med 1987;317:1098."""
    weight, height = checked(weight=weight, height=height)
    return np.sqrt(weight * height / 3600.0)


def dubois(*, weight: ArrayLike, height: ArrayLike) -> Values:
    """Body surface in m2 from kg and cm. Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863-871 (nine subjects)."""
    weight, height = checked(weight=weight, height=height)
    return 0.007184 * weight**0.425 * height**0.725


def devine(*, height: ArrayLike, female: ArrayLike) -> Values:
    """Ideal body weight in kg from cm and sex: 50 (women 45.5) and 0.91 for each cm above 152.4, at least 30 kg.

    Devine BJ. Drug Intell Clin Pharm 1974;8:650-655, 2.3 kg an inch; the floor is this project's, for the very short.
    """
    height, female = checked(height=height, female=female)
    return np.maximum(np.where(female > 0, 45.5, 50.0) + 0.91 * (height - 152.4), 30.0)


def body_mass_index(*, weight: ArrayLike, height: ArrayLike) -> Values:
    """kg/m2 from kg and cm. Quetelet A. 1832."""
    kg, cm = checked(weight=weight, height=height)
    return kg / (cm / 100.0) ** 2


def janmahasatian(*, weight: ArrayLike, height: ArrayLike, female: ArrayLike) -> Values:
    """Fat-free mass in kg from kg, cm and sex (1 = female).

    Janmahasatian S et al. Clin Pharmacokinet 2005;44:1051-1065; adults of 40.7-216.5 kg, BMI 17.1-69.9 kg/m2.
    """
    weight, height, female = checked(weight=weight, height=height, female=female)
    bmi = weight / (height / 100.0) ** 2
    return 9270.0 * weight / np.where(female > 0, 8780.0 + 244.0 * bmi, 6680.0 + 216.0 * bmi)


def al_sallami(*, age: ArrayLike, weight: ArrayLike, height: ArrayLike, female: ArrayLike) -> Values:
    """Fat-free mass in kg of children from 3 years on; tends to Janmahasatian's in boys, 11 % above it in girls.

    Al-Sallami HS et al. Clin Pharmacokinet 2015;54:1169-1178; female factor (1.11, 7.1 a, -1.1), male (0.88, 13.4 a,
    -12.7).
    """
    age, weight, height, female = checked(age=age, weight=weight, height=height, female=female)
    adult = janmahasatian(weight=weight, height=height, female=female)
    years = np.maximum(age, 1e-9)
    girl = 1.11 + (1.0 - 1.11) / (1.0 + (years / 7.1) ** -1.1)
    boy = 0.88 + (1.0 - 0.88) / (1.0 + (years / 13.4) ** -12.7)
    return adult * np.where(female > 0, girl, boy)


def holford_fat_free_mass(*, weight: ArrayLike, height: ArrayLike, female: ArrayLike) -> Values:
    """Fat-free mass in kg as whs_max * h^2 * w / (whs_50 * h^2 + w), h in m: Janmahasatian's in another form.

    Men 42.92 and 30.93, women 37.99 and 35.98 kg/m2. Holford NHG, Anderson BJ. Eur J Pharm Sci 2017;109S:S114-S118.
    """
    weight, height, female = checked(weight=weight, height=height, female=female)
    square = (height / 100.0) ** 2
    largest, half = np.where(female > 0, 37.99, 42.92), np.where(female > 0, 35.98, 30.93)
    return largest * square * weight / (half * square + weight)


def normal_fat_mass(*, weight: ArrayLike, height: ArrayLike, female: ArrayLike, fat_fraction: float = 0.0) -> Values:
    """Normal fat mass in kg: fat-free mass and a fraction of the fat.

    fat_fraction: how much of the fat counts. Anderson BJ, Holford NHG. Annu Rev Pharmacol Toxicol 2008;48:303-332.
    """
    fat_free = holford_fat_free_mass(weight=weight, height=height, female=female)
    return fat_free + fat_fraction * (checked(weight=weight)[0] - fat_free)


def james(*, weight: ArrayLike, height: ArrayLike, female: ArrayLike) -> Values:
    """Lean body weight in kg from kg, cm and sex; falls in the very obese: use only with a floor.

    Men 1.1 w - 128 (w/h)^2, women 1.07 w - 148 (w/h)^2. James WPT. Research on obesity. HMSO, London 1976.
    """
    weight, height, female = checked(weight=weight, height=height, female=female)
    square = (weight / height) ** 2
    return np.where(female > 0, 1.07 * weight - 148.0 * square, 1.1 * weight - 128.0 * square)


_BODY = ("weight", "height", "female")

SIZE = (
    Formula(
        name="mosteller",
        words="Mosteller",
        unit="m2",
        inputs=("weight", "height"),
        function=mosteller,
        citation="Mosteller RD. N Engl J Med 1987;317:1098",
        made_for="children and adults",
    ),
    Formula(
        name="dubois",
        words="Du Bois",
        unit="m2",
        inputs=("weight", "height"),
        function=dubois,
        citation="Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863-871",
        made_for="nine subjects; under-reads in the very obese and in infants",
    ),
    Formula(
        name="body-mass-index",
        words="weight over height squared",
        unit="kg/m2",
        inputs=("weight", "height"),
        function=body_mass_index,
        citation="Quetelet A. 1832",
        made_for="adults",
    ),
    Formula(
        name="janmahasatian",
        words="Janmahasatian fat-free mass",
        unit="kg",
        inputs=_BODY,
        function=janmahasatian,
        citation="Janmahasatian S et al. Clin Pharmacokinet 2005;44:1051-1065",
        made_for="adults of 40.7-216.5 kg, BMI 17.1-69.9 kg/m2",
    ),
    Formula(
        name="al-sallami",
        words="Al-Sallami fat-free mass of children",
        unit="kg",
        inputs=("age", *_BODY),
        function=al_sallami,
        citation="Al-Sallami HS et al. Clin Pharmacokinet 2015;54:1169-1178",
        made_for="children from 3 years on and adults",
    ),
    Formula(
        name="normal-fat-mass",
        words="fat-free mass and a fraction of the fat",
        unit="kg",
        inputs=_BODY,
        function=normal_fat_mass,
        citation="Anderson BJ, Holford NHG. Annu Rev Pharmacol Toxicol 2008;48:303-332",
        made_for="children and adults",
        options={"fat_fraction": 0.0},
    ),
    Formula(
        name="james",
        words="James lean body weight",
        unit="kg",
        inputs=_BODY,
        function=james,
        citation="James WPT. Research on obesity. HMSO, London 1976",
        made_for="adults who are not very obese",
    ),
)
