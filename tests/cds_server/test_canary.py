"""A name, a record number and a token in every field that an EHR fills: found nowhere they are not meant to be."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cds_server import create_app
from cds_server.cli import titrate
from cds_server.hooks.protocol import parse
from cds_server.logs import JsonFormatter
from cds_server.store.schema import metadata
from cds_server.tasks import ESTIMATE, create_celery
from tests.cds_server.hook_calls import FEEDBACK, SERVICE, call, draft, facts, prefetch, service
from tests.fhir.charts import given, level, order, patient, weight
from tests.fhir.server import Reply, bundle, serving
from tests.security.issuers import Ehr, ec_key, raw, registry_file

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


# What trust handles: JWTs, right and forged, our own private key, and the token it fetches.
EHR = Ehr()
FORGER = Ehr(key=ec_key("forger"))
BACKEND_TOKEN = "backend.canary.token"


def parts_of(token: str) -> list[str]:
    """The pieces of a JWT that must lie nowhere: claims and signature, whole and by their first half."""
    return [piece[: len(piece) // 2] for piece in token.split(".")[1:]]


def test_no_token_of_an_ehr_lies_anywhere(tmp_path, lines):
    right, old = EHR.token(sub=NAME, jti="said-in-the-log"), EHR.token(exp=1, iat=0, sub=NAME)
    forged = [
        FORGER.token(sub=NAME, jti=NUMBER),
        EHR.token(iss=f"https://{NAME}.example", jti=NUMBER),
        EHR.token(tenant=NUMBER, jti=NUMBER),
        EHR.token(header={"kid": NUMBER}, jti=NUMBER),
        raw({"alg": NAME, "kid": NUMBER}, {"iss": NAME}),
        f"{NAME}.{NUMBER}.{TOKEN}",
        NUMBER,
    ]
    with service(tmp_path, registry_file=registry_file(tmp_path)) as running:
        answers = [
            running.client.post(SERVICE, json=marked_call(), headers={"Authorization": f"Bearer {token}"})
            for token in (right, right, old, *forged)
        ]
        database = columns(running.parts.store)
    assert [answer.status_code for answer in answers] == [200, *[401] * (len(answers) - 1)]
    held = " ".join([*database.values(), lines(), *(answer.get_data(as_text=True) for answer in answers)])
    assert [piece for token in (right, old, *forged[:4]) for piece in parts_of(token) if piece in held] == []
    assert [found(answer.get_data(as_text=True)) for answer in answers[1:]] == [[]] * (len(answers) - 1)
    assert found(lines()) == []
    assert "said-in-the-log" in lines()  # which the specification allows of a token that was believed
    assert not any("said-in-the-log" in text for text in database.values())


def test_our_own_key_and_the_token_it_fetches_lie_nowhere(tmp_path, lines):
    made = CliRunner().invoke(titrate, ["trust", "keygen", str(tmp_path / "own.pem"), "--kid", "own"])
    private = (tmp_path / "own.pem").read_text().splitlines()[1:-1]

    def reply(path, before):
        if path == "token":
            token = {"access_token": BACKEND_TOKEN, "token_type": "bearer", "expires_in": 300, "scope": "system/*.rs"}
            return Reply(body=token)
        return Reply(body=bundle(level(11.0)))

    with serving(reply) as ehr:
        backend = {"client_id": "titrate", "kid": "own", "token_url": f"{ehr.base}/token"}
        file = registry_file(
            tmp_path,
            fhir_servers=[{"base": ehr.base, "tenant": "north", "backend": backend}],
            keys=[{"kid": "own", "file": "own.pem", "algorithm": "ES384"}],
        )
        with service(tmp_path, registry_file=file, fhir_deadline_ms=20_000) as running:
            body = marked_call(fhirServer=ehr.base) | {"prefetch": marked_prefetch(levels=...)}
            answer = running.client.post(SERVICE, json=body, headers=EHR.bearer())
            database = columns(running.parts.store)
            shown = [repr(running.parts.registry), repr(running.parts.settings), repr(running.parts.connections)]
            published = running.client.get("/.well-known/jwks.json").get_data(as_text=True)
        listed = CliRunner().invoke(titrate, ["trust", "list", "--json"], env={"TITRATE_REGISTRY_FILE": file}).output
    assert answer.status_code == 200
    assert f"Bearer {BACKEND_TOKEN}" in [headers.get("Authorization") for headers in ehr.asked.headers]
    held = " ".join(
        [*database.values(), lines(), answer.get_data(as_text=True), *shown, published, listed, made.output]
    )
    assert BACKEND_TOKEN not in held
    assert [line for line in private if line in held] == []
    assert '"d"' not in published
