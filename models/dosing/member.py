"""One model's part in an answer: the patient as it sees him, and its share of the draws."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.covariates import Resolved, resolve
from models.fit import Posterior
from models.pk import auc
from models.pk.response import Response, response
from models.population import PopulationModel
from models.record import PatientRecord, Route
from models.subject import Subject, subject_from_record

LATER = 2000.0  # h after which nothing that was given is left, under every model here


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """etas: (m, n_eta) equally weighted draws from the posterior, as many as its weight earns. record: doses given."""

    model: PopulationModel
    record: PatientRecord
    posterior: Posterior
    etas: np.ndarray
    weight: float = 1.0

    @cached_property
    def resolved(self) -> Resolved:
        """Covariates in force now, which a regimen from now on is judged with."""
        return resolve(self.model.needs, self.record, [self.record.now])

    @cached_property
    def covariates(self) -> dict[str, float]:
        """By name; a regimen given for ever is past what changes with the time of treatment."""
        values = zip(self.model.needs, self.resolved.values[-1], strict=True)
        return {need.name: need.steps[-1] if need.steps else float(value) for need, value in values}

    @cached_property
    def subject(self) -> Subject:
        """The doses given, without levels to fit: for prediction."""
        return subject_from_record(self.model, self.record)

    @cached_property
    def given_auc(self) -> np.ndarray:
        """(m,): area of the doses given so far, to infinity; 0 where there are none."""
        if not self.record.doses:
            return np.zeros(len(self.etas))
        window = [[self.record.doses[0].time, self.record.now + LATER]]
        return np.asarray(auc(self.model, self.subject, self.etas, window)[:, 0])

    def response(self, route: Route) -> Response | None:
        """What a dose by `route` does under today's covariates, None where there is no such sum; worked out once."""
        if route not in self._responses:
            self._responses[route] = response(self.model, self.covariates, self.etas, route=route)
        return self._responses[route]

    @cached_property
    def _responses(self) -> dict[str, Response | None]:
        return {}
