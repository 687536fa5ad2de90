"""What is odd about the levels: drawn around an infusion, or far from what the fit can explain."""

from collections.abc import Sequence

from models.dosing.schedule import administrations
from models.findings import Finding
from models.fit.posterior import LevelFit, Posterior
from models.record import Dose, Level, PatientRecord

# |wres| above 3 happens in 0.3 % of levels if the error model is right
UNEXPLAINED = 3.0
# h after an infusion's end in which distribution is not complete; house figure, the usual peak is drawn after 1 h
DISTRIBUTION = 1.0
# h; an infusion of this length is sampled while it runs, on purpose; extended ones take 3 to 4 h (house figure)
LONG = 6.0
JOINED = 0.1  # h; bags and rates that follow on each other within it are one infusion


def unexplained(posterior: Posterior, record: PatientRecord) -> tuple[LevelFit, ...]:
    """Levels more than three residual SDs from the individual prediction, on the side that the assay's range leaves."""
    return tuple(level for level in posterior.levels if not _explained(level, record))


def _explained(fit: LevelFit, record: PatientRecord) -> bool:
    """A level under the assay's range is explained by any lower prediction, one over it by any higher one."""
    if fit.censored:
        charted = [level for level in record.levels if level.time == fit.time and level.value == fit.observed]
        if any(level.censored for level in charted):
            return fit.wres >= -UNEXPLAINED
        if any(level.above for level in charted):
            return fit.wres <= UNEXPLAINED
    return abs(fit.wres) <= UNEXPLAINED


def unexplained_findings(posterior: Posterior, record: PatientRecord, unit: str) -> tuple[Finding, ...]:
    """One warning for each level that the fit can not explain."""
    return tuple(_unexplained(level, record.now, unit) for level in unexplained(posterior, record))


def infusion_findings(record: PatientRecord) -> tuple[Finding, ...]:
    """One warning for each level drawn during an intravenous dose, long ones but, or within an hour of its end."""
    doses = [dose for dose in administrations(record) if dose.route == "iv"]
    spans = [(dose.time, dose.time + dose.duration) for dose in doses]
    found = []
    for level in record.levels:
        if running_for(spans, level.time) >= LONG:
            continue
        near = [dose for dose in doses if dose.time < level.time < dose.time + dose.duration + DISTRIBUTION]
        if near:
            found.append(_during(level, max(near, key=lambda dose: dose.time), record.now))
    return tuple(found)


def running_for(spans: Sequence[tuple[float, float]], time: float) -> float:
    """h that the infusion running at a time runs in all, its bags and rates joined; 0 where none is running.

    spans: start and end of each dose, h, in order of their starts.
    """
    running = [span for span in spans if span[0] < time < span[1]]
    if not running:
        return 0.0
    start, end = min(first for first, _ in running), max(last for _, last in running)
    for first, last in reversed(spans):
        if first < start <= last + JOINED:
            start = first
    for first, last in spans:
        if first <= end + JOINED and last > end:
            end = last
    return end - start


def _during(level: Level, dose: Dose, now: float) -> Finding:
    since = level.time - dose.time
    when = (
        f"during an infusion, {since:.1f} h after its start"
        if since <= dose.duration
        else f"{60 * (since - dose.duration):.0f} min after the end of an infusion"
    )
    text = (
        f"The level of {level.said} ({_ago(now - level.time)}) was drawn {when}: it is no trough. "
        "The fit uses the real time; a sample from the infusion's own line would make it too high."
    )
    sources = tuple(source for source in (level.source, dose.source) if source)
    return Finding(code="level-during-infusion", severity="warning", text=text, sources=sources)


def _unexplained(level: LevelFit, now: float, unit: str) -> Finding:
    text = (
        f"The level of {level.observed:.4g} {unit} ({_ago(now - level.time)}) is not explained by the fit: "
        f"{level.individual:.4g} {unit} is predicted, {abs(level.wres):.1f} residual SDs away. "
        "Sampling time, dose times and the sample itself may be worth a check."
    )
    sources = (level.source,) if level.source else ()
    return Finding(code="level-unexplained", severity="warning", text=text, sources=sources)


def _ago(hours: float) -> str:
    return f"{hours:.1f} h ago" if hours >= 0 else f"{-hours:.1f} h from now"
