"""Charts bent out of shape: no exception, no value that is not finite and plausible, nobody else's data, no names."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.chart import Chart
from tests.fhir.charts import (
    ME,
    SNOMED,
    at,
    creatinine,
    drug,
    instruction,
    level,
    observation,
    order,
    patient,
    read,
    weight,
)
from tests.fhir.charts import given as dose

CANARY = "Xanthippe-Canary"


def whole_chart() -> list[dict[str, Any]]:
    return [
        patient(name=[{"family": CANARY}], identifier=[{"value": CANARY}]),
        dose(when="18 08:00", until="18 09:30"),
        dose(when="18 20:00", until="18 21:30"),
        level(when="19 07:30"),
        weight(),
        creatinine(),
        observation("84413-4", 1, "1", "17 08:00", valueCodeableConcept={"text": "CYP3A5 *1/*3"}),
        {
            "resourceType": "Procedure",
            "id": "s1",
            "status": "completed",
            "code": {"coding": [{"system": SNOMED, "code": "302497006"}]},
            "subject": {"reference": f"Patient/{ME}", "display": CANARY},
            "performedPeriod": {"start": at("19 08:00"), "end": at("19 12:00")},
        },
        order(dosageInstruction=[instruction(text="1 g")]),
    ]


def spots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON tree."""
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(spot for step, inner in steps for spot in spots(inner, (*path, step)))]


def bent(chart: list[dict[str, Any]], path: tuple[Any, ...], value: Any) -> list[Any]:
    chart = copy.deepcopy(chart)
    inside: Any = chart
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return chart


ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1e308,
        -1e-308,
        10**400,
        float("nan"),
        float("inf"),
        "",
        " ",
        "x" * 500,
        "2026",
        "2026-11-20",
        "2026-11-20T08:05:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        [],
        {},
        [[]],
        [None],
        [{}],
        {"reference": "Patient/p2"},
        {"coding": "x"},
        {"value": 1},
        "\u202e|`<script>",
    ]
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_one_or_two_bent_places_raise_nothing_and_keep_the_record_true(data: st.DataObject) -> None:
    chart: list[Any] = whole_chart()
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([spot for spot in spots(chart) if spot]))
        chart = bent(chart, path, data.draw(ODD))
    for name in ("vancomycin", "tacrolimus"):
        keeps_its_promises(read(*chart, name=name), name)


def keeps_its_promises(chart: Chart, name: str) -> None:
    plausible = drug(name).plausible
    for found in chart.record.levels:
        assert 0 < found.value <= plausible["level"].hard_high
    for item in chart.record.covariates:
        if item.name in plausible:
            assert plausible[item.name].hard_low <= item.value <= plausible[item.name].hard_high
    record = chart.record
    assert {item.source for item in (*record.doses, *record.levels, *record.covariates)} == set(chart.sources)
    text = " ".join(finding.text for finding in chart.findings)
    assert CANARY not in text
    assert "p2" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, {"resourceType": 7}, {"resourceType": "Observation"}, [{}]])
def test_junk_among_the_resources_does_not_disturb_the_rest(junk: Any) -> None:
    assert read(*whole_chart(), junk).record == read(*whole_chart()).record


def test_a_resource_of_another_patient_never_changes_the_record() -> None:
    theirs = [item | {"id": f"x{n}"} for n, item in enumerate(whole_chart())]
    for item in theirs:
        item["subject"] = {"reference": "Patient/p2"}
    assert read(*whole_chart(), *theirs).record == read(*whole_chart()).record


@given(st.permutations(whole_chart()))
@settings(max_examples=30, deadline=None)
def test_the_record_does_not_depend_on_the_order(chart: list[dict[str, Any]]) -> None:
    assert read(*chart) == read(*whole_chart())


def test_deep_nesting_is_passed_through() -> None:
    node: dict[str, Any] = {}
    for _ in range(900):
        node = {"extension": [node]}
    assert len(read(*whole_chart(), weight(id="deep", when="17 10:00", extension=[node])).record.levels) == 1


def test_a_large_chart_keeps_all_its_doses() -> None:
    doses = [
        dose(when=f"{day:02d} {hour:02d}:00", until=f"{day:02d} {hour:02d}:59")
        for day in range(1, 20)
        for hour in (0, 12)
    ]
    other = [
        observation("8867-4", 80, "/min", f"{day:02d} {hour:02d}:30") for day in range(1, 20) for hour in range(24)
    ]
    chart = read(patient(), *doses, *other, level())
    assert len(chart.record.doses) == 38
