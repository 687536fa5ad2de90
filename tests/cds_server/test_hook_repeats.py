"""The same advice to the same user on the same data: left out, said, or said more quietly; never where it matters."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cds_server import create_app
from tests.cds_server.hook_calls import SERVICE, Service, call, draft, facts, prefetch, service
from tests.fhir.charts import NOW, creatinine, level
from tests.fhir.server import bundle

FIRST, SECOND = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def running(tmp_path):
    with service(tmp_path) as found:
        yield found


def later(running: Service, minutes: float) -> Service:
    """The same service with its clock moved on."""
    parts = replace(running.parts, clock=lambda: NOW + timedelta(minutes=minutes))
    return Service(client=create_app(parts.settings, parts=parts).test_client(), parts=parts)


def view(instance=FIRST, **changes):
    return call("patient-view", hookInstance=instance, **changes)


def test_a_chart_opened_again_shows_no_card_twice_and_the_log_knows(running):
    card = running.card(view())
    assert later(running, 5).cards(view(SECOND)) == []
    *_, (_, event, entry, _) = running.parts.store.audit_entries()
    assert (event, entry["reference"], entry["cards"]) == ("repeated", card["uuid"], [])


def test_after_the_set_time_it_is_shown_again(running):
    running.card(view())
    assert later(running, 29).cards(view(SECOND)) == []
    assert len(later(running, 31).cards(view(SECOND))) == 1


def test_a_call_sent_again_after_a_lost_answer_gets_its_card(running):
    running.card(view())
    assert len(running.cards(view())) == 1


CHANGED = {
    "a new level": {"prefetch": prefetch(levels=bundle(level(11.0), level(14.0, when="20 07:30")))},
    "a new creatinine": {"prefetch": prefetch(creatinine=bundle(creatinine(0.9), creatinine(1.2, when="20 06:00")))},
}


@pytest.mark.parametrize("changes", CHANGED.values(), ids=CHANGED.keys())
def test_new_data_are_always_answered(running, changes):
    running.card(view())
    assert len(later(running, 5).cards(view(SECOND, **changes))) == 1


def test_another_user_has_not_seen_it(running):
    running.card(view())
    body = view(SECOND)
    body["context"]["userId"] = "Practitioner/2"
    assert len(later(running, 5).cards(body)) == 1


def test_another_patient_with_the_same_values_is_another_patient(running):
    from cds_server.again import digest
    from cds_server.gather import case_of, gather
    from cds_server.hooks.protocol import parse

    bodies = view(), view(fhirServer="https://other.example/fhir")
    digests = []
    for body in bodies:
        asked = parse(body, hooks=("patient-view",))
        gathered = gather(asked, running.parts)
        case = case_of(gathered.questions[0], gathered, asked, NOW)
        advice = running.parts.store.issued(facts(running.card(view()))["adviceId"]).advice
        digests.append(digest(asked, "dose-advice", case, None, advice, running.parts.settings))
    assert digests[0] != digests[1]
    assert all(len(item) == 64 and "p1" not in item for item in digests)


def test_a_critical_card_is_never_left_out(running):
    misfiled = prefetch(levels=bundle(level(11.0, subject={"reference": "Patient/somebody-else"})))
    first = running.cards(view(prefetch=misfiled))
    assert [card["indicator"] for card in first] == ["critical"]
    again = later(running, 5).cards(view(SECOND, prefetch=misfiled))
    assert [card["indicator"] for card in again] == ["critical"]
    assert facts(again[0])["shownBefore"]


def test_an_order_selected_again_warns_once_and_says_when(running):
    body = call("order-select", drafts=(draft(250),), hookInstance=FIRST)
    assert running.card(body)["indicator"] == "warning"
    again = later(running, 5).card(body | {"hookInstance": SECOND})
    assert again["indicator"] == "info"
    assert again["detail"].startswith("Shown to you before, at 2026-11-20 08:05+01:00, on the same data.")
    assert again["suggestions"]


def test_a_warning_is_quiet_no_longer_than_the_set_time(running):
    """What was said quietly does not keep it quiet."""
    body = call("order-select", drafts=(draft(250),), hookInstance=FIRST)
    running.card(body)
    assert later(running, 20).card(body | {"hookInstance": SECOND})["indicator"] == "info"
    third = "33333333-3333-4333-8333-333333333333"
    assert later(running, 40).card(body | {"hookInstance": third})["indicator"] == "warning"


def test_the_last_gate_before_a_dose_warns_every_time(running):
    body = call("order-sign", drafts=(draft(250),), hookInstance=FIRST)
    running.card(body)
    again = later(running, 5).card(body | {"hookInstance": SECOND})
    assert again["indicator"] == "warning"
    assert facts(again)["shownBefore"] == NOW.isoformat().replace("08:05:00+01:00", "07:05:00+00:00")


def test_another_dose_in_the_draft_is_another_order(running):
    running.card(call("order-select", drafts=(draft(250),), hookInstance=FIRST))
    again = later(running, 5).card(call("order-select", drafts=(draft(200),), hookInstance=SECOND))
    assert "shownBefore" not in facts(again)
    assert again["indicator"] == "warning"


def test_nothing_is_left_out_where_the_setting_is_off_or_the_user_unknown(tmp_path):
    with service(tmp_path / "off", repeat_minutes=0) as off:
        assert [len(off.cards(view(one))) for one in (FIRST, SECOND)] == [1, 1]
    with service(tmp_path / "unknown") as running:
        for instance in (FIRST, SECOND):
            body = call("medication-refill", hookInstance=instance)
            del body["context"]["userId"]
            assert "shownBefore" not in facts(running.card(body))


def test_the_digest_in_the_database_names_nobody(running):
    from sqlalchemy import select

    from cds_server.store.schema import card

    running.card(view())
    with running.parts.store.engine.connect() as connection:
        (found,) = connection.execute(select(card.c.digest)).scalars().all()
    assert len(found) == 64
    with service(running.parts.settings.data_folder / "other", secret_key="another key") as other:
        other.card(view())
        with other.parts.store.engine.connect() as connection:
            assert connection.execute(select(card.c.digest)).scalar_one() != found


def test_one_order_interrupts_once(running):
    """A draft coded as two drugs is answered for both; one card of the two is urgent."""
    vancomycin, tacrolimus = (
        draft()["medicationCodeableConcept"]["coding"][0],
        {
            "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
            "code": "42316",
        },
    )
    both = draft(250, medicationCodeableConcept={"coding": [vancomycin, tacrolimus], "text": "both"})
    cards = running.client.post(SERVICE, json=call(drafts=(both,))).json["cards"]
    assert len(cards) <= 2
    assert sum(card["indicator"] != "info" for card in cards) <= 1
