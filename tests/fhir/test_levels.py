"""Drug levels: which are used, at which time, in which unit; and what is said of those that are not."""

from typing import Any

import pytest

from fhir.chart import Chart
from fhir.clock import say
from tests.fhir.charts import (
    ME,
    NOW,
    ORAL,
    TACROLIMUS,
    at,
    codes,
    given,
    level,
    observation,
    patient,
    quantity,
    read,
    said,
    trough,
)


def test_a_level_in_other_units_at_its_time_of_collection() -> None:
    chart = read(
        patient(), given(when="19 08:00", until="19 09:30"), level(9.3, "umol/L", "19 19:30", issued=at("19 20:20"))
    )
    (found,) = chart.record.levels
    assert found.value == pytest.approx(
        9.3 * 1449.3 / 1000, rel=1e-12
    )  # umol/L x g/mol / 1000 = mg/L, exact to a double
    assert (found.unit, found.time) == ("mg/L", 11.5)
    source = chart.sources[found.source]
    assert say(source.time) == "2026-11-19 19:30 UTC+01:00"
    assert "9.3 umol/L" in source.note
    assert "report was not used" in source.note


@pytest.mark.parametrize(
    ("comparator", "censored", "above"), [("<", True, False), ("<=", True, False), (">", False, True)]
)
def test_a_level_out_of_the_assays_range_is_a_limit(comparator: str, censored: bool, above: bool) -> None:
    value = quantity(2.0, "mg/L") | {"comparator": comparator}
    (found,) = read(patient(), given(), level(valueQuantity=value)).record.levels
    assert (found.value, found.censored, found.above) == (2.0, censored, above)


@pytest.mark.parametrize(
    ("changes", "code", "severity", "words"),
    [
        ({"valueQuantity": quantity(-5, "mg/L")}, "level-implausible", "critical", "-5 mg/L"),
        ({"valueQuantity": quantity(0, "mg/L")}, "level-implausible", "critical", "above 0"),
        ({"valueQuantity": quantity(12500, "mg/L")}, "level-implausible", "critical", "300"),
        ({"valueQuantity": quantity(12.5, "{pill}")}, "level-unit-refused", "critical", "not known"),
        ({"valueQuantity": {"value": 12.5}}, "level-unit-refused", "critical", "no unit"),
        ({"effectiveDateTime": at("20 12:00")}, "level-in-future", "critical", "after now"),
        ({"effectiveDateTime": "2026-11-19"}, "level-time-refused", "critical", "only a date"),
        ({"effectiveDateTime": "2026-11-19T08:00:00"}, "level-time-refused", "critical", "no time zone"),
        ({"effectiveDateTime": "yesterday"}, "level-time-refused", "critical", "can not be read"),
        ({"effectivePeriod": {"start": at("19 08:00")}}, "level-time-refused", "critical", "period"),
        ({"valueQuantity": quantity("12.5", "mg/L")}, "level-no-value", "critical", "no number"),
        ({"modifierExtension": [{"url": "x"}]}, "level-modified", "critical", "modifier"),
        ({"status": "entered-in-error"}, "level-withdrawn", "info", "entered-in-error"),
        ({"status": "cancelled"}, "level-withdrawn", "info", "cancelled"),
        ({"status": "registered"}, "level-pending", "info", "no result yet"),
        ({"status": "unknown"}, "level-status-unknown", "critical", "unknown"),
    ],
)
def test_a_level_that_can_not_be_used_is_said(changes: dict, code: str, severity: str, words: str) -> None:
    charted = level() | changes
    if "effectivePeriod" in changes:
        del charted["effectiveDateTime"]
    chart = read(patient(), given(), charted)
    assert chart.record.levels == ()
    (finding,) = [finding for finding in chart.findings if finding.code.startswith("level-")]
    assert (finding.code, finding.severity) == (code, severity)
    assert words in finding.text


def test_a_level_without_time_of_collection_is_not_placed_at_its_report() -> None:
    charted = level(issued=at("19 20:00"))
    del charted["effectiveDateTime"]
    chart = read(patient(), given(), charted)
    assert chart.record.levels == ()
    assert "time of the report says nothing" in said(chart, "level-time-refused")


def test_the_specimens_time_stands_in_for_a_missing_one() -> None:
    charted = level(specimen={"reference": "Specimen/s1"})
    del charted["effectiveDateTime"]
    specimen = {"resourceType": "Specimen", "id": "s1", "collection": {"collectedDateTime": at("19 19:30")}}
    (found,) = read(patient(), given(when="19 08:00"), charted, specimen).record.levels
    assert found.time == 11.5


def test_no_value_says_why() -> None:
    charted = level(dataAbsentReason={"text": "hemolyzed"})
    del charted["valueQuantity"]
    assert "hemolyzed" in said(read(patient(), given(), charted), "level-no-value")


def test_a_level_in_words_is_not_turned_into_a_number() -> None:
    charted = level(valueString="<2.0 mg/L")
    del charted["valueQuantity"]
    chart = read(patient(), given(), charted)
    assert chart.record.levels == ()
    assert "not charted as a number" in said(chart, "level-no-value")


def test_a_preliminary_level_is_used_and_said() -> None:
    chart = read(patient(), given(), level(status="preliminary"))
    assert len(chart.record.levels) == 1
    (remark,) = [finding for finding in chart.findings if finding.code == "level-preliminary"]
    assert remark.sources == ("l1",)


def test_the_edge_of_the_hard_range() -> None:
    """300 mg/L is the end of vancomycin's hard range: in it, used and called unusual; a step over it, refused."""
    assert "level-unusual" in codes(read(patient(), given(), level(300)))
    assert "level-implausible" in codes(read(patient(), given(), level(300.1)))


def test_one_sample_reported_twice_is_used_once() -> None:
    other = level(8.62, "umol/L", id="other")  # 12.49 mg/L: the same sample in the other unit
    chart = read(patient(), given(), level(12.5), other)
    assert len(chart.record.levels) == 1
    assert "level-repeated" in codes(chart)


def test_two_values_of_one_time_are_both_used_and_said() -> None:
    chart = read(patient(), given(), level(12.5), level(31, id="other"))
    assert [found.value for found in chart.record.levels] == [12.5, 31]
    assert "12.5 mg/L and 31 mg/L" in said(chart, "level-disagree")


def test_a_corrected_version_replaces_the_first() -> None:
    first = level(125, meta={"versionId": "1"})
    corrected = level(12.5, status="corrected", meta={"versionId": "2"})
    chart = read(patient(), given(), corrected, first)
    (found,) = chart.record.levels
    assert found.value == 12.5
    assert chart.sources[found.source].version == "2"


def test_two_contents_of_one_version_are_both_left_out() -> None:
    chart = read(patient(), given(), level(125), level(12.5))
    assert chart.record.levels == ()
    assert "conflicting-versions" in codes(chart)


def trough_of(value: Any, when: str) -> dict:
    return trough(value, when)


def test_a_trough_drawn_during_the_infusion_contradicts_itself() -> None:
    chart = read(patient(), given(when="19 08:00", until="19 09:30"), trough(20.7, "19 08:36"))
    assert chart.record.levels == ()
    text = said(chart, "level-during-infusion")
    assert "labelled a trough" in text
    assert "2026-11-19 08:36 UTC+01:00" in text


@pytest.mark.parametrize("when", ["19 08:00", "19 09:30"])
def test_a_trough_at_the_very_start_or_end_is_not_during(when: str) -> None:
    chart = read(patient(), given(when="19 08:00", until="19 09:30"), trough(20.7, when))
    assert len(chart.record.levels) == 1


def severity(chart: Chart, code: str) -> str:
    (found,) = [item for item in chart.findings if item.code == code]
    return found.severity


def test_the_newest_level_drawn_during_a_short_infusion_stops_the_proposal() -> None:
    infusion = given(when="19 08:00", until="19 09:30")
    chart = read(patient(), infusion, level(95, when="19 09:00"))
    assert chart.record.levels == ()
    assert "same line" in said(chart, "level-during-infusion")
    assert severity(chart, "level-during-infusion") == "critical"
    chart = read(patient(), infusion, level(95, when="19 09:00"), level(14, when="19 19:30"))
    assert [item.value for item in chart.record.levels] == [14]
    assert severity(chart, "level-during-infusion") == "warning"


@pytest.mark.parametrize("drawn", [level, trough_of])
def test_a_level_of_a_continuous_infusion_is_used_whatever_it_is_called(drawn: Any) -> None:
    bags = [given(2000, when="18 08:00", until="19 08:00"), given(2000, when="19 08:00", until="20 08:00")]
    chart = read(patient(), *bags, drawn(19, when="20 06:00"))
    assert [item.value for item in chart.record.levels] == [19]
    assert "level-during-infusion" not in codes(chart)


def test_a_level_of_the_minutes_in_which_a_bag_is_hung_is_used_at_its_time() -> None:
    chart = read(patient(), given(when="19 08:00", until="19 09:30"), trough(14, "19 08:08"))
    assert [item.value for item in chart.record.levels] == [14]


def test_rates_charted_by_the_hour_are_one_infusion() -> None:
    hours = [given(80, when=f"19 {h:02d}:00", until=f"19 {h + 1:02d}:00") for h in range(8, 16)]
    chart = read(patient(), *hours, level(19, when="19 15:30"))
    assert [item.value for item in chart.record.levels] == [19]
    assert "level-during-infusion" not in codes(chart)


def test_a_trough_soon_after_a_dose_is_doubted() -> None:
    doses = [given(when=when, until=until) for when, until in (("18 20:00", "18 21:00"), ("19 08:00", "19 09:00"))]
    chart = read(patient(), *doses, trough(25, "19 11:00"))
    assert "3.0 h after a dose" in said(chart, "trough-label-doubtful")
    assert len(chart.record.levels) == 1


def test_levels_without_any_dose_make_no_doses() -> None:
    chart = read(patient(), level())
    assert chart.record.doses == ()
    assert "no-administrations" in codes(chart)


def test_a_level_older_than_the_first_charted_dose_means_doses_are_missing() -> None:
    chart = read(patient(), given(when="19 08:00"), level(12.5, when="18 07:00"))
    assert "older than the first charted dose" in said(chart, "doses-missing")


def test_levels_and_doses_of_long_ago_are_left_out() -> None:
    old = given(effectiveDateTime="2024-11-18T08:00:00+01:00")
    chart = read(patient(), old, level(effectiveDateTime="2024-11-18T18:00:00+01:00"))
    assert (chart.record.doses, chart.record.levels) == ((), ())
    assert said(chart, "history-old").startswith("1 dose(s) and 1 level(s)")


def test_another_patients_level_is_never_used() -> None:
    chart = read(patient(), given(), level(31, subject={"reference": "Patient/p2"}))
    assert chart.record.levels == ()
    (finding,) = [finding for finding in chart.findings if finding.code == "other-patient"]
    assert finding.severity == "critical"
    assert "p2" not in finding.text


@pytest.mark.parametrize("subject", [{}, {"display": "somebody"}, {"identifier": {"value": "1"}}, "Patient/p1", None])
def test_a_level_of_nobody_is_never_used(subject: object) -> None:
    chart = read(patient(), given(), level(31, subject=subject))
    assert chart.record.levels == ()
    assert "patient-not-stated" in codes(chart)


@pytest.mark.parametrize(
    "reference",
    [f"Patient/{ME}", f"https://ehr.example/fhir/Patient/{ME}", f"Patient/{ME}/_history/3", f"urn:uuid:{ME}"],
)
def test_the_forms_a_reference_to_the_patient_takes(reference: str) -> None:
    assert len(read(patient(), given(), level(subject={"reference": reference})).record.levels) == 1


@pytest.mark.parametrize("reference", [f"Group/{ME}", f"Patient/{ME}0", f"Patient/x{ME}", "Patient/", "#p"])
def test_the_forms_it_does_not_take(reference: str) -> None:
    assert read(patient(), given(), level(subject={"reference": reference})).record.levels == ()


def test_a_result_that_names_the_drug_without_its_code_is_said() -> None:
    """A susceptibility test must not pass as a level; a level under a wrong code must not vanish unsaid."""
    mic = observation("524-9", 1, "mg/L", "19 08:00", code={"text": "Vancomycin [Susceptibility]"})
    chart = read(patient(), given(), mic)
    assert chart.record.levels == ()
    assert "level-uncoded" in codes(chart)


def test_a_future_within_the_clocks_skew_passes() -> None:
    assert len(read(patient(), given(), level(when="20 08:09"), now=NOW).record.levels) == 1
    assert read(patient(), given(), level(when="20 08:11"), now=NOW).record.levels == ()


def tube(collected: dict) -> dict:
    return {
        "resourceType": "Specimen",
        "id": "tube",
        "subject": {"reference": f"Patient/{ME}"},
        "collection": collected,
    }


def of_tube(**changes: object) -> dict:
    return level(specimen={"reference": "Specimen/tube"}, **changes)


@pytest.mark.parametrize(
    ("collected", "hour", "said_so"),
    [
        ({"collectedDateTime": at("19 19:30")}, 11.5, False),
        ({"collectedDateTime": at("19 19:40")}, 11.5, False),  # ten minutes are one draw: the result's own time
        ({"collectedDateTime": at("19 18:00")}, 10.0, True),
        ({"collectedPeriod": {"start": at("19 18:00"), "end": at("19 18:05")}}, 10.0, True),
        ({"collectedPeriod": {"start": at("19 18:00"), "end": at("19 20:05")}}, 11.5, False),  # no one time
        ({"collectedDateTime": "2026-11-19"}, 11.5, False),
        ({}, 11.5, False),
    ],
)
def test_of_two_times_the_specimens_is_used_and_both_are_said(collected: dict, hour: float, said_so: bool) -> None:
    chart = read(patient(), given(when="19 08:00", until="19 09:30"), of_tube(), tube(collected))
    assert [item.time for item in chart.record.levels] == [hour]
    assert ("level-times-disagree" in codes(chart)) is said_so
    if said_so:
        assert "2026-11-19 18:00 UTC+01:00 by its specimen" in said(chart, "level-times-disagree")


def test_a_level_without_a_time_of_day_takes_its_specimens() -> None:
    drawn = tube({"collectedDateTime": at("19 18:00")})
    chart = read(patient(), given(when="19 08:00", until="19 09:30"), of_tube(effectiveDateTime="2026-11-19"), drawn)
    assert [item.time for item in chart.record.levels] == [10.0]
    assert "collection of the specimen" in chart.sources[chart.record.levels[0].source].note


ACCESSION = [{"system": "urn:lab", "value": "A1"}]


def test_a_correction_under_the_same_identifier_replaces_the_report() -> None:
    first = level(12.5, identifier=ACCESSION, issued=at("19 20:20"))
    corrected = level(21.5, identifier=ACCESSION, issued=at("19 21:00"), status="corrected", id="o-corrected")
    chart = read(patient(), given(), first, corrected)
    assert [item.value for item in chart.record.levels] == [21.5]
    assert "level-disagree" not in codes(chart)
    assert "again as corrected" in said(chart, "result-replaced")


@pytest.mark.parametrize(
    "changes",
    [
        {"identifier": [{"system": "urn:lab", "value": "A2"}]},  # another result
        {"status": "final"},  # nothing says which is later
        {"issued": at("19 20:00")},  # a correction from before what it corrects
        {"effectiveDateTime": at("19 23:30")},  # another sample
    ],
)
def test_what_is_no_correction_replaces_nothing(changes: dict) -> None:
    first = level(12.5, identifier=ACCESSION, issued=at("19 20:20"))
    other = level(21.5, identifier=ACCESSION, issued=at("19 21:00"), status="corrected", id="o-other") | changes
    chart = read(patient(), given(), first, other)
    assert [item.value for item in chart.record.levels] == [12.5, 21.5]


def test_a_value_beside_a_reason_for_having_none_is_refused() -> None:
    chart = read(patient(), given(), level(dataAbsentReason={"coding": [{"code": "error"}]}))
    assert chart.record.levels == ()
    assert "level-contradictory" in codes(chart)


def test_the_laboratorys_flag_is_quoted_and_not_used() -> None:
    flagged = level(interpretation=[{"coding": [{"code": "H"}]}])
    chart = read(patient(), given(), flagged)
    assert [item.value for item in chart.record.levels] == [12.5]
    assert 'flagged "H" by the laboratory' in chart.sources[chart.record.levels[0].source].note


def test_a_member_of_a_panel_has_no_time_from_its_panel() -> None:
    member = level()
    del member["effectiveDateTime"]
    panel = observation("85353-1", 0, "1", "19 19:30", hasMember=[{"reference": f"Observation/{member['id']}"}])
    del panel["valueQuantity"]
    chart = read(patient(), given(), panel, member)
    assert chart.record.levels == ()
    assert "level-time-refused" in codes(chart)


@pytest.mark.parametrize(("clock", "said"), [("06:59", False), ("07:25", True), ("08:00", True), ("08:02", False)])
def test_a_level_just_after_a_swallowed_dose_may_have_been_before_it(clock: str, said: bool) -> None:
    swallowed = {"medicationCodeableConcept": TACROLIMUS, "dosage": {"route": ORAL, "dose": quantity(3, "mg")}}
    doses = [given(when=time, **swallowed) for time in ("19 07:00", "19 19:00", "20 07:00")]
    chart = read(patient(), *doses, observation("11253-2", 6.1, "ug/L", f"20 {clock}"), name="tacrolimus")
    assert ("level-after-dose" in codes(chart)) is said
    assert len(chart.record.levels) == 1
