"""Sex, date of birth and, where a model asks, charted race from the Patient; what is missing is said aloud."""

from dataclasses import dataclass
from datetime import date

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import read_date
from fhir.codes import table
from fhir.errors import UnreadableTime
from fhir.reading import finding
from fhir.wire import rows, string
from models.covariates import words
from models.drug import Drug
from models.findings import Finding

_FEMALE = {"female": 1.0, "male": 0.0}
_DAYS_A_YEAR = 365.25  # UCUM a (mean Julian year)


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is known of the patient apart from time; None where the chart does not say it."""

    born: date | None
    female: float | None
    source: Source | None
    findings: tuple[Finding, ...]
    race: str = ""  # one OMB category, "" where none or more than one is charted

    def age_on(self, day: date) -> float | None:
        """Age in years, of 365.25 d."""
        return None if self.born is None else (day - self.born).days / _DAYS_A_YEAR


def read_patient(shelf: Shelf) -> Person:
    """The Patient on the shelf; without one, a Person of whom nothing is known, said aloud."""
    patient = next(iter(shelf.of_type("Patient")), None)
    if patient is None:
        text = "the Patient resource was not supplied, so age and sex are not known."
        return Person(born=None, female=None, source=None, findings=(finding("patient-missing", "warning", text),))
    born, why = _born(patient)
    female = _FEMALE.get(string(patient, "gender"))
    missing = []
    if patient.get("deceasedBoolean") not in (None, False) or patient.get("deceasedDateTime"):
        text = "the chart says that this patient has died; if that is not so, the entry should be corrected."
        missing.append(finding("deceased", "critical", text))
    if why:
        missing.append(finding("birth-date-missing", "warning", f"the age is not known: {why}."))
    if female is None:
        text = "the sex is not charted as female or male; formulas that need it can not be used."
        missing.append(finding("sex-missing", "warning", text))
    source = Source(resource=reference_of(patient), version=version_of(patient), time=None)
    return Person(born=born, female=female, source=source, findings=tuple(missing), race=_race(patient))


def ancestry(person: Person, drug: Drug) -> tuple[dict[str, float], tuple[Finding, ...]]:
    """asian and black, where the drug's models ask and the US Core race extension has one category; said where used."""
    entry, asked = table()["race"], [name for name in ("asian", "black") if name in drug.covariates]
    if not person.race or not asked:
        return {}, ()
    values: dict[str, float] = {name: float(person.race == entry[name]) for name in asked}
    told = " and ".join(f"{words(name)}: {'yes' if values[name] else 'no'}" for name in asked)
    text = f"{told}, by the race charted in the Patient, which is a category of administration and not of biology."
    return values, (finding("ancestry-by-race", "info", text),)


def _race(patient: Resource) -> str:
    entry = table()["race"]
    found = {
        string(part, "valueCoding", "code")
        for extension in rows(patient, "extension")
        if string(extension, "url") == entry["url"]
        for part in rows(extension, "extension")
        if string(part, "url") == "ombCategory"
        and string(part, "valueCoding", "system") in table()["systems"]["cdcrec"]
    }
    one = found.pop() if len(found) == 1 else ""
    return one if one in (entry["asian"], entry["black"], *entry["others"]) else ""


def _born(patient: Resource) -> tuple[date | None, str]:
    try:
        return read_date(patient.get("birthDate")), ""
    except UnreadableTime:
        charted = string(patient, "birthDate")
        return None, "the date of birth is not charted in full" if charted else "no date of birth is charted"
