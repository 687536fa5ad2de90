"""kombu's filesystem transport with one repair: a message appears whole or not at all.

kombu opens the message file under its final name and writes afterwards. A worker that looks every 2 ms can take the
file in between and read an empty message, which is then lost. Writing under another name and renaming closes the gap.
"""

import os
import time
import uuid
from typing import Any

from kombu.transport.filesystem import Channel as FileChannel
from kombu.transport.filesystem import Transport as FileTransport
from kombu.utils.json import dumps


class Channel(FileChannel):
    def _put(self, queue: Any, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu names it both ways
        # The name is kombu's own pattern (<ms>_<uuid>.<queue>.msg), by which its _get finds and orders messages.
        final = os.path.join(self.data_folder_out, f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg")
        draft = final + ".draft"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(dumps(payload))
        os.replace(draft, final)


class Transport(FileTransport):
    Channel = Channel
