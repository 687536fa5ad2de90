"""A small frozen rule for tests, made by hand: the shape of the vancomycin rule of peak and trough."""

from dataclasses import asdict, replace
from typing import Any

from models.cohorts.manifest import NO_SHIFT
from models.rules.frozen import Assessment, FrozenRule, Measure, Output, Proof, Spread
from models.rules.parse import parse
from models.rules.quantities import Input, Quantity
from models.rules.rulefile import frozen

SYMBOLS = ("r_peak", "r_trough")
PROVED = ("finite all over the box", *(f"clearance never falls as {name} rises" for name in SYMBOLS))
POPULATION = {
    "drug": "vancomycin",
    "scheme": "peak-trough",
    "part": "training",
    "patients": 10,
    "seed": 1,
    "shift": asdict(NO_SHIFT),
    "design": "def",
    "models": {"vancomycin/goti2018": "abc"},
}
PATIENT = {
    "weight": 70.0,
    "interval": 12.0,
    "rate": 83.3333,
    "level_peak": 20.0,
    "level_trough": 10.0,
    "expected_peak": 24.0,
    "expected_trough": 8.0,
    "expected_clearance": 4.0,
}


def quantity(name: str, unit: str, low: float, high: float) -> Quantity:
    return Quantity(name=name, unit=unit, words=name.replace("_", " "), low=low, high=high)


def ratio(symbol: str, sample: str) -> Input:
    top, bottom = f"expected_{sample}", f"level_{sample}"
    return Input(symbol=symbol, top=top, bottom=bottom, reference=1.0, unit="1", log=True, low=0.4, high=6.0)


def unfrozen(formula: str = "-0.05 + 0.3*r_peak + 0.35*r_trough", **changes: Any) -> FrozenRule:
    output = Output(
        metric="auc24",
        words="clearance",
        exposure_words="AUC24 at steady state",
        unit="mg.h/L",
        base="expected_clearance",
        factor=24.0,
        factor_unit="h",
    )
    rule = FrozenRule(
        id="vancomycin/peak-trough-informed",
        drug="vancomycin",
        scheme="peak-trough",
        form="informed",
        words="a peak and a trough",
        formula=parse(formula, SYMBOLS),
        intervals=((-0.07, -0.03), (0.25, 0.35), (0.3, 0.4)),
        output=output,
        quantities=(
            quantity("weight", "kg", 45.0, 130.0),
            quantity("interval", "h", 8.0, 48.0),
            quantity("rate", "mg/h", 20.0, 300.0),
            quantity("level_peak", "mg/L", 3.0, 70.0),
            quantity("level_trough", "mg/L", 1.5, 50.0),
            quantity("expected_peak", "mg/L", 10.0, 60.0),
            quantity("expected_trough", "mg/L", 4.0, 40.0),
            quantity("expected_clearance", "L/h", 1.0, 6.0),
        ),
        inputs=(ratio("r_peak", "peak"), ratio("r_trough", "trough")),
        absent=("dialysis",),
        behind="A model hides behind the expected ones.",
        monotone="each",
        proofs=tuple(Proof(of=of, how="proved") for of in PROVED),
        spreads=(Spread(share=0.8, low=-0.3, high=0.4),),
        assessments=(
            Assessment(
                on="nobody", patients=10, silent=0.1, measures=(Measure(name="rmse", value=30.0, low=28.0, high=32.0),)
            ),
        ),
        engine={"name": "by hand", "symbols": ["add", "mul"]},
        training={"population": POPULATION},
        not_verified=("Everything.",),
    )
    return replace(rule, **changes)


def made(formula: str = "-0.05 + 0.3*r_peak + 0.35*r_trough", **changes: Any) -> FrozenRule:
    return frozen(unfrozen(formula, **changes))
