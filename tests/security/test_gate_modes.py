"""Misconfiguration and the modes: who is let in without a JWT, plain http, browsers of other origins, rates."""

import logging
from contextlib import contextmanager

import pytest

from cds_server.trust.rate import Buckets
from tests.cds_server.hook_calls import FEEDBACK as FEEDBACK_PATH
from tests.cds_server.hook_calls import SERVICE as SERVICE_PATH
from tests.cds_server.hook_calls import call, service
from tests.security.issuers import DISCOVERY, ISS, Ehr, ec_key, registry_file

NORTH = Ehr()
STRANGER = Ehr(key=ec_key("stranger"))
ORIGIN = "https://browser.north.example"
HTTPS = "https://titrate.example"
BY_TLS = {"X-Forwarded-Proto": "https"}


@contextmanager
def registered(folder, *, issuer=None, tenant=None, **settings):
    issuers = [{"iss": ISS, "tenants": ["north"], "jwks": NORTH.jwks(), **(issuer or {})}]
    file = registry_file(folder, issuers=issuers, tenants=[{"name": "north", **(tenant or {})}])
    with service(folder, registry_file=file, **settings) as running:
        yield running.client


def status(client, headers=None, path="/cds-services"):
    return client.get(path, headers=headers or {}).status_code


@pytest.mark.parametrize(
    ("settings", "without", "right", "forged"),
    [
        ({}, 401, 200, 401),
        ({"jwt_optional": True}, 200, 200, 401),  # the proxy answers for callers; what is there must be right
        ({"sandbox": True}, 200, 200, 401),  # for this machine alone: README's curl brings no JWT
        ({"trusted_proxy": True}, 401, 200, 401),  # a TLS proxy is no reason to let strangers in
    ],
)
def test_who_is_let_in_with_a_registry(tmp_path, settings, without, right, forged):
    with registered(tmp_path, **settings) as client:
        found = [status(client, headers) for headers in ({}, NORTH.bearer(DISCOVERY), STRANGER.bearer(DISCOVERY))]
    assert found == [without, right, forged]


@pytest.mark.parametrize("settings", [{}, {"trusted_proxy": True}])
def test_without_a_registry_somebody_else_answers_for_callers(tmp_path, settings):
    """This machine's user, or an authenticating proxy: the boot matrix lets nothing else start."""
    with service(tmp_path, **settings) as running:
        assert [status(running.client, headers) for headers in ({}, STRANGER.bearer(DISCOVERY))] == [200, 200]


def test_the_sandbox_ehr_is_registered_beside_the_file(tmp_path):
    with registered(tmp_path, sandbox=True) as client:
        token = client.post("/sandbox/jwt", json={"path": "/cds-services"}).json["jwt"]
        assert status(client, {"Authorization": f"Bearer {token}"}) == 200
        assert status(client, {"Authorization": f"Bearer {token}"}) == 401


@pytest.mark.parametrize(
    "path", ["", "/cds-services/../admin", "https://evil.example/cds-services", "/advice/x", 7, None]
)
def test_the_sandbox_signs_for_the_endpoints_of_its_service_alone(tmp_path, path):
    with service(tmp_path, sandbox=True) as running:
        assert running.client.post("/sandbox/jwt", json={"path": path}).status_code == 400


@pytest.mark.requirement(2, 168)
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, 403),
        ({"X-Forwarded-Proto": "http"}, 403),
        ({"X-Forwarded-Proto": "https, http"}, 403),
        ({"X-Forwarded-Proto": "HTTPS"}, 200),
        ({"X-Forwarded-Proto": "https"}, 200),
    ],
)
def test_behind_a_trusted_proxy_plain_http_is_refused(tmp_path, sent, expected):
    with registered(tmp_path, trusted_proxy=True, base_url=HTTPS) as client:
        answer = client.get("/cds-services", headers={**NORTH.bearer(f"{HTTPS}/cds-services"), **sent})
        watched = [client.get(path).status_code for path in ("/health", "/ready")]
    assert answer.status_code == expected
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert watched == [200, 200]


def test_without_a_trusted_proxy_its_headers_are_not_believed(tmp_path):
    with registered(tmp_path) as client:
        for forwarded in ("http", "https"):
            answer = client.get("/cds-services", headers={**NORTH.bearer(DISCOVERY), "X-Forwarded-Proto": forwarded})
            assert answer.status_code == 200
            assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.requirement(208)
@pytest.mark.parametrize("path", ["/cds-services", SERVICE_PATH, FEEDBACK_PATH])
def test_a_preflight_carries_no_token_and_is_answered(tmp_path, path):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    with registered(tmp_path, tenant={"cors_origins": [ORIGIN]}) as client:
        ours = client.options(path, headers={"Origin": ORIGIN, **asked})
        other = client.options(path, headers={"Origin": "https://evil.example", **asked})
    assert (ours.status_code, ours.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert "Authorization" in ours.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Access-Control-Allow-Credentials" not in ours.headers


def test_a_refusal_can_be_read_by_the_page_that_asked(tmp_path):
    with registered(tmp_path, tenant={"cors_origins": [ORIGIN]}) as client:
        answer = client.post(SERVICE_PATH, json=call(), headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)
    assert "Origin" in answer.headers["Vary"]


def test_over_its_rate_an_issuer_waits(tmp_path):
    with registered(tmp_path, issuer={"per_minute": 3}) as client:
        answers = [client.get("/cds-services", headers=NORTH.bearer(DISCOVERY)) for _ in range(4)]
        stranger = status(client, STRANGER.bearer(DISCOVERY))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20  # 60 s / 3 calls, less what the test took
    assert answers[-1].json["issue"][0]["code"] == "throttled"
    assert stranger == 401  # who is nobody is not told of rates


PROXIED = {"trusted_proxy": True, "base_url": HTTPS}


def test_calls_without_a_jwt_share_a_rate(tmp_path):
    """They come from the proxy's address, all of them; whoever has a JWT is not kept waiting by them."""
    with registered(tmp_path, jwt_optional=True, unknown_per_minute=3, **PROXIED) as client:
        answers = [client.get("/cds-services", headers=BY_TLS) for _ in range(4)]
        issuers = status(client, {**BY_TLS, **NORTH.bearer(f"{HTTPS}/cds-services")})
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20  # 60 s / 3 calls, less what the test took
    assert issuers == 200


@pytest.mark.parametrize(
    ("settings", "last"), [({**PROXIED}, 429), ({**PROXIED, "unknown_per_minute": 0}, 200), ({}, 200)]
)
def test_without_a_registry_the_proxys_callers_share_a_rate(tmp_path, settings, last):
    """Not on a machine that nobody else reaches: there its own user calls."""
    with service(tmp_path, **{"unknown_per_minute": 2, **settings}) as running:
        assert [status(running.client, BY_TLS) for _ in range(3)] == [200, 200, last]


def test_a_recorded_token_does_not_use_up_its_issuers_rate(tmp_path):
    recorded = NORTH.bearer(DISCOVERY)
    with registered(tmp_path, issuer={"per_minute": 3}) as client:
        assert [status(client, recorded) for _ in range(9)] == [200, *[401] * 8]
        assert status(client, NORTH.bearer(DISCOVERY)) == 200


def test_a_bucket_refills_evenly():
    clock = [0.0]
    buckets = Buckets(lambda: clock[0])
    assert [buckets.take("a", 2) for _ in range(2)] == [0.0, 0.0]
    assert buckets.take("a", 2) == pytest.approx(30)  # 60 s / 2 calls
    assert buckets.take("b", 2) == 0.0
    clock[0] = 29.9
    assert buckets.take("a", 2) == pytest.approx(0.1)
    clock[0] = 30.0
    assert buckets.take("a", 2) == 0.0
    clock[0] = 1e9
    assert [buckets.take("a", 2) > 0 for _ in range(3)] == [False, False, True]  # never more than a minute's worth


def test_a_database_that_is_down_lets_nobody_in(tmp_path, caplog):
    """Whether a token was used can not be known then: 503, and the client may send a new one."""
    caplog.set_level(logging.INFO)
    with registered(tmp_path) as client:
        parts = client.application.extensions["titrate"]
        with parts.store.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE used_token")
        headers = NORTH.bearer(DISCOVERY)
        assert status(client, headers) == 503
    assert headers["Authorization"].split()[1] not in caplog.text


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:8080", 403),
        ("[", 403),
    ],
)
def test_where_this_machine_is_trusted_a_web_page_of_another_name_is_not(tmp_path, host, expected):
    """DNS rebinding: the page's own name leads to 127.0.0.1, and the browser takes the service for the page's own."""
    with service(tmp_path) as running:
        assert status(running.client, {"Host": host}) == expected
    with registered(tmp_path) as client:
        assert status(client, {"Host": host}) == 401  # here a name opens nothing, and closes nothing
