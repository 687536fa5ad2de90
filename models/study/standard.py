"""Standard dosing: the rule of a label or a nomogram, without any model."""

from models.covariates import value_at
from models.dosing.advice import Regimen
from models.errors import ModelsError
from models.formulas import FORMULAS
from models.record import PatientRecord
from models.study.design import Rule, Standard


def standard_regimen(standard: Standard, record: PatientRecord) -> Regimen:
    """The first rule that holds for the patient; ModelsError where none does."""
    weight = _charted(record, "weight")
    for rule in standard.rules:
        if rule.low <= _value(rule, record) < rule.high:
            return _regimen(standard, rule, weight, record.now)
    raise ModelsError(f"standard dosing of {record.drug}: no rule holds for this patient; add one to its design")


def _value(rule: Rule, record: PatientRecord) -> float:
    if rule.when == "":
        return 0.0
    if rule.when != "crcl":
        return _charted(record, rule.when)
    formula = FORMULAS["cockcroft-gault"]
    return float(formula.function(**{name: _charted(record, name) for name in formula.inputs}))


def _regimen(standard: Standard, rule: Rule, weight: float, start: float) -> Regimen:
    amount = rule.mg or standard.round_to * max(round(rule.mg_per_kg * weight / standard.round_to), 1)
    return Regimen(
        amount=min(amount, standard.largest),
        interval=rule.interval,
        duration=rule.duration,
        route=standard.route,
        start=start,
    )


def _charted(record: PatientRecord, name: str) -> float:
    value = value_at(record, name, record.now)
    if value is None:
        raise ModelsError(f"standard dosing of {record.drug} needs {name}, which the record does not have")
    return value
