"""Sex and date of birth from the Patient; what is missing or of no use to a model is said aloud."""

from dataclasses import dataclass
from datetime import date

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import read_date
from fhir.errors import UnreadableTime
from fhir.reading import finding
from fhir.wire import string
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
    return Person(born=born, female=female, source=source, findings=tuple(missing))


def _born(patient: Resource) -> tuple[date | None, str]:
    try:
        return read_date(patient.get("birthDate")), ""
    except UnreadableTime:
        charted = string(patient, "birthDate")
        return None, "the date of birth is not charted in full" if charted else "no date of birth is charted"
