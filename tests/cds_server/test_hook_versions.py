"""CDS Hooks 3.0's additions behind a setting: there with it, not there without it, and of use to clients of either."""

import pytest

from cds_server.config import Settings, SettingsError
from cds_server.hooks.overrides import hl7_group, override_reasons
from models.catalog import load_catalog
from tests.cds_server.hook_calls import FEEDBACK, SERVICE, call, draft, service

HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
# what 3.0 names, groups and children
NAMED = {
    "cds-not-applicable",
    "cds-suboptimal-context",
    "recipient-disagrees-evidence",
    "recipient-concerns-outcomes",
    "does-not-align-preferences",
    "not-convenient-feasible",
    "patient-ineligible",
    "action-completed",
    "need-more-info",
    "expert-contradicts",
    "policy-contradicts",
    "risk-benefit-ratio",
    "patient-contraindication",
    "patient-refuses",
    "too-costly-uncovered",
}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    with service(tmp_path_factory.mktemp("three"), cds_hooks_version="3.0") as found:
        yield found


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    with service(tmp_path_factory.mktemp("two")) as found:
        yield found


def test_discovery_names_versions_in_3_0_alone(two, three):
    entries = {name: one.client.get("/cds-services").json["services"] for name, one in (("2", two), ("3", three))}
    assert not any({"version", "hookVersion"} & set(item) for item in entries["2"])
    assert all(item["version"] and item["hookVersion"] for item in entries["3"])
    without = [{k: v for k, v in item.items() if k not in ("version", "hookVersion")} for item in entries["3"]]
    assert without == entries["2"]


def test_override_reasons_are_hl7s_own_in_3_0(two, three):
    theirs = three.card(call())["overrideReasons"]
    assert {reason["system"] for reason in theirs} == {HL7}
    assert len({reason["code"] for reason in theirs}) == len(theirs)
    ours = two.card(call())["overrideReasons"]
    assert {hl7_group(reason["code"]) or reason["code"] for reason in ours} == {reason["code"] for reason in theirs}


@pytest.mark.parametrize("drug", ["", *load_catalog().drugs])
def test_every_reason_of_every_drug_has_a_place_in_hl7s_system(drug):
    found = override_reasons(drug, version="3.0")
    assert {reason["code"] for reason in found} <= NAMED
    assert all(reason["display"] for reason in found)


def test_links_say_in_3_0_that_they_do_not_open_by_themselves(two, three):
    assert [link["autolaunchable"] for link in three.card(call())["links"]] == [False]
    assert not any("autolaunchable" in link for link in two.card(call())["links"])


def test_the_advice_is_the_same_in_either(two, three):
    cards = [one.card(call(drafts=(draft(500),))) for one in (two, three)]
    assert len({card["summary"] for card in cards}) == 1
    assert len({card["detail"] for card in cards}) == 1


@pytest.mark.parametrize("version", ["two", "three"])
def test_errors_carry_an_outcome_and_hl7_reasons_are_taken_in_either(request, version):
    running = request.getfixturevalue(version)
    assert running.client.post(SERVICE, json={}).json["resourceType"] == "OperationOutcome"
    reason = {"reason": {"code": "patient-refuses", "system": HL7}}
    item = {"card": running.card(call())["uuid"], "outcome": "overridden", "overrideReason": reason}
    assert running.client.post(FEEDBACK, json={"feedback": [item]}).json["stored"] == 1


def test_another_version_stops_the_start():
    with pytest.raises(SettingsError, match="TITRATE_CDS_HOOKS_VERSION"):
        Settings(cds_hooks_version="1.0")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="TITRATE_REPEAT_MINUTES"):
        Settings(repeat_minutes=-1)
