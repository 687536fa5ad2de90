"""PySR as an optional engine: never imported here, only in a trainer process of its own.

Nothing here was run with Julia: the contract is tested with a stand-in trainer, the importer with a file of the shape
that PySR writes.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import RuleError
from models.rules.engines.engine import Found
from models.rules.engines.hall_of_fame import read_hall_of_fame
from models.rules.expression import OPERATORS

# offline: PySR's Julia bridge would otherwise download Julia when it is imported
TRAINER = ("env", "PYTHON_JULIAPKG_OFFLINE=yes", sys.executable, "-m", "models.rules.engines.pysr_trainer")
PROBE_SECONDS = 120.0
TOLD = 400  # characters of the trainer's last words in a message


@dataclass(frozen=True, kw_only=True)
class Probe:
    """usable: PySR and its Julia are here. words: its version, or what is missing."""

    usable: bool
    words: str


def probe(trainer: Sequence[str] = TRAINER, seconds: float = PROBE_SECONDS) -> Probe:
    """Asks a process of its own, which may not download anything, whether PySR can be loaded."""
    try:
        done = _run([*trainer, "--probe"], seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Probe(usable=False, words=f"the trainer process could not be asked: {type(error).__name__}")
    return Probe(usable=done.returncode == 0, words=_last(done.stdout if done.returncode == 0 else done.stderr))


@dataclass(frozen=True, kw_only=True)
class Pysr:
    """deterministic, serial and seeded, for audit. trainer: the command of the process that runs it."""

    iterations: int = 40
    max_size: int = 20
    populations: int = 15
    symbols: tuple[str, ...] = ("add", "sub", "mul")
    seconds: float = field(default=3600.0, compare=False)
    trainer: tuple[str, ...] = field(default=TRAINER, compare=False)

    @property
    def name(self) -> str:
        found = probe(self.trainer)
        if not found.usable:
            raise RuleError(f"PySR can not be used here: {found.words}; install pysr and Julia, or take pyoperon")
        return f"PySR {found.words}"

    @property
    def settings(self) -> Mapping[str, Any]:
        kept = {key: value for key, value in asdict(self).items() if key not in ("seconds", "trainer")}
        return {**kept, "deterministic": True, "parallelism": "serial"}

    def allowing(self, symbols: Sequence[str]) -> "Pysr":
        return replace(self, symbols=tuple(symbols))

    def fit(self, X: np.ndarray, y: np.ndarray, names: Sequence[str], *, seed: int) -> tuple[Found, ...]:
        """RuleError where the trainer fails or takes too long; its hall of fame is read as any import is."""
        with tempfile.TemporaryDirectory(prefix="titrate-pysr-") as folder:
            place = Path(folder)
            np.savez(place / "data.npz", X=np.asarray(X, dtype=float), y=np.asarray(y, dtype=float))
            asked = {**self.settings, **_operators(self.symbols), "names": list(names), "seed": seed}
            (place / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
            self._run(place)
            return read_hall_of_fame((place / "hall_of_fame.csv").read_bytes(), names).found

    def _run(self, place: Path) -> None:
        try:
            done = _run([*self.trainer, str(place)], self.seconds)
        except subprocess.TimeoutExpired:
            raise RuleError(f"PySR's trainer took more than {self.seconds:g} s; ask for fewer iterations") from None
        if done.returncode != 0 or not (place / "hall_of_fame.csv").is_file():
            raise RuleError(f"PySR's trainer ended with {done.returncode}: {_last(done.stderr)}")


def _operators(symbols: Sequence[str]) -> dict[str, list[str]]:
    """In PySR's words: infix signs, and functions by name."""
    known = [OPERATORS[name] for name in symbols]
    return {
        "binary": [item.symbol for item in known if item.arity == 2],
        "unary": [item.symbol for item in known if item.arity == 1],
    }


def _run(command: Sequence[str], seconds: float) -> "subprocess.CompletedProcess[str]":
    """Our own command, no shell."""
    return subprocess.run(list(command), capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:TOLD] if lines else "it said nothing"
