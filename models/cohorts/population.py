"""A simulated population as arrays: what the chart says of each patient, what a model expects, and what is true."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.cohorts.manifest import CohortManifest
from models.record import PatientRecord


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """n patients with k levels each; units: mg, h, L, and the drug's concentration unit.

    charted: covariates, derived ones, and the regimen (dose mg, interval h, duration h, rate mg/h). samples: names of
    the k levels. levels (n, k): as the laboratory says; below: under its limit, which the value then is. times,
    after_dose (n, k): charted h, since the first dose and since the start of the dose before. expected (n, k): a
    priori by the reference model at the charted times. expected_exposure, expected_clearance (n,): by the reference
    model without any level. exposure, clearance (n,): the truth: the design's metric under the charted regimen, and
    dose rate over AUC, L/h. generator (n,): index into the part's generators; never an input.
    records: the charts as the fit sees them.
    """

    manifest: CohortManifest
    samples: tuple[str, ...]
    generator: np.ndarray
    charted: Mapping[str, np.ndarray]
    levels: np.ndarray
    below: np.ndarray
    times: np.ndarray
    after_dose: np.ndarray
    expected: np.ndarray
    expected_exposure: np.ndarray
    expected_clearance: np.ndarray
    exposure: np.ndarray
    clearance: np.ndarray
    records: tuple[PatientRecord, ...]

    @property
    def readable(self) -> np.ndarray:
        """(n,): every level could be measured."""
        return np.asarray(~self.below.any(axis=1))

    @property
    def log_ratio(self) -> np.ndarray:
        """(n,): ln(expected exposure / true exposure), which is ln(CL / CL_pop) where the metric is an area."""
        return np.log(self.expected_exposure / self.exposure)
