"""Hard limits of a regimen, checked last: what breaks one is never proposed, and is said where it is only compared."""

from models.dosing.advice import Regimen
from models.drug import Drug, Limit

# mg and mg/h: decimal dose sums like 3 * 0.1 must not break a limit that they equal
_ROUNDING = 1e-9


def broken_limits(regimen: Regimen, drug: Drug, weight: float | None) -> tuple[str, ...]:
    """The drug file's hard limits that a regimen breaks, one sentence each, empty if none.

    A dose equal to the limit keeps it. weight: kg, None where not known: limits per kg are then not checked.
    """
    limits = drug.limits
    daily = regimen.amount * 24.0 / regimen.interval
    checks = [
        ("a single dose", regimen.amount, limits.single),
        # less often than daily, the day of the dose gets all of it
        ("a day's dose", max(daily, regimen.amount), limits.daily),
    ]
    if weight is not None:
        checks += [
            ("a single dose", regimen.amount / weight, limits.single_per_kg),
            ("a day's dose", max(daily, regimen.amount) / weight, limits.daily_per_kg),
        ]
    sentences = [_sentence(what, value, limit) for what, value, limit in checks if limit and _over(value, limit)]
    return (*sentences, *_rate(regimen, limits.rate))


def _rate(regimen: Regimen, limit: Limit | None) -> tuple[str, ...]:
    if limit is None or regimen.route != "iv":
        return ()
    if regimen.duration == 0:
        return (f"A bolus is faster than the limit of {limit.value:g} {limit.unit} ({limit.source}).",)
    rate = regimen.amount / regimen.duration
    return (_sentence("an infusion rate", rate, limit),) if _over(rate, limit) else ()


def _over(value: float, limit: Limit) -> bool:
    return value > limit.value * (1.0 + _ROUNDING)


def _sentence(what: str, value: float, limit: Limit) -> str:
    return (
        f"{what[0].upper()}{what[1:]} of {value:.5g} {limit.unit} is above the limit of "
        f"{limit.value:g} {limit.unit} ({limit.source})."
    )
