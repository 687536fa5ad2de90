"""The events of one subject as the tables that the kernels read; times in h."""

from typing import NamedTuple

import numpy as np

# columns of Events.dose. order breaks ties of time: the position in the data. row: which covariates act on the dose.
# rate: 0 bolus, above 0 amount per h, or modelled. steady: 0, 1 (replaces the state), 2 (adds to it).
D_TIME, D_ORDER, D_KIND, D_COMP, D_AMOUNT, D_RATE, D_INTERVAL, D_STEADY, D_ROW = range(9)
DOSE, OTHER, RESET, RESET_DOSE = 1, 2, 3, 4  # D_KIND, as NM-TRAN's EVID
MODELLED_RATE, MODELLED_DURATION = -1.0, -2.0  # D_RATE, as NM-TRAN's RATE
# columns of Events.obs. output -1 - k asks for the integral of output k since the first event
O_TIME, O_ORDER, O_OUTPUT, O_ROW = range(4)
# columns of Events.change: from here on another covariate row holds
C_TIME, C_ORDER, C_ROW = range(3)
# columns of a level table (o, 3): value or the limit it was beyond, censoring, weight of its term in the objective
L_VALUE, L_CENSORING, L_WEIGHT = range(3)
NOT_CENSORED, BELOW, ABOVE = range(3)


class Events(NamedTuple):
    """Doses (d), observations (o), covariate changes (k), and the typical values of each covariate row (r)."""

    method: int
    solver: int  # address of the compiled solver of that method; 0 until pk.linked fills it
    first_row: int
    typical: np.ndarray  # (r, primary)
    weight: np.ndarray  # (r, terms) coefficient of each eta term, 0 outside its occasion
    dose: np.ndarray  # (d, 9)
    obs: np.ndarray  # (o, 4)
    change: np.ndarray  # (k, 3)
