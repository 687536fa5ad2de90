"""Named covariate formulas on canonical units, each with its citation and the range it was made for."""

from collections.abc import Mapping
from types import MappingProxyType

from models.formulas.formula import Formula
from models.formulas.growth import GROWTH
from models.formulas.renal import RENAL, ckd_epi_2021, cockcroft_gault, floored_creatinine
from models.formulas.size import SIZE, dubois, janmahasatian, mosteller

FORMULAS: Mapping[str, Formula] = MappingProxyType({formula.name: formula for formula in (*RENAL, *SIZE, *GROWTH)})

__all__ = [
    "FORMULAS",
    "Formula",
    "ckd_epi_2021",
    "cockcroft_gault",
    "dubois",
    "floored_creatinine",
    "janmahasatian",
    "mosteller",
]
