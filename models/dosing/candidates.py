"""The regimens that the drug's products and a ward's clock allow."""

from math import ceil

from models.dosing.advice import Regimen
from models.drug import Drug, Product
from models.record import Route


def candidates(drug: Drug, route: Route, *, start: float) -> tuple[Regimen, ...]:
    """Every dose step at every interval of the route's products, infused at the usual rate; hard limits come later."""
    return tuple(
        Regimen(amount=amount, interval=interval, duration=hours, route=route, start=start)
        for product in drug.products
        if product.route == route
        for interval in product.intervals
        for amount in _amounts(product)
        for hours in (interval if product.continuous else duration(product, amount),)
        if hours < interval or product.continuous
    )


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
