"""Amount, rate, duration and route out of a Dosage; shared by what was given and what is ordered."""

from collections.abc import Mapping
from typing import Any

from fhir.errors import Unreadable
from fhir.quantity import code_of, convert, read_quantity, unit
from fhir.wire import mapping, number, rows


def amount_mg(dose: Any) -> float:
    """A dose Quantity in mg; raises Unreadable for a volume, a tablet, a dose per kg, or no dose."""
    quantity = dose if isinstance(dose, Mapping) else {}
    if not quantity:
        raise Unreadable("no amount is charted")
    if quantity.get("comparator"):
        raise Unreadable("its amount is charted as a limit, not as one value")
    value = read_quantity(quantity, "mg")
    if value < 0:
        raise Unreadable(f"its amount, {value:g} mg, is negative")
    return value


def rate_mg_per_h(dosage: Mapping[str, Any]) -> float | None:
    """The rate in mg/h from rateQuantity or rateRatio; None where there is none or it is a volume rate."""
    rate = mapping(dosage, "rateQuantity")
    ratio = mapping(dosage, "rateRatio")
    if rate:
        code, value = code_of(rate), number(rate, "value")
    elif ratio:
        above, below = mapping(ratio, "numerator"), mapping(ratio, "denominator")
        code, value = f"{code_of(above)}/{code_of(below)}", _over(above, below)
    else:
        return None
    if unit(code).dimension != (("mass",), ("time",)):
        return None
    if value is None or value <= 0:
        raise Unreadable("its rate is not a positive number")
    return convert(value, code, "mg/h")


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
