"""Amount, rate, duration and route out of a Dosage; shared by what was given and what is ordered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fhir.errors import Unreadable
from fhir.quantity import Dimension, code_of, convert, unit
from fhir.wire import mapping, number, rows

Flow = Literal["mass", "volume", "mass per kg", "other"]

# dimension of a rate's unit: what flows, and the unit it is kept in
_RATES: Mapping[Dimension, tuple[Flow, str]] = {
    (("mass",), ("time",)): ("mass", "mg/h"),
    (("volume",), ("time",)): ("volume", "mL/h"),
    (("mass",), ("mass", "time")): ("mass per kg", "mg/kg/h"),
}


@dataclass(frozen=True, kw_only=True)
class Rate:
    """value: in mg/h, mL/h or mg/kg/h, by what flows; of any other kind ("other") it says nothing here."""

    value: float
    of: Flow


def read_rate(dosage: Mapping[str, Any]) -> Rate | None:
    """The rate from rateQuantity or rateRatio, 0 included; None where none is charted. Raises Unreadable."""
    quantity, ratio = mapping(dosage, "rateQuantity"), mapping(dosage, "rateRatio")
    if quantity and ratio:
        raise Unreadable("it has two rates")
    above = quantity or mapping(ratio, "numerator")
    below = mapping(ratio, "denominator")
    if not above:
        return None
    if above.get("comparator") or below.get("comparator"):
        raise Unreadable("its rate is charted as a limit, not as one value")
    code = code_of(quantity) if quantity else f"{code_of(above)}/{code_of(below)}"
    value = number(quantity, "value") if quantity else _over(above, below)
    flows, to = _RATES.get(unit(code).dimension, ("other", ""))
    if value is None or value < 0:
        raise Unreadable("its rate is not a positive number")
    return Rate(value=convert(value, code, to) if to else 0.0, of=flows)


def rate_mg_per_h(dosage: Mapping[str, Any]) -> float | None:
    """The rate in mg/h from rateQuantity or rateRatio; None where there is none or it is another kind of rate."""
    rate = read_rate(dosage)
    if rate is None or rate.of != "mass":
        return None
    if rate.value <= 0:
        raise Unreadable("its rate is not a positive number")
    return rate.value


def _over(above: Mapping[str, Any], below: Mapping[str, Any]) -> float | None:
    top, bottom = number(above, "value"), number(below, "value")
    return top / bottom if top is not None and bottom else None


def dose_and_rate(instruction: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one doseAndRate of an order's instruction; of several the one marked "ordered". Raises Unreadable."""
    found = list(rows(instruction, "doseAndRate"))
    if len(found) > 1:
        found = [item for item in found if mapping(item, "type", "coding", 0).get("code") == "ordered"]
    if len(found) != 1:
        raise Unreadable("the order gives no dose, or more than one")
    if "doseRange" in found[0] or "rateRange" in found[0]:
        raise Unreadable("the order gives a range of doses or rates")
    return found[0]
