"""Medplum's in-memory FHIR R4 server as a child process on a free port, for as long as a test needs it."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "server"
TOKEN = "third-party-token"


@dataclass(frozen=True, kw_only=True)
class ThirdParty:
    """base: without a slash at the end. invalid: what its own validator had against the resources it was given."""

    base: str
    invalid: tuple[str, ...]


def why_not() -> str:
    """Why the server can not be run here, "" where it can."""
    if shutil.which("node") is None:
        return "no Node is installed: the third-party FHIR server is not run"
    if not (FOLDER / "node_modules" / "@medplum" / "fhir-router").exists():
        return "the third-party FHIR server is not installed: make test-e2e installs and runs it"
    return ""


@contextmanager
def medplum(resources: Iterable[dict[str, Any]], *, page: int = 3, links: bool = True) -> Iterator[ThirdParty]:
    """Runs it with these resources. page: most entries of a page. links: whether a page names the next one."""
    start = json.dumps({"token": TOKEN, "page": page, "links": links, "resources": list(resources)})
    command = ["node", str(FOLDER / "server.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{start}\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"the server ended with {process.wait()}: its message stands above"
        told = json.loads(line)
        try:
            yield ThirdParty(base=f"http://127.0.0.1:{told['port']}/r4", invalid=tuple(told["invalid"]))
        finally:
            process.stdin.close()
            process.wait(timeout=30)
