"""Covariates' names and values for people."""

from collections.abc import Mapping
from types import MappingProxyType

from models.terms import TERMS

# what formulas make; raw covariates have their words in models.terms
MADE: Mapping[str, str] = MappingProxyType(
    {
        "crcl": "creatinine clearance",
        "crcl_normalised": "creatinine clearance per 1.73 m²",
        "bsa": "body surface",
        "bmi": "body mass index",
        "ffm": "fat-free mass",
        "lbm": "lean body mass",
        "nfm_cl": "normal fat mass for clearance",
        "nfm_v": "normal fat mass for volume",
        "egfr": "estimated GFR",
        "pma": "postmenstrual age",
        "pna": "postnatal age",
        "postnatal_days": "postnatal age",
        "log_age": "logarithm of the age in days",
        "clearance": "creatinine clearance",
        "creatinine_excess": "creatinine above the typical one for age and sex",
        "creatinine_ratio": "creatinine over the typical one for age",
        "creatinine_molar": "creatinine",
        "creatinine_umol": "creatinine",
        "lean_mass": "lean body mass",
    }
)
_UNITS = {
    "1": "",
    "a": "years",
    "d": "days",
    "wk": "weeks",
    "m2": "m²",
    "kg/m2": "kg/m²",
    "umol/L": "µmol/L",
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
}
_WEEKS_READ = 104.0  # two years; house figure


def words(name: str) -> str:
    """A covariate's name for people."""
    return TERMS[name].words if name in TERMS else MADE.get(name, name.replace("_", " "))


def shown(name: str, value: float, unit: str) -> str:
    """A covariate's value for people: '1.4 mg/dL', 'yes', '0.33'."""
    if name in TERMS and TERMS[name].flag:
        return "yes" if value else "no"
    if unit == "wk" and value > _WEEKS_READ:
        value, unit = value * 7.0 / 365.25, "a"  # nobody reads an adult's postmenstrual age in weeks
    unit = _UNITS.get(unit, unit)
    return f"{value:.3g} {unit}".strip() if abs(value) < 100 else f"{value:.0f} {unit}".strip()


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def slug(name: str) -> str:
    return name.replace("_", "-")
