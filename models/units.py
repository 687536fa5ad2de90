"""The canonical unit of each quantity inside the product; conversion happens once, in fhir/quantity.py."""

from collections.abc import Mapping
from types import MappingProxyType

from models.terms import TERMS

TIME = "h"
AMOUNT = "mg"

# covariate name -> UCUM unit ("1" = a number without unit; flags are 0 or 1)
COVARIATES: Mapping[str, str] = MappingProxyType({term.name: term.unit for term in TERMS.values()})
