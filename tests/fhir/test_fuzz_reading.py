"""10,000 charts bent at random: none raises, and whatever is read stays finite, plausible, sourced and nameless."""

import json
from functools import cache
from math import isfinite
from random import Random
from typing import Any

import pytest

from cds_server.sandbox.resources import resources_of
from cds_server.sandbox.scenarios import load_scenarios
from fhir.bundle import opened
from fhir.chart import Chart
from fhir.errors import UnreadableUnit
from fhir.ordered.orders import explain_order
from fhir.quantity import unit
from fhir.read import read_chart
from models.drug import Drug
from tests.fhir.charts import ME, NOW, drug, level, order, patient, read, weight
from tests.fhir.charts import creatinine as creatinine_of
from tests.fhir.charts import given as dose
from tests.fhir.mutate import UNITS, Path, bent, spots
from tests.fhir.test_read_hostile import CANARY, whole_chart
from tests.reference import REFERENCE

BUNDLES, CHUNK = 10_000, 1000
DRUGS = ("vancomycin", "tacrolimus", "gentamicin", "busulfan", "infliximab")


@cache
def charts() -> tuple[tuple[str, list[Any], list[Path]], ...]:
    """(patient, chart, its places): by hand, the sandbox's, and small real-shaped files where they are at hand."""
    found: list[tuple[str, list[Any]]] = [(ME, whole_chart())]
    found += [(item.id, _small(list(resources_of(item, NOW)))) for item in load_scenarios()]
    folder = REFERENCE / "fhir" / "hl7_r4_examples"
    for kind in ("MedicationAdministration", "MedicationRequest", "Observation", "Bundle"):
        for path in sorted(folder.glob(f"{kind}-*.json"))[:6]:
            found.append((ME, [patient(), json.loads(path.read_text(encoding="utf-8"))]))
    return tuple((who, chart, list(spots(chart))) for who, chart in found)


def _small(resources: list[Any]) -> list[Any]:
    """At most three resources of a kind: a bent place then lies more often in one that matters."""
    kinds: dict[str, list[Any]] = {}
    for resource in resources:
        kinds.setdefault(resource["resourceType"], []).append(resource)
    return [resource for of_kind in kinds.values() for resource in of_kind[:3]]


@pytest.mark.parametrize("seed", range(BUNDLES // CHUNK))
def test_a_bent_chart_raises_nothing_and_keeps_its_promises(seed: int) -> None:
    random = Random(seed)
    for _ in range(CHUNK):
        who, chart, places = random.choice(charts())
        medicine = drug(random.choice(DRUGS))
        mutant = bent(chart, places, random)
        keeps_its_promises(read_chart(mutant, patient=who, drug=medicine, now=NOW), medicine)


def test_most_bent_charts_still_say_something() -> None:
    """That the promises are not kept by reading nothing: half the charts by hand still give doses and levels."""
    random = Random(7)
    chart = whole_chart()
    places = list(spots(chart))
    found = [read(*bent(chart, places, random)) for _ in range(200)]
    assert sum(bool(item.record.doses and item.record.levels) for item in found) > 100
    assert len({item.record for item in found}) > 20


def test_a_bent_order_is_explained_or_refused() -> None:
    random = Random(11)
    places = list(spots([order()]))
    for _ in range(1000):
        mutant = bent([order()], places, random)
        for _, resource in opened(mutant):
            regimen, _ = explain_order(resource, drug(), resources=mutant)
            for number in (regimen.amount, regimen.interval, regimen.duration) if regimen else ():
                assert number is None or isfinite(number)


def keeps_its_promises(chart: Chart, medicine: Drug) -> None:
    record, plausible = chart.record, medicine.plausible
    for found in record.levels:
        assert 0 < found.value <= plausible["level"].hard_high
        assert isfinite(found.time)
    for given in record.doses:
        assert 0 < given.amount < float("inf")
        assert 0 <= given.duration < float("inf")
        assert isfinite(given.time)
        assert given.time <= record.now + 0.1  # the skew of clocks that is let pass
    for item in record.covariates:
        assert isfinite(item.value)
        if item.name in plausible:
            assert plausible[item.name].hard_low <= item.value <= plausible[item.name].hard_high
    assert {item.source for item in (*record.doses, *record.levels, *record.covariates)} == set(chart.sources)
    for finding in chart.findings:
        assert finding.text.endswith(".")
        assert len(finding.text) < 1000
        assert CANARY not in finding.text
        assert "\u202e" not in finding.text
        assert "\x00" not in finding.text


CHARTED: dict[str, dict[str, Any]] = {
    "level": level(12.5),
    "weight": weight(70),
    "creatinine": creatinine_of(0.9),
    "dose": dose(1000, when="18 08:00", until="18 09:00"),
}
UNITS_SENT = (*UNITS, "", "ug/mL", "mg/dL", "g/L", "umol/L", "mol/L", "Mg/L", "lb", "units", "\u03bcmol/L", "kg ", "MG")


@pytest.mark.parametrize("part", ["unit", "code"])
@pytest.mark.parametrize("sent", UNITS_SENT)
@pytest.mark.parametrize("name", CHARTED)
def test_one_wrong_half_of_a_unit_never_changes_a_value(name: str, sent: str, part: str) -> None:
    """Text and code say the unit twice: where one slips the value is as before, or it is refused aloud."""
    before, after = values(charted(name)), charted(name, **{part: sent})
    assert len(before) == 1
    assert values(after) in (before, [])
    if not values(after):
        assert {"warning", "critical"} & {item.severity for item in after.findings if item.code.startswith(name)}


@pytest.mark.parametrize("sent", [item for item in UNITS_SENT if item.strip()])
@pytest.mark.parametrize("name", CHARTED)
def test_a_value_with_an_unknown_unit_is_never_used(name: str, sent: str) -> None:
    chart = charted(name, unit=sent, code=sent)
    if not known(sent):
        assert values(chart) == []
        assert f"{name}-{'unreadable' if name == 'dose' else 'unit-refused'}" in {item.code for item in chart.findings}
    else:  # converted, or refused for its dimension or size, but never taken as if it had not changed
        same = unit(sent) == unit(str(quantity_of(CHARTED[name])["code"]))
        assert (values(chart) == values(charted(name))) == same


def charted(name: str, **changes: Any) -> Chart:
    """A chart with this one value, its quantity changed."""
    usual = CHARTED[name]
    quantity = quantity_of(usual) | changes
    bent_one = usual | (
        {"dosage": usual["dosage"] | {"dose": quantity}} if name == "dose" else {"valueQuantity": quantity}
    )
    return read(patient(), bent_one)


def quantity_of(resource: dict[str, Any]) -> dict[str, Any]:
    found = resource["dosage"]["dose"] if "dosage" in resource else resource["valueQuantity"]
    return dict(found)


def known(sent: str) -> bool:
    try:
        unit(sent)
    except UnreadableUnit:
        return False
    return True


def values(chart: Chart) -> list[float]:
    """Of everything but age and sex, which the Patient brings."""
    record = chart.record
    covariates = [item.value for item in record.covariates if item.name not in ("age", "female")]
    return [item.amount for item in record.doses] + [item.value for item in record.levels] + covariates


@pytest.mark.parametrize("period", [1e308, 1e6, 5e-324])
def test_an_order_of_a_mad_interval_disturbs_nothing(period: float) -> None:
    timing = {"repeat": {"frequency": 1, "period": period, "periodUnit": "d"}}
    mad = order(dosageInstruction=[{"timing": timing}])
    times = ("18 08:00", "18 20:00")
    assert len(read(patient(), *(dose(when=t) for t in times), mad).record.doses) == 2
