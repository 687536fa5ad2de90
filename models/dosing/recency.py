"""How long ago the last dose and the last level were: what the advice rests on must still be so."""

from models.dosing.advice import Regimen
from models.dosing.schedule import schedule
from models.drug import Drug
from models.findings import Finding
from models.record import PatientRecord

# house figure: one missed dose is common, two are a stop, a hold or a gap in the chart
INTERVALS = 2.0


def recency(drug: Drug, record: PatientRecord, current: Regimen | None) -> tuple[Finding, ...]:
    """An old last level, no dose charted for over two intervals; critical where levels rest on doses of long ago."""
    plan = schedule(record, current)
    since = None if plan.last is None else record.now - plan.last
    found = list(_level(drug, record))
    if since is None:
        return tuple(found)
    if record.levels and since > drug.checks.longest_since_dose:
        found.append(_course_over(drug, since))
    elif plan.gap and since > INTERVALS * plan.gap:
        found.append(_gap(since, plan.gap, current))
    return tuple(found)


def not_given(record: PatientRecord, current: Regimen | None) -> bool:
    """Whether the regimen in force was not charted as given for over two of its intervals."""
    plan = schedule(record, current)
    return bool(current and plan.last is not None and record.now - plan.last > INTERVALS * current.interval)


def _level(drug: Drug, record: PatientRecord) -> tuple[Finding, ...]:
    longest = drug.max_age.get("level")
    past = [level for level in record.levels if level.time <= record.now]
    if longest is None or not past or record.now - past[-1].time <= longest:
        return ()
    age = record.now - past[-1].time
    text = (
        f"The last {drug.analyte} level is {say_hours(age)} old; one of the last {say_hours(longest)} is expected. "
        "The estimate may no longer describe this patient; a new level would show it."
    )
    sources = (past[-1].source,) if past[-1].source else ()
    return (Finding(code="level-stale", severity="warning", text=text, sources=sources),)


def _gap(since: float, gap: float, current: Regimen | None) -> Finding:
    text = (
        f"No dose has been charted for {say_hours(since)}, more than {INTERVALS:g} intervals of {gap:.3g} h: doses "
        "were held or stopped, or are missing from the chart. "
    )
    text += (
        "The regimen listed as current is an order that is not being charted as given."
        if current
        else "What is still in the body is predicted from the charted doses only."
    )
    return Finding(code="dose-gap", severity="warning", text=text)


def _course_over(drug: Drug, since: float) -> Finding:
    text = (
        f"The last charted dose of {drug.display.lower()} was given {say_hours(since)} ago (more than "
        f"{say_hours(drug.checks.longest_since_dose)}): the levels do not tell today's clearance, and no regimen is "
        "charted as being given."
    )
    return Finding(code="last-dose-too-old", severity="critical", text=text)


def say_hours(hours: float) -> str:
    """'20 h', or '3.5 days' from 48 h on."""
    return f"{hours:.0f} h" if hours < 48.0 else f"{hours / 24.0:.3g} days"
