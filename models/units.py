"""The canonical unit of each quantity inside the product; conversion happens once, in fhir/quantity.py."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from models.terms import TERMS

TIME = "h"
AMOUNT = "mg"

# covariate name -> UCUM unit ("1" = a number without unit; flags are 0 or 1)
COVARIATES: Mapping[str, str] = MappingProxyType({term.name: term.unit for term in TERMS.values()})


def unit_words(ucum: str) -> str:
    """As people write it: "mg·h/L", "µg/L"; "" for a number alone. A point within a number stays one."""
    return "" if ucum == "1" else re.sub(r"\bug\b", "µg", re.sub(r"(?<=[A-Za-z)])\.(?=[A-Za-z(])", "·", ucum))
