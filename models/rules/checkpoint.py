"""Fronts of finished searches on disk, so that an interrupted training goes on where it stopped."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from models.datafile import write_whole
from models.errors import RuleError
from models.rules.engines.engine import Engine, Found
from models.rules.parse import parse
from models.rules.printing import text


class Checkpoints:
    """One small file a search, named by the hash of all that the search depends on; without a folder, none."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def fit(
        self, engine: Engine, X: np.ndarray, y: np.ndarray, names: Sequence[str], *, seed: int
    ) -> tuple[Found, ...]:
        """The engine's front, from disk where it is there and readable."""
        path = self._path(engine, X, y, names, seed)
        kept = _kept(path, names)
        if kept is not None:
            return kept
        front = engine.fit(X, y, names, seed=seed)
        if path:
            _keep(path, front)
        return front

    def _path(self, engine: Engine, X: np.ndarray, y: np.ndarray, names: Sequence[str], seed: int) -> Path | None:
        if self._folder is None:
            return None
        key: dict[str, Any] = {
            "engine": engine.name,
            "settings": dict(engine.settings),
            "names": list(names),
            "seed": seed,
        }
        content = json.dumps(key, sort_keys=True, default=list).encode()
        for array in (X, y):
            content += np.ascontiguousarray(array, dtype=np.float64).tobytes()
        return self._folder / f"{sha256(content).hexdigest()[:32]}.json"


def _kept(path: Path | None, names: Sequence[str]) -> tuple[Found, ...] | None:
    """None where there is none or it is damaged: the search is then run again."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path else None
        if not isinstance(found, list):
            return None
        return tuple(Found(node=parse(item["text"], names), loss=float(item["loss"])) for item in found)
    except (OSError, ValueError, KeyError, TypeError, RuleError):
        return None


def _keep(path: Path, front: tuple[Found, ...]) -> None:
    write_whole(path, json.dumps([{"text": text(item.node), "loss": item.loss} for item in front]))
