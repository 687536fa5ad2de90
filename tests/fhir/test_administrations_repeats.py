"""One administration in two resources, and tablets of one minute: counted once, or together, and said."""

from typing import Any

from tests.fhir.charts import (
    ORAL,
    TACROLIMUS,
    codes,
    given,
    instruction,
    order,
    patient,
    quantity,
    read,
    said,
)

KEY: dict[str, Any] = {"identifier": [{"system": "urn:mar", "value": "77"}]}


def severity(chart: Any, code: str) -> str:
    (finding,) = [item for item in chart.findings if item.code == code]
    return finding.severity


def capsule(mg: float, key: str, when: str = "18 08:00", **changes: Any) -> dict[str, Any]:
    dosage = {"route": ORAL, "dose": quantity(mg, "mg")}
    asked = {"request": {"reference": "MedicationRequest/r1"}}
    return given(when=when, medicationCodeableConcept=TACROLIMUS, dosage=dosage, id=key) | asked | changes


def ordered(mg: float) -> dict[str, Any]:
    timing = {"repeat": {"frequency": 1, "period": 12, "periodUnit": "h"}}
    row = instruction(mg, "mg", timing=timing, route=ORAL)
    return order(medicationCodeableConcept=TACROLIMUS, dosageInstruction=[row])


def test_two_resources_of_one_identifier_are_one_dose() -> None:
    chart = read(patient(), given(until="18 09:30", **KEY), given(until="18 09:30", id="again", **KEY))
    assert len(chart.record.doses) == 1
    assert severity(chart, "dose-repeated") == "info"


def test_of_two_that_differ_the_one_written_last_is_used() -> None:
    first = given(1000, until="18 09:30", meta={"lastUpdated": "2026-11-18T10:00:00Z"}, **KEY)
    later = given(750, until="18 09:30", id="b", meta={"lastUpdated": "2026-11-18T11:00:00Z"}, **KEY)
    for pair in ((first, later), (later, first)):
        chart = read(patient(), *pair)
        assert [dose.amount for dose in chart.record.doses] == [750]
        assert severity(chart, "dose-amended") == "warning"
    withdrawn = later | {"status": "entered-in-error"}
    assert read(patient(), first, withdrawn).record.doses == ()


def test_which_is_newer_is_not_said() -> None:
    chart = read(patient(), given(1000, until="18 09:30", **KEY), given(750, until="18 09:30", id="b", **KEY))
    assert severity(chart, "dose-amended") == "critical"


def test_one_identifier_at_two_times_is_two_doses() -> None:
    chart = read(patient(), given(until="18 09:30", **KEY), given(when="18 20:00", until="18 21:30", **KEY))
    assert len(chart.record.doses) == 2


def test_an_identifier_without_a_system_is_none() -> None:
    key: dict[str, Any] = {"identifier": [{"value": "77"}]}
    chart = read(patient(), given(until="18 09:30", **key), given(until="18 09:30", id="b", **key))
    assert "dose-twice" in codes(chart)


def test_capsules_of_one_minute_that_are_the_dose_ordered_are_one_dose() -> None:
    chart = read(patient(), ordered(4), capsule(2, "a"), capsule(2, "b"), name="tacrolimus")
    assert sum(dose.amount for dose in chart.record.doses) == 4
    assert "2 + 2 mg) are together the 4 mg" in said(chart, "dose-in-units")
    assert "dose-twice" not in codes(chart)


def test_capsules_that_are_not_the_dose_ordered_stay_a_doubt() -> None:
    for mg in (2, 3):
        assert "dose-twice" in codes(read(patient(), ordered(mg), capsule(2, "a"), capsule(2, "b"), name="tacrolimus"))
    no_order = [capsule(2, "a", request={}), capsule(2, "b", request={})]
    assert "dose-twice" in codes(read(patient(), ordered(4), *no_order, name="tacrolimus"))


def test_a_whole_dose_in_units_charted_again_half_an_hour_later_is_a_repeat() -> None:
    four = [capsule(2, key, when) for key, when in (("a", "18 08:00"), ("b", "18 08:00"), ("c", "18 08:30"))]
    four.append(capsule(2, "d", "18 08:30"))
    assert "dose-twice" in codes(read(patient(), ordered(4), *four, name="tacrolimus"))
