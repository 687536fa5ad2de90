"""The chart page: what it shows, what it sends as an EHR, and that text from a chart or a card stays text."""

import operator
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial

import pytest
from flask import Flask

from cds_server.sandbox import create_sandbox_blueprint, start_sandbox
from cds_server.sandbox.markdown import render
from cds_server.sandbox.scenarios import load_scenarios

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=timezone(timedelta(hours=1)))
HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)>-Test'
TEMPLATES = {
    "levels": "Observation?patient={{context.patientId}}&code=http://loinc.org|4092-3&_count=1",
    "orders": "MedicationRequest?patient={{context.patientId}}&status=active",
    "patient": "Patient/{{context.patientId}}",
}


def page_client(scenarios=None):
    app = Flask(__name__)
    sandbox = start_sandbox(now=NOW, scenarios=scenarios)
    app.register_blueprint(create_sandbox_blueprint(sandbox, clock=lambda: NOW))
    return app.test_client()


@pytest.fixture
def web():
    return page_client()


def hook(web, patient, body):
    return web.post(f"/sandbox/patients/{patient}/hook-request", json={"templates": TEMPLATES} | body)


def chart(web, patient):
    answer = web.get(f"/sandbox/patients/{patient}")
    assert answer.status_code == 200
    return answer.text


def test_the_list_names_every_patient_and_its_question(web):
    page = web.get("/sandbox/").text
    for scenario in load_scenarios():
        assert scenario.patient.name in page
    assert "Synthetic patients." in page
    assert "not for clinical use" in page


def test_charts_that_have_grown_old_say_so():
    sandbox = start_sandbox(now=NOW)
    for hours, said in ((5, False), (7, True)):
        app = Flask(__name__)
        clock = partial(operator.add, NOW, timedelta(hours=hours))
        app.register_blueprint(create_sandbox_blueprint(sandbox, clock=clock))
        assert ("Start the sandbox again" in app.test_client().get("/sandbox/").text) is said


def test_the_chart_shows_banner_results_doses_and_orders_in_the_hospitals_time(web):
    page = chart(web, "vancomycin-overdosed")
    assert "Margit Oberlin-Test" in page
    assert "No known allergies" in page
    assert "34.1" in page
    assert "Held: level and creatinine rising" in page
    assert "1000 mg every 12 h, infused over 90 min" in page
    assert "Fri 20 Nov 11:30" in page  # the level of three hours ago, on the ward's clock
    assert "UTC+01:00" in page


def test_a_missing_weight_is_said_in_the_banner(web):
    assert "not charted" in chart(web, "vancomycin-missing-weight")


def test_a_level_of_another_patient_is_marked_in_the_chart(web):
    assert "names another patient" in chart(web, "vancomycin-other-patient")
    assert "names another patient" not in chart(web, "vancomycin-steady")


@pytest.mark.parametrize("path", ["/sandbox/", "/sandbox/patients/vancomycin-steady"])
def test_the_policy_forbids_inline_code_and_other_origins_and_the_page_keeps_to_it(web, path):
    answer = web.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", answer.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//(?!localhost)", answer.text)
    assert answer.headers["Cache-Control"] == "no-store"


def test_hostile_text_in_a_chart_stays_text():
    first = load_scenarios()[0]
    hostile = replace(first, line=HOSTILE, story=HOSTILE, patient=replace(first.patient, name=HOSTILE, problem=HOSTILE))
    web = page_client((hostile,))
    for page in (web.get("/sandbox/").text, chart(web, first.id)):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("body", ["{", "[1]", '{"hook": NaN}', '{"a": 1, "a": 2}', "[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(web, body):
    answer = web.post("/sandbox/cards", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["error"]


def test_the_fhir_server_is_named_as_the_service_knows_it_however_the_browser_spells_it():
    app = Flask(__name__)
    app.register_blueprint(create_sandbox_blueprint(start_sandbox(now=NOW), clock=lambda: NOW, public_url="http://a:1"))
    body = hook(app.test_client(), "vancomycin-steady", {"hook": "patient-view"}).json
    assert body["fhirServer"] == "http://a:1/sandbox/fhir"


def test_an_unknown_patient_is_not_found(web):
    assert web.get("/sandbox/patients/nobody").status_code == 404
    assert hook(web, "nobody", {"hook": "patient-view"}).status_code == 404


def test_opening_a_chart_is_sent_as_patient_view_with_its_prefetch(web):
    body = hook(web, "vancomycin-steady", {"hook": "patient-view", "prefetch": "full"}).json
    assert body["context"] == {"userId": "Practitioner/sandbox-prescriber", "patientId": "vancomycin-steady"}
    assert body["fhirServer"] == "http://localhost/sandbox/fhir"
    assert body["prefetch"]["patient"]["gender"] == "male"
    levels = body["prefetch"]["levels"]
    assert (levels["total"], len(levels["entry"])) == (2, 1)
    assert levels["link"][1]["url"].startswith("http://localhost/sandbox/fhir/Observation?")


def test_the_token_in_a_hook_request_opens_the_fhir_endpoint(web):
    body = hook(web, "vancomycin-steady", {"hook": "patient-view"}).json
    head = {"Authorization": f"Bearer {body['fhirAuthorization']['access_token']}"}
    assert web.get("/sandbox/fhir/Patient/vancomycin-steady", headers=head).status_code == 200
    assert body["fhirAuthorization"]["patient"] == "vancomycin-steady"


@pytest.mark.parametrize(
    ("prefetch", "keys"),
    [("full", {"levels", "orders", "patient"}), ("partial", {"levels", "patient"}), ("none", None)],
)
def test_prefetch_is_given_whole_in_part_or_not_at_all(web, prefetch, keys):
    body = hook(web, "vancomycin-steady", {"hook": "patient-view", "prefetch": prefetch}).json
    assert (set(body["prefetch"]) if "prefetch" in body else None) == keys


def test_an_order_of_the_panel_is_sent_as_an_unsaved_draft(web):
    fields = {"dose": 1250, "every": 8, "minutes": 120}
    body = hook(web, "vancomycin-steady", {"hook": "order-select", "order": fields}).json
    draft = body["context"]["draftOrders"]["entry"][0]["resource"]
    assert body["context"]["selections"] == [f"MedicationRequest/{draft['id']}"]
    assert (draft["status"], draft["priorPrescription"]["reference"]) == (
        "draft",
        "MedicationRequest/vancomycin-steady-mr1",
    )
    assert draft["dosageInstruction"][0]["timing"]["repeat"]["period"] == 8
    assert "1250" not in re.sub(r"\s", "", chart(web, "vancomycin-steady").split("<form")[0])


@pytest.mark.parametrize(
    "body",
    [
        {"hook": "order-sign"},
        {"hook": "patient-view", "order": {"dose": 1, "every": 1}},
        {"hook": "order-dispatch"},
        {"hook": "order-sign", "order": {"dose": -5, "every": 12, "minutes": 60}},
        {"hook": "order-sign", "order": {"dose": True, "every": 12, "minutes": 60}},
        {"hook": "order-sign", "order": {"dose": "1000", "every": 12, "minutes": 60}},
        {"hook": "patient-view", "templates": {"patient": 5}},
    ],
)
def test_a_hook_that_can_not_be_sent_is_refused_with_a_reason(web, body):
    answer = hook(web, "vancomycin-steady", body)
    assert answer.status_code == 400
    assert answer.json["error"]


def test_an_accepted_order_appears_unsigned_and_is_active_after_signing(web):
    fields = {"dose": 1250, "every": 12, "minutes": 120}
    draft = hook(web, "vancomycin-steady", {"hook": "order-sign", "order": fields}).json["context"]["draftOrders"]
    resource = draft["entry"][0]["resource"]
    saved = web.post("/sandbox/patients/vancomycin-steady/orders", json={"resource": resource, "sign": False}).json
    assert re.findall(r'<li class="order-(\w+)"', saved["list"]) == ["draft", "active"]
    signed = web.post(
        "/sandbox/patients/vancomycin-steady/orders", json={"resource": saved["resource"], "sign": True}
    ).json
    assert re.findall(r'<li class="order-(\w+)"', signed["list"]) == ["active", "stopped"]
    assert "1250 mg every 12 h, infused over 120 min" in chart(web, "vancomycin-steady")


def test_a_page_of_another_origin_can_not_write_orders_with_a_plain_form(web):
    answer = web.post("/sandbox/patients/vancomycin-steady/orders", data="{}", content_type="text/plain")
    assert answer.status_code == 415


CARD = {
    "uuid": "c-1",
    "summary": "Summary <b>&",
    "indicator": "warning",
    "detail": "| a | b |\n|---|--:|\n| 1 | 2 |",
    "source": {"label": "Service", "url": "javascript:alert(1)"},
    "suggestions": [{"uuid": "s-1", "label": "Other dose", "isRecommended": True, "actions": []}],
    "overrideReasons": [{"code": "wait", "system": "urn:r", "display": "Waiting for a level"}],
    "links": [{"label": "Curve", "url": "https://x.example/1"}, {"label": "Bad", "url": "javascript:alert(1)"}],
}


def cards(web, *given):
    return web.post("/sandbox/cards", json={"hook": "order-sign", "cards": list(given)}).text


def test_a_card_is_shown_with_word_and_icon_suggestion_reasons_link_and_table(web):
    page = cards(web, CARD)
    assert "Warning" in page
    assert '<svg class="icon"' in page
    assert 'data-accept="s-1"' in page
    assert "Waiting for a level" in page
    assert 'href="https://x.example/1"' in page
    assert '<td class="align-right">2</td>' in page
    assert "Summary &lt;b&gt;&amp;" in page
    assert "javascript:" not in page


def test_no_cards_is_said_in_words(web):
    assert "No advice for this order" in cards(web)


@pytest.mark.parametrize("indicator", ["hard-stop", None, 7])
def test_an_unknown_indicator_is_shown_as_critical(web, indicator):
    assert "Critical" in cards(web, CARD | {"indicator": indicator})


@pytest.mark.parametrize("given", [None, "x", {"a": 1}, [None, 3, "y"]])
def test_cards_that_are_no_cards_do_not_break_the_chart(web, given):
    assert web.post("/sandbox/cards", json={"cards": given}).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/beacon.png)",
        "<img src=https://evil.example/b.png>",
        "[x](data:text/html;base64,AAAA)",
        "|a|\n|:-:|\n|<b>|",
    ],
)
def test_markdown_of_a_card_makes_no_script_image_or_other_scheme(text):
    page = render(text)
    assert not re.search(r"<script|<img|<b>|href=\"(?!https?:)|style=", page)


def test_nothing_else_can_be_reached_by_get(web):
    assert web.get("/sandbox/cards").status_code == 405
