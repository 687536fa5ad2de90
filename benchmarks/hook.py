"""Warm hook call with prefetch supplied, over HTTP, with the embedded worker: `python -m benchmarks.hook`.

Four ways to measure it: the same chart again (the estimate is known, the dose search runs each time), a chart with
a new level each call (the estimate is computed by the worker), the same after patient-view has been called with that
chart (which has the estimate computed; only the order's call is timed), and a chart that is declined.
"""

import argparse
import json
import logging
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests
import waitress

from cds_server import create_app
from cds_server.cli.common import opened_store, warm_up
from cds_server.config import Settings
from cds_server.hooks.cards import EXTENSION
from cds_server.parts import build_parts
from cds_server.queue.embedded import EmbeddedWorker

Body = dict[str, Any]
SCENARIO = "vancomycin-underdosed"
AIM_MS = 250.0


def main() -> None:
    arguments = _arguments()
    logging.disable(logging.WARNING)
    warm_up()
    with _service() as base:
        for name, bodies in _cases(base).items():
            print(_line(name, _measure(base, bodies, arguments.calls), as_json=arguments.json), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def _service() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(
            sandbox=True,
            base_url=base,
            secret_key="benchmark",  # noqa: S106 - signs links nobody opens
            fhir_servers=(f"{base}/sandbox/fhir",),
            data_folder=Path(folder),
            hook_budget_ms=5000,
        )
        with opened_store(settings) as store, EmbeddedWorker(settings, store) as worker:
            app = create_app(settings, parts=build_parts(settings, store=store, queue=worker))
            server = waitress.create_server(app, sockets=[listener], threads=8)
            threading.Thread(target=server.run, daemon=True).start()
            if not worker.wait_ready(120):
                raise SystemExit("the worker did not come up within 120 s")
            yield base
            server.close()


def _cases(base: str) -> dict[str, Callable[[int], tuple[Body, ...]]]:
    """Bodies to send for call n, of which the last is timed."""
    from cds_server.sandbox.exchange import Ehr
    from cds_server.sandbox.scenarios import load_scenarios

    ehr = Ehr(base=base, session=requests.Session())
    ehr.discover()
    by_id = {scenario.id: scenario for scenario in load_scenarios()}

    def body(name: str) -> Body:
        draft = by_id[name].draft
        order = {"dose": draft.dose, "every": draft.every, "minutes": draft.minutes}
        return ehr.request_for(by_id[name], "order-sign", order)

    usual, declined = body(SCENARIO), body("vancomycin-other-patient")
    return {
        "same chart, estimate known": lambda n: (usual,),
        "new level each call, fitted by the worker": lambda n: (_with_level(usual, 6.0 + 0.02 * n),),
        "new level, primed by patient-view": lambda n: _primed(_with_level(usual, 6.01 + 0.02 * n)),
        "declined": lambda n: (declined,),
    }


def _primed(order: Body) -> tuple[Body, Body]:
    """The chart being opened, then the order in it."""
    context = {name: value for name, value in order["context"].items() if name != "draftOrders"}
    return order | {"hook": "patient-view", "context": context}, order


def _with_level(body: Body, value: float) -> Body:
    changed = deepcopy(body)
    resource = changed["prefetch"]["levels"]["entry"][0]["resource"]
    resource["valueQuantity"]["value"] = round(value, 3)
    return changed


def _measure(base: str, bodies: Callable[[int], tuple[Body, ...]], calls: int, warm: int = 5) -> list[float]:
    session, times = requests.Session(), []
    for n in range(-warm, calls):
        for body in bodies(n):
            sent = json.dumps(body).encode()
            start = time.perf_counter()
            answer = session.post(
                f"{base}/cds-services/dose-advice", data=sent, headers={"Content-Type": "application/json"}, timeout=60
            )
            took = (time.perf_counter() - start) * 1000
            _check(answer)
        times += [took] if n >= 0 else []
    return times


def _check(answer: requests.Response) -> None:
    """A fast answer that is no advice would be no result."""
    answer.raise_for_status()
    kinds = {card["extension"][EXTENSION]["kind"] for card in answer.json()["cards"]}
    if not kinds or not kinds <= {"recommendation", "declined"}:
        raise SystemExit(f"expected an advice, got {kinds or 'no card'}")


def _line(name: str, times: list[float], *, as_json: bool) -> str:
    cuts = quantiles(times, n=20)
    line = {"case": name, "calls": len(times), "p50_ms": round(cuts[9], 1), "p95_ms": round(cuts[18], 1)}
    if as_json:
        return json.dumps(line)
    met = "met" if cuts[18] <= AIM_MS else "missed"
    return f"hook call, {name:42} p50 {cuts[9]:6.1f} ms   p95 {cuts[18]:6.1f} ms   aim p95 <= {AIM_MS:.0f} ms: {met}"


if __name__ == "__main__":
    main()
