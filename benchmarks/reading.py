"""Reading charts: a very large one, and a hook call from its bytes to the record: `python -m benchmarks.reading`.

Reading waits for nothing: its processor time is what it takes on an idle core, and is what the aim is about.
"""

import argparse
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

from cds_server.hooks import protocol
from cds_server.hooks.json import parse
from cds_server.hooks.registry import discovery
from cds_server.sandbox.hook_request import hook_request
from cds_server.sandbox.scenarios import HOOKS
from cds_server.sandbox.state import start_sandbox
from fhir.chart import Chart
from fhir.read import read_chart
from models.catalog import load_catalog
from models.drug import Drug

Resource = dict[str, Any]

NOW = datetime(2026, 11, 20, 8, 5, tzinfo=timezone(timedelta(hours=1)))
LARGE_MS, HOOK_MS = 300.0, 15.0
OBSERVATIONS, ADMINISTRATIONS = 2000, 1000
SCENARIO = "vancomycin-underdosed"
SUBJECT = {"reference": "Patient/p1"}
# LOINC, UCUM, value: what a long stay is full of; every second one is read
RESULTS = (
    ("29463-7", "kg", 70.0),
    ("8867-4", "/min", 80.0),
    ("2160-0", "mg/dL", 0.9),
    ("2823-3", "mmol/L", 4.1),
    ("20578-1", "mg/L", 12.0),
    ("718-7", "g/dL", 12.0),
    ("8302-2", "cm", 172.0),
    ("8310-5", "Cel", 37.0),
)


def main() -> None:
    arguments = _arguments()
    catalog = load_catalog()
    chart = large_chart()
    for name in ("vancomycin", "tacrolimus"):
        drug = catalog.drug(name)
        label = f"{OBSERVATIONS} observations, {ADMINISTRATIONS} administrations, {name}"
        _report(label, partial(read_chart, chart, patient="p1", drug=drug, now=NOW), 20, LARGE_MS, arguments)
    body, drug = hook_body(), catalog.drug("vancomycin")
    label = f"hook call of {len(body) // 1024} kB, parsed and read"
    _report(label, partial(answer_read, body, drug), 200, HOOK_MS, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def large_chart() -> list[Resource]:
    """Results of 20 days, 15 min apart, and doses of vancomycin 8 h apart for eleven months."""
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1956-05-01"}
    results = [_result(n) for n in range(OBSERVATIONS)]
    doses = [_dose(n) for n in range(ADMINISTRATIONS)]
    return [patient, {"resourceType": "Bundle", "entry": [{"resource": item} for item in (*results, *doses)]}]


def _result(n: int) -> Resource:
    loinc, unit, value = RESULTS[n % len(RESULTS)]
    return {
        "resourceType": "Observation",
        "id": f"o{n}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": SUBJECT,
        "effectiveDateTime": (NOW - timedelta(minutes=15 * n)).isoformat(),
        "valueQuantity": {
            "value": round(value * (1 + 0.01 * (n % 7)), 3),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


def _dose(n: int) -> Resource:
    start = NOW - timedelta(hours=8 * (n + 1))
    return {
        "resourceType": "MedicationAdministration",
        "id": f"a{n}",
        "status": "completed",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "11124"}]
        },
        "subject": SUBJECT,
        "effectivePeriod": {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()},
        "dosage": {
            "route": {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]},
            "dose": {"value": 1000, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
        },
    }


def hook_body() -> bytes:
    """A patient-view call of a sandbox patient with all prefetch, as it comes over the wire."""
    templates = next(item for item in discovery()["services"] if item["hook"] == "patient-view")["prefetch"]
    body = hook_request(
        start_sandbox(now=NOW),
        SCENARIO,
        "patient-view",
        draft=None,
        templates=templates,
        prefetch="full",
        fhir_base="http://127.0.0.1/sandbox/fhir",
        now=NOW,
    )
    return json.dumps(body).encode()


def answer_read(body: bytes, drug: Drug) -> Chart:
    request = protocol.parse(parse(body), hooks=HOOKS)
    resources = [item for item in request.prefetch.values() if isinstance(item, dict)]
    return read_chart(resources, patient=request.patient, drug=drug, now=NOW)


def _report(label: str, read: Callable[[], Chart], times: int, aim: float, arguments: argparse.Namespace) -> None:
    chart = read()
    if not (chart.record.doses or chart.record.covariates):
        raise SystemExit(f"{label}: nothing was read, so its speed says nothing")
    wall, cpu = zip(*(_timed(read) for _ in range(times)), strict=True)
    half, worst, busy = quantiles(wall, n=20)[9], quantiles(wall, n=20)[18], median(cpu)
    line = {"case": label, "p50_ms": round(half, 1), "p95_ms": round(worst, 1), "processor_ms": round(busy, 1)}
    met = "met" if busy <= aim else "missed"
    shown = f"{label:60} p50 {half:6.1f} ms   p95 {worst:6.1f} ms   processor {busy:6.1f} ms"
    print(json.dumps(line) if arguments.json else f"{shown}   aim <= {aim:.0f} ms: {met}", flush=True)


def _timed(read: Callable[[], Chart]) -> tuple[float, float]:
    started, used = perf_counter(), process_time()
    read()
    return 1000 * (perf_counter() - started), 1000 * (process_time() - used)


if __name__ == "__main__":
    main()
