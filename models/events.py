"""The events of one subject as the arrays that the kernels read."""

from typing import NamedTuple

import numpy as np

# kinds of dose record
DOSE, RESET, RESET_DOSE = 1, 3, 4
# dose_rate of a dose whose rate or duration is a model parameter (NM-TRAN RATE)
MODELLED_RATE, MODELLED_DURATION = -1.0, -2.0


class Events(NamedTuple):
    """Doses (d), observations (o) and covariate rows (r) of one subject; times in h.

    order breaks ties of time: the position in the data. A change switches the row for what follows it.
    """

    method: int
    first_row: int
    typical: np.ndarray  # (r, primary) typical values
    weight: np.ndarray  # (r, terms) coefficient of each eta term, 0 outside its occasion
    dose_kind: np.ndarray  # (d,)
    dose_time: np.ndarray
    dose_order: np.ndarray
    dose_comp: np.ndarray
    dose_amount: np.ndarray
    dose_rate: np.ndarray  # 0 bolus, above 0 amount per h, or MODELLED_*
    dose_interval: np.ndarray
    dose_steady: np.ndarray  # 0, 1 (replaces the state), 2 (adds to it)
    dose_row: np.ndarray
    obs_time: np.ndarray  # (o,)
    obs_order: np.ndarray
    obs_out: np.ndarray
    obs_row: np.ndarray
    change_time: np.ndarray
    change_order: np.ndarray
    change_row: np.ndarray
