"""Celery's file results with the same repair as queue.files: a reader sees the old content or the new, never half."""

import os
import uuid
from contextlib import suppress
from typing import Any

from celery.backends.filesystem import FilesystemBackend
from kombu.utils.encoding import ensure_bytes


class Backend(FilesystemBackend):
    def set(self, key: Any, value: Any) -> None:
        final = self._filename(ensure_bytes(key))
        draft = final + f".{uuid.uuid4()}.draft".encode()
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(ensure_bytes(value))
        os.replace(draft, final)

    def delete(self, key: Any) -> None:
        with suppress(FileNotFoundError):
            super().delete(ensure_bytes(key))
