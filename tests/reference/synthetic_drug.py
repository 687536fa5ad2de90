"""A drug made from what a chart itself carries, so that the readers run on charts of drugs that the library has not."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

from fhir.bundle import Shelf, opened, shelve
from fhir.codes import codes_in, table
from fhir.errors import Unreadable, UnreadableUnit
from fhir.measured.observations import parts_of
from fhir.medicine.medication import concepts_of
from fhir.quantity import code_of, unit
from fhir.wire import mapping, rows, string
from models.catalog import load_catalog
from models.drug import Drug, LevelCode, Limits, Plausible

Resource = dict[str, Any]
RXNORM, LOINC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://loinc.org"
NAME = "synthetic"  # of the drug; no chart names it in words


@cache
def _base() -> Drug:
    """Vancomycin's file for everything but the codes: each route, no limits, every covariate worth reading."""
    drug = load_catalog().drugs["vancomycin"]
    infusion = drug.products[0]
    swallowed = replace(infusion, route="oral", usual_rate=None, when=())
    return replace(
        drug,
        name=NAME,
        display="Synthetic",
        analyte=NAME,
        products=(infusion, swallowed, replace(swallowed, route="sc")),
        limits=Limits(),
        charted_as=(),
        covariates=tuple(table()["covariates"]),
    )


def coded(resource: Resource) -> Resource:
    """A copy in which every medication has an RxNorm and every result a LOINC code: a made-up one where it had none."""
    copy = deepcopy(resource)
    for _, item in opened([copy]):
        for holder in (item, *rows(item, "contained")):
            _code(holder)
    return copy


def _code(item: Any) -> None:
    kind = item.get("resourceType")
    if kind == "Medication" and item.get("code"):
        _add(item["code"], "rxnorm", RXNORM)
    elif mapping(item, "medicationCodeableConcept"):
        _add(item["medicationCodeableConcept"], "rxnorm", RXNORM)
    elif kind == "Observation":
        for concept, _ in parts_of(item):
            if concept:
                _add(concept, "loinc", LOINC)


def _add(concept: Any, system: str, url: str) -> None:
    if not codes_in(concept, system):
        name = next((string(coding, "code") for coding in rows(concept, "coding")), "") or string(concept, "text")
        concept["coding"] = [*rows(concept, "coding"), {"system": url, "code": f"made-up-{name or 'nameless'}"}]


def medication_codes(resources: Iterable[Resource], patient: str) -> Iterator[str]:
    """Each RxNorm code that something given or ordered is coded as, once."""
    shelf: Shelf = shelve(resources, patient)
    found = [
        code
        for kind in ("MedicationAdministration", "MedicationRequest")
        for item in shelf.of_type(kind)
        for concept in concepts_of(item, shelf) or ()
        for code in sorted(codes_in(concept, "rxnorm"))
    ]
    yield from dict.fromkeys(found)


def level_codes(resources: Iterable[Resource]) -> Iterator[tuple[str, str]]:
    """(LOINC code, unit) of each result, once; the unit is "mg/L" where the chart's own is not known."""
    found: dict[str, str] = {}
    for _, item in opened(resources):
        if item.get("resourceType") == "Observation":
            for concept, holder in parts_of(item):
                for code in sorted(codes_in(concept, "loinc")):
                    found.setdefault(code, _unit(mapping(holder, "valueQuantity")))
    yield from found.items()


def _unit(quantity: Any) -> str:
    try:
        code = code_of(quantity)
        unit(code)
    except (Unreadable, UnreadableUnit):
        return "mg/L"
    return code


def drug_of(code: str) -> Drug:
    """Given and ordered under one RxNorm code, in doses however small."""
    any_dose = tuple(replace(product, smallest=1e-6) for product in _base().products)
    return replace(_base(), rxnorm=(code,), atc=(), level_codes=(), products=any_dose)


def analyte_of(loinc: str, concentration_unit: str) -> Drug:
    """Measured under one LOINC code, in whatever unit the laboratory has; any positive value is plausible."""
    wide = Plausible(unit=concentration_unit, hard_low=0.0, hard_high=1e9, soft_low=0.0, soft_high=1e9)
    return replace(
        _base(),
        rxnorm=(),
        atc=(),
        level_codes=(LevelCode(loinc=loinc, kind="any", display=loinc),),
        concentration_unit=concentration_unit,
        plausible={**_base().plausible, "level": wide},
        covariates=(),
    )
