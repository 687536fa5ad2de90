"""The files of a study."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_server.cli.common import say


def written(folder: Path, texts: Mapping[str, str], documents: Mapping[str, Any]) -> None:
    """Texts and JSON documents into the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    say(f"Written to {folder}: {', '.join((*texts, *documents))}")
