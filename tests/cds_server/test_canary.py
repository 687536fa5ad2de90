"""A name, a record number and a token in every field that an EHR fills: found nowhere they are not meant to be."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from cds_server import create_app
from cds_server.hooks.protocol import parse
from cds_server.logs import JsonFormatter
from cds_server.store.schema import metadata
from cds_server.tasks import ESTIMATE, create_celery
from tests.cds_server.hook_calls import FEEDBACK, SERVICE, call, draft, facts, prefetch, service
from tests.fhir.charts import given, level, order, patient, weight
from tests.fhir.server import Reply, bundle, serving

NAME, NUMBER, TOKEN, COMMENT = "Canaryname", "MRN-4711-canary", "canary.token.value", "Canarycomment"
CANARIES = (NAME, NUMBER, TOKEN)
DISPLAY = {"reference": "Patient/p1", "display": NAME}
# Where chart values and FHIR ids may lie (they are the advice), and what users wrote themselves.
MEANT = {("advice", "content"), ("advice", "chart"), ("card", "content"), ("feedback", "comment")}


def marked_prefetch(**changes):
    who = {"subject": DISPLAY, "identifier": [{"value": NUMBER}], "note": [{"text": f"{NAME} {NUMBER}"}]}
    person = patient(name=[{"family": NAME, "text": NAME}], identifier=[{"value": NUMBER}], telecom=[{"value": NUMBER}])
    doses = [
        given(1000, when="19 08:00", until="19 09:30", **who),
        given(1000, when="19 20:00", until="19 21:30", **who),
    ]
    marked = {
        "patient": person,
        "weight": bundle(weight(70, performer=[{"display": NAME}], **who)),
        "levels": bundle(level(11.0, **who)),
        "administrations": bundle(*doses),
        "orders": bundle(order(requester={"display": NAME}, **who)),
    }
    return prefetch(**{**marked, **changes})


def marked_call(**changes):
    marked = draft(subject=DISPLAY, identifier=[{"value": NUMBER}], note=[{"text": f"{NAME} {NUMBER}"}])
    body = call(drafts=(marked,), prefetch=marked_prefetch(), **changes)
    body["context"]["userId"] = f"Practitioner/{NAME}"
    body["context"]["encounterId"] = NUMBER
    return body


@pytest.fixture
def lines(caplog):
    """All log lines of a test as the service writes them."""
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join(JsonFormatter().format(record) for record in caplog.records)


def found(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary.lower() in text.lower()]


def columns(store) -> dict[tuple[str, str], str]:
    """Everything in the database, column by column."""
    with store.engine.connect() as connection:
        rows = {table: connection.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
    return {
        (table.name, column.name): " ".join(str(row[column.name]) for row in found_rows)
        for table, found_rows in rows.items()
        for column in table.columns
    }


def test_nothing_leaks_from_a_call_with_its_reads_and_its_feedback(tmp_path, lines):
    def reply(path, before):
        return Reply(body=bundle(level(11.0, subject=DISPLAY, identifier=[{"value": NUMBER}])))

    with serving(reply) as ehr, service(tmp_path, fhir_servers=(ehr.base,), fhir_deadline_ms=20_000) as running:
        access = {"fhirServer": ehr.base, "fhirAuthorization": {"access_token": TOKEN, "token_type": "Bearer"}}
        body = marked_call(**access) | {"prefetch": marked_prefetch(levels=...)}
        card = running.card(body)
        said = {"card": card["uuid"], "outcome": "overridden", "overrideReason": {"userComment": f"{COMMENT} {NAME}"}}
        running.client.post(FEEDBACK, json={"feedback": [said]})
        database = columns(running.parts.store)
    assert facts(card)["kind"] == "recommendation"
    assert ehr.asked.headers[0]["Authorization"] == f"Bearer {TOKEN}"  # the canary did go round
    leaks = {column: found(text) for column, text in database.items() if found(text)}
    assert set(leaks) <= {("feedback", "comment")}, leaks
    assert found(lines()) == []


def test_fhir_ids_lie_only_where_the_advice_is(tmp_path, lines):
    marked = level(11.0, id="canary-observation-id")
    with service(tmp_path) as running:
        running.card(call(prefetch=prefetch(levels=bundle(marked))))
        database = columns(running.parts.store)
    holding = {column for column, text in database.items() if "canary-observation-id" in text}
    assert ("advice", "chart") in holding
    assert holding <= MEANT
    assert "canary-observation-id" not in lines()


def test_errors_and_refusals_say_no_secret(tmp_path, lines):
    bodies = [
        marked_call(hook="unknown"),
        marked_call(fhirServer=7),
        marked_call(fhirServer="https://ehr.example/fhir", fhirAuthorization={"access_token": TOKEN})
        | {"prefetch": marked_prefetch(levels=...)},
        marked_call() | {"prefetch": marked_prefetch(weight=bundle())},
    ]
    with service(tmp_path) as running:
        answers = [running.client.post(SERVICE, json=body) for body in bodies]
        shown = running.client.post(SERVICE, data=b'{"token": "' + TOKEN.encode(), content_type="application/json")
    assert [answer.status_code for answer in answers] == [404, 400, 412, 200]
    for answer in (*answers, shown):
        assert found(answer.get_data(as_text=True)) == []
    assert found(lines()) == []


def test_an_error_deep_inside_says_no_secret(tmp_path, lines):
    class Failing:
        arrangement = "in-process"

        def estimate(self, request, spent_s):
            raise RuntimeError(f"{NAME} {NUMBER} {TOKEN}")

    with service(tmp_path) as running:
        parts = replace(running.parts, estimator=Failing())
        answer = create_app(parts.settings, parts=parts).test_client().post(SERVICE, json=marked_call())
        database = columns(parts.store)
    assert found(json.dumps([card["detail"] for card in answer.json["cards"]])) == []
    assert not any(found(text) for text in database.values())
    assert found(lines()) == []


def test_the_broker_folder_holds_no_secret(tmp_path):
    with service(tmp_path) as running:
        running.card(marked_call())
        keys = [entry["estimate"] for _, _, entry, _ in running.parts.store.audit_entries()]
        folder = tmp_path / "messages"
        folder.mkdir()
        app = create_celery(running.parts.settings, folder)
        app.send_task(ESTIMATE, args=[keys[0]], ignore_result=True)
        app.close()
    text = " ".join(Path(file).read_text() for file in folder.glob("*.msg"))
    assert keys[0] not in ("none", "")
    assert text
    assert found(text) == []


def test_the_token_is_in_no_repr():
    asked = parse(
        marked_call(fhirServer="https://e.example", fhirAuthorization={"access_token": TOKEN}), hooks=("order-sign",)
    )
    assert TOKEN not in repr(asked.access)
