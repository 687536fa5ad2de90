"""Covariates from Observations: weight, height, creatinine, haematocrit, albumin, by LOINC code."""

from datetime import datetime

from fhir.bundle import Shelf
from fhir.codes import codes_in, table
from fhir.observations import Wanted, parts_of, read_value
from fhir.reading import Stream
from models.covariates import words
from models.drug import Drug
from models.units import COVARIATES


def read_covariates(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """Every value of the covariates that the drug's file calls worth reading, or why it was not used."""
    wanted = {loinc: item for item in _wanted(drug) for loinc in table()["covariates"][item.name]["loinc"]}
    for observation in shelf.of_type("Observation"):
        for code, holder in parts_of(observation):
            for name in {wanted[loinc].name: wanted[loinc] for loinc in codes_in(code, "loinc") & set(wanted)}.values():
                yield from read_value(observation, holder, name, shelf, now)


def _wanted(drug: Drug) -> list[Wanted]:
    return [
        Wanted(
            name=name,
            slug=name,
            words=words(name),
            unit=COVARIATES[name],
            plausible=drug.plausible.get(name),
            molar_mass=entry.get("molar_mass"),
            day=entry["day"],
        )
        for name, entry in table()["covariates"].items()
        if name in drug.covariates
    ]
