"""The charted levels are what the simulated patient would have: made again here with scipy's ODE solver."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cds_server.sandbox.scenarios import load_scenarios

SIMULATED = [scenario for scenario in load_scenarios() if scenario.simulated]
UNIT = {"mg/L": 1.0, "ug/L": 1000.0, "umol/L": 1000 / 1449.3}  # of mg/L; vancomycin 1449.3 g/mol
# assay noise of up to 5 % was added by hand, and a level of 5 is printed to 0.1, which is 1 % more
NOISE = 0.06


def inputs(scenario):
    """(start, end or start, mg) of each dose that was given."""
    for given in scenario.administrations:
        if given.status == "completed":
            lag = 0.0 if given.minutes else scenario.simulated.lag
            yield from ((hour + lag, hour + lag + given.minutes / 60, given.dose) for hour in given.hours)


def concentrations(scenario, times):
    """mg/L in the central compartment at the times, step by step between all starts and ends of doses."""
    patient, doses = scenario.simulated, list(inputs(scenario))
    edges = sorted({edge for start, end, _ in doses for edge in (start, end)} | set(times))
    amounts, found = np.zeros(3), {}  # depot, central, peripheral, mg
    for k, edge in enumerate(edges):
        if k:
            span = (edges[k - 1], edge)
            rate = sum(mg / (end - start) for start, end, mg in doses if start <= span[0] and span[1] <= end > start)
            amounts = solve_ivp(_flow, span, amounts, args=(patient, rate), rtol=1e-8, atol=1e-10).y[:, -1]
        found[edge] = amounts[1] / patient.v1
        amounts[0] += sum(mg for start, end, mg in doses if start == end == edge)
    return [found[time] for time in times]


def _flow(time, amounts, patient, rate):
    depot, central, peripheral = amounts
    clearance = np.interp(time, patient.hours, patient.clearance)
    out, back = patient.q / patient.v1 * central, patient.q / patient.v2 * peripheral
    absorbed = patient.ka * depot
    return [-absorbed, rate + absorbed - clearance / patient.v1 * central - out + back, out - back]


@pytest.mark.parametrize("scenario", SIMULATED, ids=lambda item: item.id)
def test_charted_levels_are_the_simulated_patients(scenario):
    mine = [m for m in scenario.observations if m.code.startswith(scenario.drug) and not m.subject]
    assert mine
    for measured in mine:
        expected = np.array(concentrations(scenario, measured.hours)) * UNIT[measured.unit]
        assert np.array(measured.value) == pytest.approx(expected, rel=NOISE)


def test_every_patient_with_a_level_says_what_it_was_made_from():
    without = [s.id for s in load_scenarios() if not s.simulated]
    assert without == ["vancomycin-first-dose"]
