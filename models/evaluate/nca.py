"""Non-compartmental analysis of one profile after one dose.

Sources: Phoenix WinNonlin user's guide, "NCA parameter formulas" (formulas, best fit, C0); Gabrielsson and Weiner
(areas); CDISC controlled terminology, PKPARMCD (names). Linear kinetics and a single dose are assumed throughout.
"""

from dataclasses import dataclass

import numpy as np

from models.errors import RecordError
from models.evaluate.curve import BackExtrapolation, Embedded, back_extrapolate, curve
from models.evaluate.profile import PER_MG, Profile
from models.evaluate.terminal import NoTerminalPhase, TerminalPhase, terminal_phase
from models.evaluate.trapezoid import METHODS, Floats, Method, areas

_SAME_TIME = 1e-9  # h: an infusion's end computed as amount / rate is a rounding away from the sample drawn then


@dataclass(frozen=True, kw_only=True)
class ToLast:
    """What the samples say without extrapolation beyond the last measurable one.

    cmax, clst: largest and last measurable concentration, in the profile's unit. tmax, tlst: when, h (the first of
    equal maxima). tlag: last time before the first measurable sample, h; None unless extravascular.
    auclst: area to tlst, conc*h. aucall: the same plus the triangle down to the first sample after tlst, which is below
    the limit. aumclst: area of time*conc to tlst, conc*h^2. mrtlst: aumclst / auclst less half the infusion, h;
    None where auclst is 0, the only measurable sample being at hour 0.
    aucbe: the part of auclst before the first measurable sample, conc*h; None unless bolus.
    """

    cmax: float
    tmax: float
    tlag: float | None
    clst: float
    tlst: float
    auclst: float
    aucall: float
    aumclst: float
    mrtlst: float | None
    aucbe: float | None


@dataclass(frozen=True, kw_only=True)
class ToInfinity:
    """What follows when the terminal phase goes on for ever, from the observed or the predicted last concentration.

    auc: conc*h. aucpe: percent of it after tlst. aucpbe: percent before the first sample, None unless bolus.
    aumc: conc*h^2. aumcpe: percent of it after tlst. mrt: mean residence time, h, for an infusion less half its
    duration; extravascular: with the mean absorption time in it. cl: L/h and vz: L, both over F when extravascular.
    vss: L, None when extravascular.
    """

    auc: float
    aucpe: float
    aucpbe: float | None
    aumc: float
    aumcpe: float
    mrt: float
    cl: float
    vz: float
    vss: float | None


@dataclass(frozen=True, kw_only=True)
class NcaResult:
    """The whole analysis; `parameters.parameters` lists it under the field's names.

    to_last: None where nothing was measurable. c0: None unless bolus. terminal: the terminal phase, or the reason why
    there is none; observed and predicted are then None.
    """

    profile: Profile
    method: Method
    embedded: Embedded
    to_last: ToLast | None
    c0: BackExtrapolation | None
    terminal: TerminalPhase | NoTerminalPhase
    observed: ToInfinity | None
    predicted: ToInfinity | None

    @property
    def status(self) -> str:
        """ "estimated", or the reason why nothing could be extrapolated to infinity."""
        return self.terminal.reason if isinstance(self.terminal, NoTerminalPhase) else "estimated"


def nca(profile: Profile, *, method: Method = "linear", embedded: Embedded = "left-out") -> NcaResult:
    """Analyse one profile. method: see trapezoid.areas. embedded: see curve.curve. RecordError for another word."""
    if method not in METHODS or embedded not in ("left-out", "zero"):
        raise RecordError(f"no such analysis: method {method!r} of {list(METHODS)}, embedded {embedded!r}")
    measured = [i for i in range(len(profile.times)) if profile.measurable(i)]
    if not measured:
        return _nothing_measurable(profile, method, embedded)
    c0 = back_extrapolate(profile) if profile.route == "bolus" else None
    to_last = _to_last(profile, measured, c0, method, embedded)
    times, concentrations = (np.array(values)[measured] for values in (profile.times, profile.concentrations))
    terminal = terminal_phase(times, concentrations, first=_first_terminal(profile, times, concentrations))
    ends = (to_last.clst, terminal.clstp) if isinstance(terminal, TerminalPhase) else (None, None)
    observed, predicted = (_to_infinity(profile, to_last, terminal, end) for end in ends)
    return NcaResult(
        profile=profile,
        method=method,
        embedded=embedded,
        to_last=to_last,
        c0=c0,
        terminal=terminal,
        observed=observed,
        predicted=predicted,
    )


def _nothing_measurable(profile: Profile, method: Method, embedded: Embedded) -> NcaResult:
    reason = NoTerminalPhase(reason="no-measurable-concentration", text="no concentration was measurable")
    return NcaResult(
        profile=profile,
        method=method,
        embedded=embedded,
        to_last=None,
        c0=None,
        terminal=reason,
        observed=None,
        predicted=None,
    )


def _first_terminal(profile: Profile, times: Floats, concentrations: Floats) -> int:
    """Index of the first sample that may belong to the terminal phase: after the maximum (a bolus: from it on) and,
    for an infusion, not before its end."""
    peak = int(np.argmax(concentrations))
    after_peak = peak if profile.route == "bolus" else peak + 1
    return max(after_peak, int(np.searchsorted(times, profile.duration - _SAME_TIME)))


def _to_last(
    profile: Profile, measured: list[int], c0: BackExtrapolation | None, method: Method, embedded: Embedded
) -> ToLast:
    first, last = measured[0], measured[-1]
    peak = max(measured, key=lambda i: (profile.concentrations[i], -i))
    times, concentrations = curve(profile, c0, embedded)
    auclst, aumclst = areas(times, concentrations, method)
    before_first = times <= profile.times[first]
    return ToLast(
        cmax=profile.concentrations[peak],
        tmax=profile.times[peak],
        tlag=_lag(profile, first),
        clst=profile.concentrations[last],
        tlst=profile.times[last],
        auclst=auclst,
        aucall=auclst + _triangle_after(profile, last),
        aumclst=aumclst,
        mrtlst=aumclst / auclst - profile.duration / 2 if auclst else None,
        aucbe=areas(times[before_first], concentrations[before_first], method)[0] if c0 else None,
    )


def _lag(profile: Profile, first: int) -> float | None:
    """The time before the first measurable sample; 0 where that is the first sample, as nothing was there at hour 0."""
    if profile.route != "extravascular":
        return None
    return profile.times[first - 1] if first else 0.0


def _triangle_after(profile: Profile, last: int) -> float:
    """Area of the straight line from the last measurable sample down to 0 at the next one."""
    if last + 1 == len(profile.times):
        return 0.0
    return profile.concentrations[last] * (profile.times[last + 1] - profile.times[last]) / 2


def _to_infinity(
    profile: Profile, to_last: ToLast, terminal: TerminalPhase | NoTerminalPhase, end: float | None
) -> ToInfinity | None:
    """end: the concentration at tlst to go on from, observed or predicted."""
    if end is None or isinstance(terminal, NoTerminalPhase):
        return None
    lamz, iv = terminal.lamz, profile.route != "extravascular"
    auc = to_last.auclst + end / lamz
    aumc = to_last.aumclst + end * to_last.tlst / lamz + end / lamz**2
    mrt = aumc / auc - profile.duration / 2
    cl = profile.dose * PER_MG[profile.unit] / auc
    return ToInfinity(
        auc=auc,
        aucpe=100 * (auc - to_last.auclst) / auc,
        aucpbe=None if to_last.aucbe is None else 100 * to_last.aucbe / auc,
        aumc=aumc,
        aumcpe=100 * (aumc - to_last.aumclst) / aumc,
        mrt=mrt,
        cl=cl,
        vz=cl / lamz,
        vss=cl * mrt if iv else None,
    )
