"""Every benchmark, each in a process of its own: `make bench`. Figures are for comparing within one run."""

import subprocess
import sys
from pathlib import Path

PARTS = ("reading", "hook", "advice", "engine", "rules", "queue_latency")


def main() -> int:
    failed = 0
    for part in PARTS:
        if (Path(__file__).parent / f"{part}.py").exists():
            print(f"\n== {part}", flush=True)
            failed |= subprocess.run([sys.executable, "-m", f"benchmarks.{part}"], check=False).returncode  # noqa: S603 - our own modules
    return failed


if __name__ == "__main__":
    sys.exit(main())
