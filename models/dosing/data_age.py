"""How old the data are, and whether renal function is moving."""

from models.covariates import shown, words
from models.drug import Drug
from models.findings import Finding
from models.record import Covariate, PatientRecord
from models.units import COVARIATES

# KDIGO clinical practice guideline for acute kidney injury, Kidney Int Suppl 2012;2:1-138, section 2.1:
# a rise of 0.3 mg/dL or more within 48 h, or to 1.5 times the baseline or more within 7 days.
KDIGO_RISE = 0.3  # mg/dL
KDIGO_RISE_WITHIN = 48.0  # h
KDIGO_RATIO = 1.5
KDIGO_RATIO_WITHIN = 168.0  # h
# chart values carry two decimals at most: 1.1 - 0.8 must count as 0.3
_ROUNDING = 1e-9


def data_age(drug: Drug, record: PatientRecord) -> tuple[Finding, ...]:
    """A finding for each covariate whose last value is older than the drug file allows, and for rising creatinine."""
    stale = tuple(
        _stale(drug, series[-1], record.now - series[-1].time, limit)
        for name, limit in drug.max_age.items()
        if (series := record.series(name)) and record.now - series[-1].time > limit
    )
    return stale + (rising_creatinine(record) if drug.renal_function_matters else ())


def rising_creatinine(record: PatientRecord) -> tuple[Finding, ...]:
    """A warning where the last creatinine meets a KDIGO criterion of acute kidney injury against an earlier one."""
    series = record.series("creatinine")
    if len(series) < 2:
        return ()
    last = series[-1]
    earlier = [item for item in series[:-1] if item.time < last.time and _met(item, last)]
    if not earlier:
        return ()
    low = min(earlier, key=lambda item: item.value)
    text = (
        f"Creatinine rose from {low.value:.2f} to {last.value:.2f} mg/dL within {last.time - low.time:.0f} h "
        "(KDIGO criterion of acute kidney injury): clearance may be lower than estimated and still falling; "
        "an early repeat level and creatinine would show it."
    )
    return (Finding(code="creatinine-rising", severity="warning", text=text, sources=_sources(low, last)),)


def _met(earlier: Covariate, last: Covariate) -> bool:
    hours = last.time - earlier.time
    rise = last.value - earlier.value >= KDIGO_RISE - _ROUNDING and hours <= KDIGO_RISE_WITHIN
    ratio = last.value >= KDIGO_RATIO * earlier.value * (1 - _ROUNDING) and hours <= KDIGO_RATIO_WITHIN
    return rise or ratio


def _said(hours: float) -> str:
    return f"{hours:.0f} h" if hours <= 96.0 else f"{hours / 24.0:.0f} days"


def _stale(drug: Drug, item: Covariate, age: float, limit: float) -> Finding:
    value = shown(item.name, item.value, COVARIATES[item.name])
    text = (
        f"The last {words(item.name)} ({value}) is {_said(age)} old; for {drug.display.lower()} a value of the last "
        f"{_said(limit)} is expected."
    )
    code = f"{item.name.replace('_', '-')}-stale"
    return Finding(code=code, severity="warning", text=text, sources=_sources(item))


def _sources(*items: Covariate) -> tuple[str, ...]:
    return tuple(item.source for item in items if item.source)
