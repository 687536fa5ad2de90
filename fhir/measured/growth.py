"""What is usual in a child of an age, where it is not what is usual in an adult."""

from dataclasses import replace
from datetime import date

from fhir.terminology import data
from models.drug import Plausible

_DAYS_A_YEAR = 365.25


def usual_at(plausible: Plausible | None, name: str, born: date | None, day: date) -> Plausible | None:
    """The range with the soft bounds of that age; as it is without a date of birth, and in adults."""
    rows = data("growth.toml").get(name, {}).get("under", ()) if plausible and born else ()
    if plausible is None or born is None or not rows:
        return plausible
    years = (day - born).days / _DAYS_A_YEAR
    found = next(((low, high) for under, low, high in rows if years < under), None)
    return replace(plausible, soft_low=found[0], soft_high=found[1]) if found else plausible
