"""What every Celery app of ours has in common: JSON only, one message at a time, acknowledged when it is done."""

from pathlib import Path
from typing import Any

from celery import Celery


def celery_app(broker_url: str, **conf: Any) -> Celery:
    """Without a URL the messages lie in files."""
    app = Celery("titrate", set_as_current=False, broker=broker_url or "filesystem://localhost")
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        **conf,
    )
    return app


def over_redis(visibility_s: float, **more: Any) -> dict[str, Any]:
    """visibility_s: an unacknowledged message is handed out again after it; no task may take as long."""
    # Measured: without these a killed worker's message comes back after 93 s.
    restore = {"unacked_restore_interval": 1, "unacked_restore_throttle": 1}
    timeouts = {"socket_connect_timeout": 0.5, "socket_timeout": 5}
    return {"broker_transport_options": {"visibility_timeout": visibility_s, **restore, **timeouts, **more}}


def over_files(folder: Path, polling_s: float) -> dict[str, Any]:
    """folder: where the messages lie, each whole or not at all (queue.files)."""
    files = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "control")}
    return {
        "broker_transport": "cds_server.queue.files:Transport",
        "broker_transport_options": {**files, "polling_interval": polling_s},
    }
