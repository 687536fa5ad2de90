"""Sending to workers over a broker such as Redis."""

import logging

from kombu.exceptions import OperationalError

from cds_server.config import Settings
from cds_server.tasks import ESTIMATE, create_celery

log = logging.getLogger(__name__)


class BrokerQueue:
    """Keys to whoever consumes at TITRATE_BROKER_URL. Whether anyone does is seen by the waiting caller (estimator)."""

    alive = True

    def __init__(self, settings: Settings) -> None:
        self._app = create_celery(settings)
        # The sender gives up at once and the estimate is computed here; kombu would go on for six seconds.
        at_once = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
        self._app.conf.broker_transport_options = {**self._app.conf.broker_transport_options, **at_once}

    def send(self, key: str) -> None:
        """Hand a content key to a worker; raises OSError where the broker does not answer."""
        try:
            self._app.send_task(ESTIMATE, args=[key], ignore_result=True, retry=False)
        except OperationalError as error:
            raise OSError("the broker does not answer") from error
