"""Levels and estimates that a slip explains better than physiology."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import chi2

from models.dosing.schedule import administrations
from models.drug import Drug
from models.findings import Finding
from models.fit.posterior import LevelFit, Posterior
from models.pk import parameters
from models.population import PopulationModel
from models.record import Level, PatientRecord
from models.subject import subject_from_record
from models.units import unit_words

TENFOLD = 10.0  # the size of a slip of one decimal place; units of mass differ by 1000
MORE = 1.5  # fold over the population's prediction from where on missing doses are worth a word (house figure)
SETTLED = 1.0  # h after a dose began before a low level says anything
# of the prior: 0.3 % of patients lie beyond 3 SDs in one parameter, 0.1 % beyond the quantile in all together
BEYOND_SDS = 3.0
BEYOND_SHARE = 0.999


def odd_levels(drug: Drug, record: PatientRecord, posterior: Posterior) -> tuple[Finding, ...]:
    """Low levels after recent doses (warning); critical where a level is odd and tenfold off the population too."""
    found: list[Finding] = []
    fits = {(item.time, item.observed): item for item in posterior.levels}
    for level in record.levels:
        low = _low(drug, record, level)
        fit = fits.get((level.time, level.value))
        if fit and (low or drug.plausible["level"].judge(level.value) != "plausible") and _tenfold(level, fit):
            found.append(_slip(level, fit))
        elif low:
            found.append(_low_said(drug, record, level))
    return tuple(found)


def _low(drug: Drug, record: PatientRecord, level: Level) -> bool:
    under = level.value < drug.checks.low_level and not level.above
    return under and any(SETTLED <= level.time - d.time <= drug.checks.low_within for d in administrations(record))


def _tenfold(level: Level, fit: LevelFit) -> bool:
    under = fit.population >= TENFOLD * level.value and not level.above
    return under or (level.value >= TENFOLD * fit.population and not level.censored)


def _low_said(drug: Drug, record: PatientRecord, level: Level) -> Finding:
    text = (
        f"The level of {level.said} ({record.now - level.time:.1f} h ago) is below {drug.checks.low_level:g} "
        f"{unit_words(level.unit)}, which is rare within {drug.checks.low_within:.0f} h of a dose: "
        "unit, dose and sampling time may be worth a check."
    )
    return Finding(code="level-low", severity="warning", text=text, sources=_sources(level))


def _slip(level: Level, fit: LevelFit) -> Finding:
    text = (
        f"The level of {level.said} is tenfold or more off what the charted doses make likely ({fit.population:.3g} "
        f"{unit_words(level.unit)} in the population): a slip of unit or decimal place, another drug's or "
        "patient's sample, or missing doses are likelier than physiology."
    )
    return Finding(code="level-tenfold", severity="critical", text=text, sources=_sources(level))


def above_its_history(drug: Drug, record: PatientRecord, posterior: Posterior) -> tuple[Finding, ...]:
    """A warning where the newest level is well over what the charted doses make likely and these began lately.

    Doses given before the first charted one, at home or before a transfer, explain it as well as a slow patient does.
    """
    doses = [dose for dose in administrations(record) if dose.time <= record.now]
    fit = max(posterior.levels, key=lambda item: item.time, default=None)
    if fit is None or not doses or fit.censored or fit.population <= 0:
        return ()
    since, fold = fit.time - doses[0].time, fit.observed / fit.population
    if since > drug.checks.longest_since_dose or fold < MORE:
        return ()
    unit = drug.concentration_unit
    text = (
        f"The level of {fit.observed:.4g} {unit} is {fold:.1f} times what the charted doses make likely "
        f"({fit.population:.3g} {unit}), and the first of them is only {since:.0f} h older: doses given before it, at "
        "home or elsewhere, would explain it as well as slow elimination; the dose proposed would then be too small."
    )
    return (Finding(code="level-above-history", severity="warning", text=text, sources=_sources_of(fit)),)


def _sources_of(fit: LevelFit) -> tuple[str, ...]:
    return (fit.source,) if fit.source else ()


def _sources(level: Level) -> tuple[str, ...]:
    return (level.source,) if level.source else ()


def implausible_estimate(model: PopulationModel, record: PatientRecord, posterior: Posterior) -> tuple[Finding, ...]:
    """Critical where the random effects lie beyond what the model's population holds."""
    if posterior.status != "converged":
        return ()
    eta = posterior.eta
    sds = np.abs(eta) / np.sqrt(np.diag(model.omega))
    distance = float(eta @ np.linalg.solve(model.omega, eta))
    if sds.max() <= BEYOND_SDS and distance <= chi2.ppf(BEYOND_SHARE, eta.size):
        return ()
    text = (
        "The levels can only be explained by a patient unlike those the model was made from "
        f"({_worst(model, record, eta)}; the farthest parameter lies {sds.max():.1f} standard deviations between "
        "patients away). A level in another unit or from the infusion's own line, a wrong time, or a missing or "
        "doubled dose is likelier."
    )
    return (Finding(code="estimate-implausible", severity="critical", text=text),)


def _worst(model: PopulationModel, record: PatientRecord, eta: np.ndarray) -> str:
    """The two parameters that are farthest in fold from typical, with both values."""
    subject = subject_from_record(model, record)
    values = parameters(model, subject, np.vstack([eta, np.zeros_like(eta)]), record.now)
    return " and ".join(text for _, text in sorted(_folds(model, values), reverse=True)[:2])


def _folds(model: PopulationModel, values: dict[str, np.ndarray]) -> Iterator[tuple[float, str]]:
    for item in model.parameters:
        own, typical = (float(value) for value in values[item.name])
        if own > 0 and typical > 0:
            yield abs(np.log(own / typical)), f"{item.symbol} {own:.2g} v. {typical:.2g} {item.unit} as usual"
