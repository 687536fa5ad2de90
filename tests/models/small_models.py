"""Small made-up models and patients for tests of estimation: one compartment, boluses at hours, levels in mg/L."""

from collections.abc import Iterable, Sequence

import numpy as np

from models.nmtran import Row, subject_from_rows
from models.population import PopulationModel, parse_model
from models.subject import Subject
from tests.reference.evaluate import predictions

COMBINED = 'kind = "combined", proportional_sd = 0.1, additive_sd = 0.5'
_HEAD = """
id = "{id}"
drug = "made-up"
title = "one compartment, bolus"
units.time = "h"
units.amount = "mg"
[structure]
compartments = ["CENT"]
routes.iv.into = ["CENT"]
fluxes = [{{ kind = "elimination", from = "CENT", clearance = "CL", volume = "V" }}]
dosing.CENT.bioavailability = "F"
[outputs.concentration]
compartment = "CENT"
volume = "V"
unit = "mg/L"
residual = {{ {residual} }}
"""


def one_compartment(
    *, id: str = "small", residual: str = COMBINED, random: str = "", cl: float = 4.0, v: float = 40.0, f: float = 1.0
) -> PopulationModel:
    """Typical CL (L/h), V (L) and F as given; `random` holds the [random.*] tables."""
    values = "".join(
        f'[parameters.{name}]\nvalue = {value}\nunit = "{unit}"\nsource = "made up"\n'
        for name, value, unit in (("CL", cl, "L/h"), ("V", v, "L"), ("F", f, "1"))
    )
    return parse_model((_HEAD.format(id=id, residual=residual) + values + random).encode(), f"{id}.toml")


def eta(name: str, variance: float, **more: object) -> str:
    """One [random.*] table; more: kind, shape."""
    lines = [
        f"{key} = {repr(value) if isinstance(value, float) else chr(34) + str(value) + chr(34)}"
        for key, value in more.items()
    ]
    head = f'[random.{name}]\nvariance = {variance}\nprinted = {variance}\nconversion = "variance"\n'
    return head + "\n".join(lines) + "\n"


def row(time: float, **changes: object) -> Row:
    plain = {"evid": 0, "amount": 0.0, "comp": 0, "rate": 0.0, "interval": 0.0, "additional": 0, "steady": 0}
    return Row(**(plain | {"time": time, "observed": None, "below": False, "values": {}} | changes))  # type: ignore[arg-type]


def dose(time: float, mg: float, *, rate: float = 0.0, **more: object) -> Row:
    return row(time, evid=1, amount=mg, rate=rate, **more)


def levels(times: Iterable[float], values: Iterable[float]) -> list[Row]:
    return [row(at, observed=float(value)) for at, value in zip(times, values, strict=True)]


def patient(model: PopulationModel, doses: Sequence[Row], times: Sequence[float], values: Iterable[float]) -> Subject:
    """Doses and levels in order of time; a level at a dose's time is drawn before it."""
    rows = [*levels(times, values), *doses]
    return subject_from_rows(model, sorted(rows, key=lambda item: item.time))


def simulated(
    model: PopulationModel, doses: Sequence[Row], times: Sequence[float], random: np.random.Generator
) -> np.ndarray:
    """(len(times),) levels of a patient drawn from the model, with the model's residual error; below zero never."""
    etas = random.multivariate_normal(np.zeros(len(model.omega)), model.omega)[None]
    rows = sorted([*(row(at) for at in times), *doses], key=lambda item: item.time)
    found = predictions(model, rows, etas)[0]
    clean = np.array([value for value, item in zip(found, rows, strict=True) if item.evid == 0])
    error = model.outputs[0].residual
    noise = random.standard_normal(clean.size)
    if error.kind == "exponential":
        return clean * np.exp(error.sd(1.0) * noise)
    return np.maximum(clean + np.array([error.sd(f) for f in clean]) * noise, 0.01)
