"""Resource exhaustion: bodies made to be dear are answered with 4xx, never 5xx; the table prints how long it took."""

import gzip
import json

import pytest

from cds_server.hooks.json import MAX_BYTES, MAX_PARTS
from tests.cds_server.hook_calls import FEEDBACK as FEEDBACK_PATH
from tests.cds_server.hook_calls import SERVICE as SERVICE_PATH
from tests.cds_server.hook_calls import call, service
from tests.security.issuers import Ehr, registry_file
from tests.security.wire import HEAD, listening, said

N = 100_000


def feedback_of(items: int) -> bytes:
    return json.dumps({"feedback": [{"card": f"{n}", "outcome": "overridden"} for n in range(items)]}).encode()


def padded(value: str) -> bytes:
    """An otherwise right call with one strange value in it."""
    return json.dumps(call() | {"x": 0}).replace('"x": 0', f'"x": {value}').encode()


BOMBS = {
    "arrays in arrays": b"[" * N,
    "arrays in arrays, closed": b"[" * N + b"]" * N,
    "objects in objects": b'{"a":' * N,
    "one level too deep": padded("[" * 64 + "]" * 64),
    "deep within a string's neighbour": b'{"a": "[[[[", "b": ' + b"[" * N,
    "a string that never ends": b'{"a": "' + b'\\"' * 450_000,
    "quotes alone": b'"' * 900_000,
    "backslashes alone": b'"' + b"\\" * 900_000,
    "a key twice among many": b"{" + b",".join(b'"%d":1' % n for n in range(80_000)) + b',"79999":2}',
    "many keys": b"{" + b",".join(b'"%d":1' % n for n in range(80_000)) + b"}",
    "many empty arrays": b"[" + b"[]," * 300_000 + b"[]]",
    "as many empty arrays as may be": b"[" + b"[]," * (MAX_PARTS // 2 - 1) + b"[]]",
    "many numbers": b"[" + b"1," * 1_900_000 + b"1]",
    "as many numbers as may be": b"[" + b"1," * (MAX_PARTS - 2) + b"1]",
    "a number of a hundred thousand digits": padded("1" * N),
    "a fraction of a hundred thousand digits": padded("1." + "1" * N + "e999999"),
    "1e999": padded("1e999"),
    "-1e999": padded("-1e999"),
    "NaN": padded("NaN"),
    "Infinity": padded("Infinity"),
    "nineteen digits": padded("1" + "0" * 18),
    "a NUL in a text": padded(r'"\u0000"'),
    "half a surrogate pair": padded(r'"\ud800"'),
    "not UTF-8": b'{"hook": "\xff\xfe"}',
    "UTF-16": json.dumps(call()).encode("utf-16"),
    "four megabytes and a byte": b'"' + b"x" * (MAX_BYTES - 1) + b'"',
    "nothing": b"",
    "blanks": b" " * MAX_BYTES,
    "a comma too many": padded("[1,]"),
    "two documents": b"{}{}",
    "packed": gzip.compress(b'{"a": "' + b"x" * 50_000_000 + b'"}'),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with service(tmp_path_factory.mktemp("bombs")) as found:
        yield found


@pytest.mark.parametrize("path", [SERVICE_PATH, FEEDBACK_PATH])
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(running, name, path):
    headers = {"Content-Encoding": "gzip"} if name == "packed" else {}
    answer = running.client.post(path, data=BOMBS[name], content_type="application/json", headers=headers)
    assert 400 <= answer.status_code < 500
    assert len(answer.data) < 2000  # and is not sent back


@pytest.mark.parametrize("name", BOMBS)
def test_a_stranger_does_not_get_it_read(guarded, name):
    answer = guarded.client.post(SERVICE_PATH, data=BOMBS[name], content_type="application/json")
    assert answer.status_code == 401


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    with service(folder, registry_file=registry_file(folder)) as found:
        yield found


def test_feedback_in_the_thousands_is_sent_in_several_calls(running):
    assert (
        running.client.post(FEEDBACK_PATH, data=feedback_of(1000), content_type="application/json").status_code == 200
    )
    answer = running.client.post(FEEDBACK_PATH, data=feedback_of(20_000), content_type="application/json")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (413, "too-long")


def test_a_chart_of_many_resources_is_answered(running):
    """There is room for some thousand resources: all of one kind, all of nothing."""
    body = call()
    body["prefetch"]["levels"]["entry"] = [
        {"resource": {"resourceType": "Observation", "id": str(n)}} for n in range(9000)
    ]
    answer = running.client.post(SERVICE_PATH, json=body)
    assert answer.status_code == 200


@pytest.fixture(scope="module")
def port(running):
    with listening(running.client.application) as found:
        yield found


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"], 200),
        ([HEAD, b"Authorization: Bearer " + b"x" * 40_000 + b"\r\n\r\n"], 431),
        ([HEAD, b"Content-Length: 6000000\r\n\r\n"], 413),
        ([HEAD, f"Content-Length: {MAX_BYTES + 1}\r\n\r\n".encode(), b"x" * (MAX_BYTES + 1)], 413),
        ([HEAD, b"Transfer-Encoding: chunked\r\n\r\n", *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 80], 413),
        ([HEAD, b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"], 400),
        ([HEAD, b"Content-Length: -1\r\n\r\n"], 400),
    ],
    ids=["health", "header", "announced", "over four megabytes", "chunked", "two lengths", "negative length"],
)
def test_the_server_itself_has_limits(port, pieces, status):
    assert said(port, *pieces) == status


def test_a_token_of_a_registered_ehr_does_not_open_the_door_to_bombs(guarded):
    for body in (BOMBS["a string that never ends"], BOMBS["a key twice among many"]):
        headers = Ehr().bearer()
        answer = guarded.client.post(SERVICE_PATH, data=body, content_type="application/json", headers=headers)
        assert answer.status_code == 400
