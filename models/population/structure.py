"""The [structure] and [outputs.*] tables of a model file: compartments, fluxes, routes, observed quantities."""

from typing import get_args

from models.population.model import Dosing, Flux, Modulator, Output, Residual, ResidualKind, Rise, Structure, Transit
from models.population.table import Table
from models.record import Route

# grams and litres in one of each unit; the scale of an output follows from them
MASS = {"g": 1.0, "mg": 1e-3, "ug": 1e-6, "ng": 1e-9}
VOLUME = {"L": 1.0, "dL": 1e-1, "mL": 1e-3}


def read_structure(table: Table) -> Structure:
    compartments = table.texts("compartments")
    routes = {name: _into(item) for name, item in _routes(table)}
    fluxes = tuple(flux for item in table.tables("fluxes") for flux in _fluxes(item))
    dosing = {name: _dosing(item) for name, item in table.table("dosing", {}).children()}
    initial = table.table("initial", {}).rest_texts()
    table.done()
    return Structure(compartments=compartments, routes=routes, fluxes=fluxes, dosing=dosing, initial=initial)


def _routes(table: Table) -> tuple[tuple[str, Table], ...]:
    children = table.table("routes").children()
    for name, _ in children:
        if name not in get_args(Route):
            table.fail("routes", f"the routes {', '.join(get_args(Route))}", name)
    return children


def _into(item: Table) -> tuple[str, ...]:
    into = item.texts("into")
    item.done()
    return into


def _dosing(item: Table) -> Dosing:
    transit = _transit(item.table("transit")) if item.has("transit") else None
    names = {key: item.text(key, None) for key in ("bioavailability", "lag", "duration", "rate")}
    dosing = Dosing(**names, transit=transit)
    if transit and (dosing.duration or dosing.rate):
        item.fail("transit", "either transits or a modelled duration or rate", "both")
    if dosing.duration and dosing.rate:
        item.fail("rate", "either a modelled duration or a modelled rate", dosing.rate)
    item.done()
    return dosing


def _transit(item: Table) -> Transit:
    transit = Transit(number=item.text("number"), mean_time=item.text("mean_time"))
    item.done()
    return transit


def _rise(item: Table) -> Rise:
    rise = Rise(rate=item.text("rate"), shape=item.text("shape"))
    item.done()
    return rise


def _fluxes(item: Table) -> tuple[Flux, ...]:
    kind = item.word("kind", ("elimination", "exchange", "first-order", "conversion", "michaelis-menten", "production"))
    if kind == "exchange":
        one, two = _two(item, "between")
        v_one, v_two = _two(item, "volumes")
        rate = item.text("clearance")
        item.done()
        return (
            Flux(kind="linear", source=one, target=two, rate=rate, volume=v_one),
            Flux(kind="linear", source=two, target=one, rate=rate, volume=v_two),
        )
    flux = _one_flux(kind, item)
    item.done()
    return (flux,)


def _one_flux(kind: str, item: Table) -> Flux:
    modulator = _modulator(item.table("modulator")) if item.has("modulator") else None
    if kind == "production":
        return Flux(kind="production", source=None, target=item.text("to"), rate=item.text("rate"), modulator=modulator)
    source, target = item.text("from"), item.text("to", None)
    if kind == "michaelis-menten":
        rate, volume, km = item.text("vmax"), item.text("volume"), item.text("km")
        return Flux(kind="michaelis-menten", source=source, target=target, rate=rate, volume=volume, km=km)
    if kind == "first-order":
        rate, rises = item.text("rate"), _rise(item.table("rises")) if item.has("rises") else None
        return Flux(kind="linear", source=source, target=target, rate=rate, modulator=modulator, rises=rises)
    if kind == "conversion" and target is None:
        item.fail("to", "the compartment that is formed")
    rate, volume = item.text("clearance"), item.text("volume")
    return Flux(kind="linear", source=source, target=target, rate=rate, volume=volume, modulator=modulator)


def _modulator(item: Table) -> Modulator:
    modulator = Modulator(
        driver=item.text("by"),
        volume=item.text("volume", None),
        sign=-1 if item.word("kind", ("inhibition", "stimulation")) == "inhibition" else 1,
        emax=item.text("emax"),
        ec50=item.text("ec50"),
        hill=item.text("hill", None),
    )
    item.done()
    return modulator


def _two(item: Table, key: str) -> tuple[str, str]:
    values = item.texts(key)
    if len(values) != 2:
        item.fail(key, "two names", values)
    return values[0], values[1]


def read_outputs(table: Table, amount_unit: str) -> tuple[Output, ...]:
    outputs = []
    for name, item in table.children():
        volume, unit = item.text("volume", None), item.text("unit")
        output = Output(
            name=name,
            compartment=item.text("compartment"),
            volume=volume,
            unit=unit,
            scale=_scale(item, unit, amount_unit) if volume else 1.0,
            residual=_residual(item.table("residual")),
        )
        item.text("matrix", "")
        item.done()
        outputs.append(output)
    if not outputs:
        table.fail("", "at least one output")
    return tuple(outputs)


def _scale(item: Table, unit: str, amount_unit: str) -> float:
    """What amount_unit per litre has to be multiplied by to be in `unit`."""
    mass, _, volume = unit.partition("/")
    if mass not in MASS or volume not in VOLUME:
        item.fail("unit", "a mass concentration such as mg/L or ug/L", unit)
    scale = MASS[amount_unit] / MASS[mass] * VOLUME[volume]
    return float(f"{scale:.12g}")


def _residual(item: Table) -> Residual:
    kind = item.word("kind", get_args(ResidualKind))
    residual = Residual(
        kind=kind,  # type: ignore[arg-type]  # word() allows only these
        proportional=_squared(item, "proportional") if kind in ("proportional", "combined", "power") else 0.0,
        additive=_squared(item, "additive") if kind in ("additive", "combined", "exponential") else 0.0,
        exponent=item.number("exponent") if kind == "power" else 1.0,
    )
    item.text("source", "")
    item.done()
    return residual


def _squared(item: Table, key: str) -> float:
    """The variance, from proportional_sd or proportional_variance (likewise additive): the file says which it gives."""
    sd, variance = item.number(f"{key}_sd", None), item.number(f"{key}_variance", None)
    if (sd is None) == (variance is None):
        item.fail(f"{key}_sd", f"exactly one of {key}_sd and {key}_variance")
    value = variance if sd is None else sd**2
    if value <= 0:
        item.fail(f"{key}_sd", "a number above 0", value)
    return value
