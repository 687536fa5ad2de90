"""What one running sandbox holds: its patients, their records, the tokens it has given out, its signing key."""

from dataclasses import dataclass, field
from datetime import datetime

from cds_server.sandbox.fhir_store import FhirStore
from cds_server.sandbox.resources import resources_of
from cds_server.sandbox.scenarios import Scenario, load_scenarios
from cds_server.sandbox.signer import Signer
from cds_server.sandbox.tokens import TokenBook


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """now: the aware instant the charts were written for; its zone is the hospital's."""

    now: datetime
    scenarios: tuple[Scenario, ...]
    store: FhirStore = field(default_factory=FhirStore)
    tokens: TokenBook = field(default_factory=TokenBook)
    signer: Signer = field(default_factory=Signer)

    def scenario(self, patient_id: str) -> Scenario | None:
        """The scenario of a patient's logical id."""
        return next((item for item in self.scenarios if item.id == patient_id), None)


def start_sandbox(*, now: datetime, scenarios: tuple[Scenario, ...] | None = None) -> Sandbox:
    """A sandbox whose charts are as they would be at `now` (aware)."""
    if now.tzinfo is None:
        raise ValueError("the sandbox's now needs a zone: charts carry it in every time")
    sandbox = Sandbox(now=now, scenarios=load_scenarios() if scenarios is None else scenarios)
    for scenario in sandbox.scenarios:
        sandbox.store.file(scenario.id, resources_of(scenario, now), now)
    return sandbox
