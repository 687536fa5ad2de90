"""Training workers as real processes, with a pace for tests, and small jobs for them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cds_server.training.app import Place
from cds_server.training.cluster import Cluster
from cds_server.training.pulse import Pace
from models.rules.job import RuleJob
from models.rules.train import Plan
from tests.cds_server.servers import running

# A worker that beats twice a second is lost after four seconds of silence: tests do not wait a minute for it.
QUICK = Pace(beat=0.5, silent=4.0, look=0.05)
SMALL = Plan(patients=200, seeds=(1,), outer=2, test_patients=20, test_seeds=(201,))
RULE = RuleJob(drug="gentamicin", scheme="mid", form="informed", plan=SMALL, generations=5)
# Some seconds of searches: long enough to be killed in.
LONG = RuleJob(drug="gentamicin", scheme="mid", form="alone", plan=SMALL, generations=100)
PATIENCE_S = 60.0  # only a hang ends here

WORKER = """
import sys
from pathlib import Path
from cds_server.config import Settings
from cds_server.training.app import Place
from cds_server.training.pulse import Pace
from cds_server.training.worker import work
where, processes, minutes = sys.argv[1:]
place = Place(broker_url=where) if "://" in where else Place(folder=Path(where))
work(Settings(), place, processes=int(processes), minutes=float(minutes), pace=Pace(beat=0.5, silent=4.0, look=0.05))
"""


def where(place: Place) -> str:
    return place.broker_url or str(place.folder)


@contextmanager
def training_worker(
    place: Place, log: Path, *, processes: int = 1, minutes: float = 60.0
) -> Iterator[subprocess.Popen[bytes]]:
    """Its log lines say "training" once for each job taken up."""
    command = [sys.executable, "-c", WORKER, where(place), str(processes), str(minutes)]
    with running(command, log) as process:
        yield process


def cluster(place: Place, *, patience_s: float = PATIENCE_S) -> Cluster:
    return Cluster(place, patience_s=patience_s, pace=QUICK)


def taken_up(log: Path) -> int:
    return log.read_text().count('"message": "training"')
