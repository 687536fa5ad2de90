"""Links open what they were made for and no longer; log lines carry no secret and no chart."""

import io
import json
import logging

import pytest
from itsdangerous import URLSafeTimedSerializer

from cds_server.config import Settings
from cds_server.links import advice_id_of, page_url, sign
from cds_server.logs import JsonFormatter, redacted, request_id

SETTINGS = Settings(secret_key="a key", base_url="https://titrate.example/")
ADVICE = "0123456789abcdef" * 2


def test_a_link_opens_its_advice_and_is_absolute():
    url = page_url(SETTINGS, ADVICE)
    assert url.startswith("https://titrate.example/advice/")
    assert advice_id_of(SETTINGS, url.rpartition("/")[2]) == ADVICE


@pytest.mark.parametrize(
    "token",
    [
        ADVICE,
        "",
        "x.y.z",
        sign(Settings(secret_key="another key"), ADVICE),
        sign(SETTINGS, ADVICE)[:-1],
        "A" + sign(SETTINGS, ADVICE),
        URLSafeTimedSerializer("a key").dumps(ADVICE),  # the key in another use of it
    ],
)
def test_a_forged_or_damaged_link_opens_nothing(token):
    assert advice_id_of(SETTINGS, token) is None


def test_an_old_link_opens_nothing():
    # itsdangerous compares whole seconds: a lifetime that ended a minute before the link was made
    assert advice_id_of(_with_lifetime(-1), sign(SETTINGS, ADVICE)) is None
    assert advice_id_of(_with_lifetime(1), sign(SETTINGS, ADVICE)) == ADVICE


def _with_lifetime(minutes: int) -> Settings:
    settings = Settings(secret_key="a key")
    object.__setattr__(settings, "link_minutes", minutes)
    return settings


def test_without_a_key_nothing_is_signed():
    with pytest.raises(ValueError, match="secret_key"):
        sign(Settings(), ADVICE)


SECRETS = [
    "Authorization: Bearer canary.token-1",
    "eyJhbGciOiJFUzM4NCJ9.canary.canary",
    "reading Patient/canary-1 failed",
    "GET /advice/canary.signed.link 200",
    '{"access_token": "canary"}',
    "password=canary",
    "Practitioner/canary signed",
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_slips_into_a_message_is_redacted(text):
    assert "canary" not in redacted(text)


def logged(act) -> dict:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.Logger("a test's own", logging.DEBUG)
    log.addHandler(handler)
    act(log)
    (line,) = stream.getvalue().splitlines()
    return json.loads(line)


def test_a_line_is_one_json_object_with_its_request():
    token = request_id.set("abc123")
    try:
        line = logged(lambda log: log.info("request", extra={"rule": "/x", "ms": 3.5}))
    finally:
        request_id.reset(token)
    assert (line["message"], line["request"], line["rule"], line["level"]) == ("request", "abc123", "/x", "INFO")


def test_a_traceback_says_where_and_not_what():
    def act(log):
        try:
            raise ValueError("level of canary is 12 mg/L")
        except ValueError:
            log.exception("no advice could be computed")

    line = logged(act)
    assert line["error"] == "ValueError"
    assert any("test_links_and_logs" in place for place in line["trace"])
    assert "canary" not in json.dumps(line)
