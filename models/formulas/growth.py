"""Age and growth: maturation of organs, and the creatinine that is usual at an age."""

import numpy as np
from numpy.typing import ArrayLike

from models.formulas.formula import Formula, Values, checked
from models.formulas.renal import UMOL_PER_MG

WEEKS_PER_YEAR = 365.25 / 7.0
TERM_WEEKS = 40.0
YOUNGEST_DAYS = 0.5  # an age of 0 d stands for the first day


def postmenstrual_age(*, age: ArrayLike, gestational_age: ArrayLike) -> Values:
    """Postmenstrual age in weeks: gestational age at birth, wk, and postnatal age, a."""
    age, gestational_age = checked(age=age, gestational_age=gestational_age)
    return gestational_age + age * WEEKS_PER_YEAR


def postmenstrual_age_term(*, age: ArrayLike) -> Values:
    """Postmenstrual age in weeks of somebody taken to be born at 40 weeks."""
    return TERM_WEEKS + checked(age=age)[0] * WEEKS_PER_YEAR


def postnatal_days(*, age: ArrayLike) -> Values:
    """Postnatal age in days, at least half a day."""
    return np.maximum(checked(age=age)[0] * 365.25, YOUNGEST_DAYS)


def log_postnatal_days(*, age: ArrayLike) -> Values:
    """Natural logarithm of the age in days as Le 2014 takes it: 365 d a year."""
    return np.log(np.maximum(checked(age=age)[0] * 365.0, 1.0 + YOUNGEST_DAYS))


def colin_creatinine_excess(*, age: ArrayLike, creatinine: ArrayLike) -> Values:
    """Creatinine above what is usual at the age, mg/dL; Colin PJ et al. Clin Pharmacokinet 2019;58:767-780, eq. 9.

    Usual: exp(-1.228 + 0.672 log10(PMA) + 6.27 exp(-3.11 PMA)), PMA in years (age and 40/52).
    """
    age, creatinine = checked(age=age, creatinine=creatinine)
    pma = age + 40.0 / 52.0
    return creatinine - np.exp(-1.228 + 0.672 * np.log10(pma) + 6.27 * np.exp(-3.11 * pma))


def germovsek_creatinine_ratio(*, age: ArrayLike, gestational_age: ArrayLike, creatinine: ArrayLike) -> Values:
    """Creatinine over what is usual in a newborn, -2.8488 PMA + 166.48 umol/L (PMA in weeks).

    Germovsek E et al. Antimicrob Agents Chemother 2016;60:4869-4877. The line reaches zero at 58 weeks; it is kept at
    the 38.3 umol/L of 45 weeks beyond, which is this project's choice.
    """
    pma = postmenstrual_age(age=age, gestational_age=gestational_age)
    usual = -2.8488 * np.minimum(pma, 45.0) + 166.48
    return checked(creatinine=creatinine)[0] * UMOL_PER_MG / usual


def kloprogge_creatinine_ratio(*, age: ArrayLike, creatinine: ArrayLike, female: ArrayLike) -> Values:
    """Creatinine over what is usual at the age in children (Ceriotti 2008), as Kloprogge 2019 uses it.

    Up to 15 a: -2.3733 - 12.91367 ln(age) + 23.93581 sqrt(age) umol/L; from 15 a lines for boys and girls; from 18 a
    84 and 69.5 umol/L. Under 0.1 a the value at 0.1 a stands.
    """
    age, creatinine, female = checked(age=age, creatinine=creatinine, female=female)
    a = np.maximum(age, 0.1)
    child = -2.3733 - 12.91367 * np.log(a) + 23.93581 * np.sqrt(a)
    youth = np.where(female > 0, 4.7137 * a - 15.347, 9.5471 * a - 87.847)
    grown = np.where(female > 0, 69.5, 84.0)
    return creatinine * UMOL_PER_MG / np.where(a < 15.0, child, np.where(a < 18.0, youth, grown))


GROWTH = (
    Formula(
        name="postmenstrual-age",
        words="gestational age at birth and age since",
        unit="wk",
        inputs=("age", "gestational_age"),
        function=postmenstrual_age,
        citation="Engle WA. Pediatrics 2004;114:1362-1364",
        made_for="newborns and infants",
    ),
    Formula(
        name="postmenstrual-age-term",
        words="age and 40 weeks",
        unit="wk",
        inputs=("age",),
        function=postmenstrual_age_term,
        citation="Engle WA. Pediatrics 2004;114:1362-1364",
        made_for="those taken to be born at term",
    ),
    Formula(
        name="postnatal-days",
        words="age in days",
        unit="d",
        inputs=("age",),
        function=postnatal_days,
        citation="365.25 d a year",
        made_for="newborns and infants",
    ),
    Formula(
        name="log-postnatal-days",
        words="logarithm of the age in days",
        unit="1",
        inputs=("age",),
        function=log_postnatal_days,
        citation="Le J et al. Ther Drug Monit 2014;36:510-518",
        made_for="children over 3 months",
    ),
    Formula(
        name="colin-creatinine-excess",
        words="creatinine above what is usual at the age",
        unit="mg/dL",
        inputs=("age", "creatinine"),
        function=colin_creatinine_excess,
        citation="Colin PJ et al. Clin Pharmacokinet 2019;58:767-780",
        made_for="newborns to the very old",
    ),
    Formula(
        name="germovsek-creatinine-ratio",
        words="creatinine over what is usual in a newborn",
        unit="1",
        inputs=("age", "gestational_age", "creatinine"),
        function=germovsek_creatinine_ratio,
        citation="Germovsek E et al. Antimicrob Agents Chemother 2016;60:4869-4877",
        made_for="newborns",
    ),
    Formula(
        name="kloprogge-creatinine-ratio",
        words="creatinine over what is usual at the age",
        unit="1",
        inputs=("age", "creatinine", "female"),
        function=kloprogge_creatinine_ratio,
        citation="Ceriotti F et al. Clin Chem 2008;54:559-566, as in Kloprogge F et al. 2019",
        made_for="children and adolescents",
    ),
)
