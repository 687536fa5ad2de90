"""A drug's usual regimen from its products, and a regimen as people write it."""

import re
from math import inf

from models.dosing.advice import Regimen
from models.dosing.candidates import duration
from models.dosing.limits import broken_limits
from models.drug import Drug, Product
from models.errors import RecordError
from models.population import PopulationModel
from models.record import Route
from models.review.patient import STANDARD_WEIGHT

SMALL = 40.0  # kg; below, the middle dose counts per kg of a 70 kg adult, unless the products reach lower
# of a drug without products: only that the prediction has a dose
_ESTIMATE_DOSE, _ESTIMATE_INTERVAL = 100.0, 24.0
WRITTEN = "1000 mg q12h 1h iv"
_PARTS = re.compile(
    r"(?P<mg>\d+(?:\.\d+)?) ?mg +q ?(?P<every>\d+(?:\.\d+)?) ?h"
    r"(?: +(?:over )?(?P<hours>\d+(?:\.\d+)?) ?h)?(?: +(?P<how>continuous))?(?: +(?P<route>iv|oral|sc))?"
)


def usual_regimen(drug: Drug, model: PopulationModel, weight: float | None) -> Regimen:
    """The middle dose at the middle interval of the first product whose route the model has, within hard limits.

    weight: kg. Under 40 kg the middle dose is that of an adult of 70 kg, per kg. A drug without products: 100 mg once
    a day, so that there is a prediction at all.
    """
    product = next((item for item in drug.products if item.route in model.structure.routes), None)
    if product is None:
        route = next(iter(model.structure.routes))
        return Regimen(amount=_ESTIMATE_DOSE, interval=_ESTIMATE_INTERVAL, duration=0.0, route=route, start=0.0)  # type: ignore[arg-type]
    interval = sorted(product.intervals)[(len(product.intervals) - 1) // 2]
    steps = [_regimen(product, amount, interval) for amount in _amounts(product)]
    kept = [item for item in steps if not broken_limits(item, drug, max(weight or SMALL, SMALL))] or steps[:1]
    middle = kept[(len(kept) - 1) // 2]
    if weight is None or weight >= SMALL:
        return middle
    return _regimen(product, float(f"{middle.amount * weight / STANDARD_WEIGHT:.3g}"), interval)


def _amounts(product: Product) -> list[float]:
    first, last = round(product.smallest / product.increment), round(product.largest / product.increment)
    return [step * product.increment for step in range(first, last + 1)]


def _regimen(product: Product, amount: float, interval: float) -> Regimen:
    hours = interval if product.continuous else min(duration(product, amount), interval)
    return Regimen(amount=amount, interval=interval, duration=hours, route=product.route, start=0.0)


def parse_regimen(text: str, drug: Drug) -> Regimen:
    """ "1000 mg q12h 1h iv": mg, hours between doses, hours of infusion, route; the last two may be left out.

    Left out, they are the drug's first product's. RecordError says what was expected.
    """
    found = _PARTS.fullmatch(" ".join(text.lower().split()))
    if not found:
        raise RecordError(f"regimen {text!r} is not understood; expected for example {WRITTEN!r} (mg, h, h, route)")
    amount, interval = float(found["mg"]), float(found["every"])
    product = _product(drug, found["route"])
    route: Route = found["route"] or (product.route if product else "iv")  # type: ignore[assignment]
    hours = 0.0
    if found["how"]:
        hours = interval
    elif found["hours"]:
        hours = float(found["hours"])
    elif product:
        hours = interval if product.continuous else duration(product, amount)
    if amount <= 0 or interval <= 0 or hours > interval or (hours and route != "iv"):
        raise RecordError(
            f"regimen {text!r}: expected a dose and an interval above 0, and an infusion (iv only) within the interval"
        )
    return Regimen(amount=amount, interval=interval, duration=hours, route=route, start=0.0)


def _product(drug: Drug, route: str | None) -> Product | None:
    return next((item for item in drug.products if route in (None, item.route)), None)


def regimen_text(regimen: Regimen) -> str:
    """ "1000 mg every 12 h, over 2 h (iv)"."""
    how = f", over {regimen.duration:g} h" if 0 < regimen.duration < regimen.interval else ""
    how = ", continuously" if 0 < regimen.interval <= regimen.duration < inf else how
    return f"{regimen.amount:g} mg every {regimen.interval:g} h{how} ({regimen.route})"
