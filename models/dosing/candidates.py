"""The regimens that the drug's products and a ward's clock allow."""

from math import ceil

from models.covariates import value_at
from models.dosing.advice import Regimen
from models.drug import Drug, Product
from models.record import PatientRecord, Route


def candidates(
    drug: Drug, route: Route, record: PatientRecord | None = None, *, start: float, continuous: bool = False
) -> tuple[Regimen, ...]:
    """Every dose step at every interval of the route's products for this patient (None: nobody in particular).

    Hard limits come later. Infused at the usual rate, or over the whole interval where a continuous infusion is asked
    for and there is one.
    """
    fitting = [item for item in drug.products if item.route == route and fits(item, record)]
    ours = [item for item in fitting if item.continuous == continuous]
    found = (
        Regimen(amount=amount, interval=interval, duration=hours, route=route, start=start)
        for product in ours or fitting
        for interval in product.intervals
        for amount in _amounts(product)
        for hours in (interval if product.continuous else duration(product, amount),)
        if hours < interval or product.continuous
    )
    return tuple(dict.fromkeys(found))  # two products may allow the same


def fits(product: Product, record: PatientRecord | None) -> bool:
    """A product is for everybody, or for those whose covariates are known to be in its ranges."""
    if record is None:
        return not product.when
    values = {item.covariate: value_at(record, item.covariate, record.now) for item in product.when}
    return all(values[c.covariate] is not None and c.holds(values[c.covariate] or 0.0) for c in product.when)


def duration(product: Product, amount: float) -> float:
    """Hours of infusion at the usual rate, rounded up to the product's step; 0 for a swallowed or injected dose."""
    if product.usual_rate is None:
        return product.shortest_duration
    steps = ceil(amount / product.usual_rate / product.duration_step - 1e-9)
    return max(product.shortest_duration, steps * product.duration_step)


def _amounts(product: Product) -> tuple[float, ...]:
    # counted in whole steps, so that 0.5 mg capsules do not add up to 2.4999999 mg
    first, last = round(product.smallest / product.increment), round(product.largest / product.increment)
    return tuple(step * product.increment for step in range(first, last + 1))
