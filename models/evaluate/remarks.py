"""What has to be said aloud beside the numbers of a non-compartmental analysis."""

from collections.abc import Iterator

from models.evaluate.curve import embedded_times
from models.evaluate.nca import NcaResult
from models.evaluate.terminal import NoTerminalPhase
from models.findings import Finding

# percent; EMA, Guideline on the investigation of bioequivalence (CPMP/EWP/QWP/1401/98 Rev. 1), 4.1.8: the AUC to the
# last sample should cover at least 80 % of the AUC to infinity
EXTRAPOLATED = 20.0
BACK_EXTRAPOLATED = 20.0  # percent, house figure
POOR_R2ADJ = 0.8  # house figure


def remarks(result: NcaResult) -> tuple[Finding, ...]:
    """Findings about one analysis: what could not be estimated, what was assumed, what is weak."""
    return (*_not_estimated(result), *_assumed(result), *_weak(result))


def _not_estimated(result: NcaResult) -> Iterator[Finding]:
    if isinstance(result.terminal, NoTerminalPhase):
        text = f"Nothing is extrapolated to infinity: {result.terminal.text}."
        yield Finding(code=f"nca-{result.terminal.reason}", severity="warning", text=text)


def _assumed(result: NcaResult) -> Iterator[Finding]:
    profile = result.profile
    if between := embedded_times(profile):
        done = "left out" if result.embedded == "left-out" else "taken as 0"
        text = f"Below the limit between measurable samples, {done}: {_hours(between)}."
        yield Finding(code="nca-below-limit-between", severity="warning", text=text)
    if profile.route != "bolus" and profile.times[0] == 0 and profile.measurable(0):
        text = f"{profile.concentrations[0]:g} {profile.unit} at the start of the dose: a single dose is assumed."
        yield Finding(code="nca-measurable-before-dose", severity="warning", text=text)
    if result.c0 and result.c0.method == "first-measurable":
        text = "C0 is the first measurable concentration: the first two samples give no falling line."
        yield Finding(code="nca-c0-not-extrapolated", severity="warning", text=text)


def _weak(result: NcaResult) -> Iterator[Finding]:
    if isinstance(result.terminal, NoTerminalPhase) or result.observed is None or result.predicted is None:
        return
    if result.terminal.r2adj < POOR_R2ADJ:
        text = f"The terminal phase fits poorly: adjusted R2 is {result.terminal.r2adj:.2f}."
        yield Finding(code="nca-terminal-fit-poor", severity="warning", text=text)
    if result.observed.aucpe > EXTRAPOLATED:
        text = f"{result.observed.aucpe:.0f} % of the AUC to infinity is extrapolated, more than {EXTRAPOLATED:g} %."
        yield Finding(code="nca-extrapolated", severity="warning", text=text)
    if (result.observed.aucpbe or 0) > BACK_EXTRAPOLATED:
        text = f"{result.observed.aucpbe:.0f} % of the AUC to infinity lies before the first sample."
        yield Finding(code="nca-back-extrapolated", severity="warning", text=text)
    if min(result.observed.mrt, result.predicted.mrt) <= 0:
        text = f"MRT is not positive: the samples do not fit an infusion of {result.profile.duration:g} h."
        yield Finding(code="nca-mrt-not-positive", severity="warning", text=text)


def _hours(times: tuple[float, ...]) -> str:
    return ", ".join(f"{time:g} h" for time in times)
