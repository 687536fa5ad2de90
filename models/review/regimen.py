"""A drug's usual regimen from its products, and a regimen as people write it."""

import re
from math import inf
from typing import cast

from models.dosing.advice import Regimen
from models.dosing.candidates import duration
from models.dosing.limits import broken_limits
from models.drug import Drug, Product
from models.errors import RecordError
from models.population import PopulationModel
from models.record import Route
from models.review.patient import SMALL, STANDARD_WEIGHT, centre_of_domain, named_value, reference_patient

# mg once a day of a drug without products, by its unit of concentration: only that the prediction has a dose
_ESTIMATE_DOSE, _ESTIMATE_INTERVAL = {"mg/L": 100.0, "ug/L": 1.0}, 24.0
WRITTEN = "1000 mg q12h 1h iv"
_PARTS = re.compile(
    r"(?P<mg>\d+(?:\.\d+)?) ?mg +q ?(?P<every>\d+(?:\.\d+)?) ?h"
    r"(?: +(?:over )?(?P<hours>\d+(?:\.\d+)?) ?h)?(?: +(?P<how>continuous))?(?: +(?P<route>iv|oral|sc))?"
)


def usual_regimen(drug: Drug, model: PopulationModel, weight: float | None, *, first: PopulationModel) -> Regimen:
    """The middle dose at the middle interval of the first product whose route the model has, within hard limits.

    weight: kg. first: the drug's preferred model, for whose reference patient the products are taken to be; where that
    is an adult, the dose under 40 kg is that of 70 kg, per kg. A drug without products: the dose
    that the model's effects or domain centre on, else 100 mg (of one measured in ug/L: 1 mg), once a day.
    """
    product = next((item for item in drug.products if item.route in model.structure.routes), None)
    if product is None:
        return _without_product(drug, model)
    interval = sorted(product.intervals)[(len(product.intervals) - 1) // 2]
    meant_for = reference_patient(first, drug)["weight"]
    scaled = weight is not None and weight < SMALL <= meant_for
    steps = [_regimen(product, amount, interval) for amount in _amounts(product)]
    kept = [item for item in steps if not broken_limits(item, drug, STANDARD_WEIGHT if scaled else weight)] or steps[:1]
    middle = kept[(len(kept) - 1) // 2]
    if weight is None or not scaled:
        return middle
    return _regimen(product, float(f"{middle.amount * weight / STANDARD_WEIGHT:.3g}"), interval)


def _without_product(drug: Drug, model: PopulationModel) -> Regimen:
    own = named_value("dose", model) or centre_of_domain("dose", model)
    route = cast(Route, next(iter(model.structure.routes)))
    amount = float(f"{own or _ESTIMATE_DOSE[drug.concentration_unit]:.3g}")
    return Regimen(amount=amount, interval=_ESTIMATE_INTERVAL, duration=0.0, route=route, start=0.0)


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
    route = cast(Route, found["route"] or (product.route if product else "iv"))
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
