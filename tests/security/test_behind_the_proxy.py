"""The service as it really runs, waitress in front of it: what a proxy says gets through, no chart reaches the disk."""

import json

import pytest
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from cds_server.cli.serve import LIMITS
from cds_server.hooks.json import MAX_BYTES
from tests.cds_server.hook_calls import SERVICE as SERVICE_PATH
from tests.cds_server.hook_calls import call, service
from tests.security.issuers import Ehr, registry_file
from tests.security.wire import HEAD, answered, listening, said

HTTPS = "https://titrate.example"


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxied")
    settings = {"registry_file": registry_file(folder), "trusted_proxy": True, "base_url": HTTPS}
    with service(folder, **settings) as running, listening(running.client.application) as found:
        yield found


def asking(proto: bytes, aud: str = f"{HTTPS}{SERVICE_PATH}") -> list[bytes]:
    token = Ehr().token(aud).encode()
    body = json.dumps(call()).encode()
    return [HEAD, b"Authorization: Bearer " + token + b"\r\n", proto, b"Content-Length: %d\r\n\r\n" % len(body), body]


@pytest.mark.parametrize(
    ("proto", "status"),
    [
        (b"X-Forwarded-Proto: https\r\n", 200),
        (b"X-Forwarded-Proto: http\r\n", 403),
        (b"", 403),
        (b"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n", 403),
        (b"X_Forwarded_Proto: https\r\n", 403),
        (b"Forwarded: proto=https\r\n", 403),
    ],
)
def test_what_the_proxy_says_of_tls_is_heard(port, proto, status):
    """waitress takes X-Forwarded-Proto away unless it is told not to: every call of an EHR would be a 403."""
    assert said(port, *asking(proto)) == status


@pytest.mark.parametrize(
    "host", [b"X-Forwarded-Host: evil.example\r\n", b"X-Forwarded-Prefix: /x\r\n", b"X-Original-URL: /health\r\n"]
)
def test_other_forwarded_headers_change_nothing(port, host):
    answer = answered(port, *asking(b"X-Forwarded-Proto: https\r\n" + host))
    assert answer.split()[1] == b"200"
    assert b"evil.example" not in answer
    assert f"{HTTPS}/advice/".encode() in answer


@pytest.mark.parametrize("encoding", ["length", "chunked"])
def test_a_large_chart_is_not_put_into_a_file(encoding):
    """waitress would spool a body over half a megabyte, names and access token and all, into the machine's /tmp."""
    parser = HTTPRequestParser(Adjustments(**LIMITS))
    piece = b"x" * 65_536
    head, framed = {
        "length": (b"Content-Length: %d\r\n\r\n" % MAX_BYTES, piece),
        "chunked": (b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + piece + b"\r\n"),
    }[encoding]
    for sent in (HEAD + head, *[framed] * (MAX_BYTES // len(piece))):
        assert parser.received(sent) == len(sent)
    buffer = parser.body_rcv.getbuf()
    assert len(buffer) == MAX_BYTES // len(piece) * len(piece)
    assert not buffer.overflowed


def test_a_chart_as_large_as_may_be_is_answered(port):
    pieces = asking(b"X-Forwarded-Proto: https\r\n")
    body = pieces[-1] + b" " * (MAX_BYTES - len(pieces[-1]))
    assert said(port, *pieces[:3], b"Content-Length: %d\r\n\r\n" % len(body), body) == 200


def test_a_chart_over_the_limit_is_told_what_to_do(port):
    pieces = asking(b"X-Forwarded-Proto: https\r\n")
    body = pieces[-1] + b" " * (MAX_BYTES + 1 - len(pieces[-1]))
    answer = answered(port, *pieces[:3], b"Content-Length: %d\r\n\r\n" % len(body), body)
    assert b" 413 " in answer.splitlines()[0]
    assert b"leave out prefetch keys" in answer
