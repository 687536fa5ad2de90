"""Drug levels from Observations, by the LOINC codes of the drug's file."""

from datetime import datetime

from fhir.bundle import Shelf
from fhir.codes import codes_in, words_of
from fhir.measured.observations import Wanted, parts_of, read_value
from fhir.reading import Stream, finding
from models.drug import Drug


def read_levels(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """Every level of the drug, or why it was not used. Observations that only name the drug are counted aloud."""
    kinds = {code.loinc: code.kind for code in drug.level_codes}
    named = 0
    for observation in shelf.of_type("Observation"):
        found = False
        for code, holder in parts_of(observation):
            loinc = codes_in(code, "loinc") & set(kinds)
            if loinc:
                found = True
                yield from read_value(observation, holder, _wanted(drug, {kinds[item] for item in loinc}), shelf, now)
        named += not found and drug.analyte.lower() in words_of(observation.get("code"))
    if named:
        text = (
            f"{named} result(s) name {drug.analyte} without a code this service reads as a level; they were not used."
        )
        yield finding(
            "level-uncoded", "warning", f"{text} A susceptibility test is rightly passed over, a level is not."
        )


def _wanted(drug: Drug, kinds: set[str]) -> Wanted:
    return Wanted(
        name="level",
        slug="level",
        words=f"{drug.analyte} level",
        unit=drug.concentration_unit,
        plausible=drug.plausible.get("level"),
        molar_mass=drug.molar_mass,
        level=True,
        kind=kinds.pop() if len(kinds) == 1 else "any",
        severity="critical",
    )
