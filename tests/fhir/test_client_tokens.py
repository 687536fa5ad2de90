"""Backend Services: the assertion, checked independently of what signed it; the token, kept as long as it lives."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fhir.ehr.client import FhirClient
from fhir.ehr.connect import session_for
from fhir.ehr.servers import Backend, FhirServer, SigningKey
from fhir.ehr.signing import Signer, jwk_set, load_signer
from fhir.ehr.tokens import BackendTokens
from fhir.ehr.transport import Limits, Transport
from fhir.errors import FhirError
from tests.fhir.server import Reply, Server, serving

KINDS: dict[str, Any] = {
    "RS384": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
}
NOW = 1_795_000_000.0
TOKEN = "canary-backend-token"


def pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def signer(algorithm: Any = "ES384") -> Signer:
    return Signer(kid=f"our-{algorithm}", algorithm=algorithm, private=KINDS[algorithm])


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Ehr:
    """Answers discovery, token requests and reads; `granted` and `found` are what it says."""

    def __init__(self, **granted: Any) -> None:
        self.granted: dict[str, Any] = {"access_token": TOKEN, "token_type": "bearer", "expires_in": 300} | granted
        self.endpoint = "{origin}/oauth/token"
        self.status = 200
        self.server: Server | None = None

    def __call__(self, path: str, before: int) -> Reply:
        assert self.server is not None
        origin = self.server.base.removesuffix("/fhir")
        if path == ".well-known/smart-configuration":
            return Reply(body={"token_endpoint": self.endpoint.replace("{origin}", origin)})
        if path == "/oauth/token":
            return Reply(status=self.status, body=self.granted)
        return Reply(body={"resourceType": "Patient", "id": "p1"})


def tokens(server: Server, clock: Clock, algorithm: str = "ES384", **backend: Any) -> BackendTokens:
    of = FhirServer(base=server.base, backend=Backend(client_id="titrate", kid=f"our-{algorithm}", **backend))
    transport = Transport(session_for(of), Limits(deadline=10))
    return BackendTokens(of, signer(algorithm), transport, now=clock)


def forms(server: Server) -> list[dict[str, str]]:
    return [{name: values[0] for name, values in parse_qs(body).items()} for body in server.asked.bodies if body]


def parts(jwt: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, what was signed, the signature: taken apart by hand."""
    head, claims, signature = jwt.split(".")
    return json.loads(unpadded(head)), json.loads(unpadded(claims)), f"{head}.{claims}".encode(), unpadded(signature)


def unpadded(text: str) -> bytes:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_the_assertion_is_what_smart_asks_for(algorithm: str) -> None:
    ehr = Ehr()
    with serving(ehr) as ehr.server:
        assert tokens(ehr.server, Clock(), algorithm).token() == TOKEN
        token_url = ehr.server.base.replace("/fhir", "/oauth/token")
    (form,) = forms(ehr.server)
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "system/*.rs"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    head, claims, signed, signature = parts(form["client_assertion"])
    assert head == {"alg": algorithm, "kid": f"our-{algorithm}", "typ": "JWT"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("titrate", "titrate", token_url)
    assert claims["iat"] == NOW
    assert NOW < claims["exp"] <= NOW + 300
    verify(algorithm, signature, signed)


def verify(algorithm: str, signature: bytes, signed: bytes) -> None:
    """Raises where the signature is not the public key's, by RFC 7518 sections 3.3 and 3.4."""
    public = KINDS[algorithm].public_key()
    if algorithm == "RS384":
        public.verify(signature, signed, padding.PKCS1v15(), SHA384())
        return
    assert len(signature) == 96
    r, s = (int.from_bytes(half) for half in (signature[:48], signature[48:]))
    public.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA384()))


def test_a_token_is_kept_until_shortly_before_it_ends() -> None:
    ehr, clock = Ehr(), Clock()
    with serving(ehr) as ehr.server:
        ours = tokens(ehr.server, clock)
        for seconds in (0, 100, 269):
            clock.now = NOW + seconds
            ours.token()
        assert len(forms(ehr.server)) == 1
        clock.now = NOW + 270
        ours.token()
    first, second = (parts(form["client_assertion"])[1]["jti"] for form in forms(ehr.server))
    assert first != second


def test_reads_carry_the_token_and_it_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ehr = Ehr()
    with serving(ehr) as ehr.server:
        ours = tokens(ehr.server, Clock())
        client = FhirClient(ehr.server.base, tokens=ours)
        client.read("Patient/p1")
        client.read("Patient/p1")
    assert [head.get("Authorization") for head in ehr.server.asked.headers] == [None, None, *[f"Bearer {TOKEN}"] * 2]
    assert TOKEN not in f"{client!r} {vars(client)!r} {ours!r} {signer()!r} {caplog.text}"


def test_a_token_that_was_withdrawn_is_replaced_once() -> None:
    """The EHR was restarted and knows no token of before: one new one is asked for, and not one for ever."""
    known = [False]

    class Restarted(Ehr):
        def __call__(self, path: str, before: int) -> Reply:
            if path.startswith("Patient") and not known[0]:
                known[0] = before >= 1
                return Reply(status=401)
            return super().__call__(path, before)

    ehr = Restarted()
    with serving(ehr) as ehr.server:
        client = FhirClient(ehr.server.base, tokens=tokens(ehr.server, Clock()))
        with pytest.raises(FhirError, match="HTTP 401"):
            client.read("Patient/p1")
        assert len(forms(ehr.server)) == 2
        client.read("Patient/p1")
        assert len(forms(ehr.server)) == 2


@pytest.mark.parametrize(
    "granted",
    [
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "a\r\nX-Evil: 1"},
        {"token_type": "mac"},
        {"expires_in": None},
        {"expires_in": 0},
        {"expires_in": -5},
        {"expires_in": "300"},
    ],
)
def test_an_answer_without_a_usable_token_is_an_error(granted: dict[str, Any]) -> None:
    ehr = Ehr(**granted)
    with serving(ehr) as ehr.server, pytest.raises(FhirError, match="no bearer token"):
        tokens(ehr.server, Clock()).token()


def test_a_refusal_names_the_reason_and_nothing_else() -> None:
    ehr = Ehr(error="invalid_client", error_description=f"no key for {TOKEN}")
    ehr.status = 401
    with serving(ehr) as ehr.server, pytest.raises(FhirError) as caught:
        tokens(ehr.server, Clock()).token()
    assert str(caught.value) == "The token endpoint answered with HTTP 401 (invalid_client)."


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/token", "{origin}.evil.example/token", "http://localhost/token", "", "/token", "file:///x"],
)
def test_an_assertion_goes_to_no_other_origin(elsewhere: str) -> None:
    ehr = Ehr()
    ehr.endpoint = elsewhere
    with serving(ehr) as ehr.server, pytest.raises(FhirError):
        tokens(ehr.server, Clock()).token()
    assert ehr.server.asked.paths == [".well-known/smart-configuration"]


def test_what_the_server_says_of_itself_is_confirmed_not_sent_again() -> None:
    class Marked(Ehr):
        def __call__(self, path: str, before: int) -> Reply:
            if path != ".well-known/smart-configuration" or before == 0:
                return replace(super().__call__(path, before), headers={"ETag": '"1"'})
            return Reply(status=304)

    ehr, clock = Marked(), Clock()
    with serving(ehr) as ehr.server:
        ours = tokens(ehr.server, clock)
        ours.token()
        clock.now += 300
        ours.token()
    assert [head.get("If-None-Match") for head in ehr.server.asked.headers] == [None, None, '"1"', None]
    assert len(forms(ehr.server)) == 2


def test_a_listed_token_endpoint_is_used_without_discovery() -> None:
    ehr = Ehr()
    with serving(ehr) as ehr.server:
        url = ehr.server.base.replace("/fhir", "/oauth/token")
        assert tokens(ehr.server, Clock(), token_url=url).token() == TOKEN
    assert ehr.server.asked.paths == ["/oauth/token"]


def test_the_published_set_holds_public_halves_only() -> None:
    """Checked by rebuilding the public numbers, and by the names that RFC 7518 gives to private ones."""
    published = jwk_set([signer("RS384"), signer("ES384")])
    rs, es = published["keys"]
    assert [(key["kid"], key["alg"], key["use"]) for key in (rs, es)] == [
        ("our-RS384", "RS384", "sig"),
        ("our-ES384", "ES384", "sig"),
    ]
    assert int.from_bytes(unpadded(rs["n"])) == KINDS["RS384"].public_key().public_numbers().n
    assert int.from_bytes(unpadded(es["x"])) == KINDS["ES384"].public_key().public_numbers().x
    assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & (set(rs) | set(es))


def test_a_key_file_is_read_and_a_wrong_one_refused(tmp_path: Path) -> None:
    for algorithm, key in KINDS.items():
        (tmp_path / f"{algorithm}.pem").write_bytes(pem(key))
    (tmp_path / "small.pem").write_bytes(pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)))  # noqa: S505 - to be refused
    (tmp_path / "p256.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "text.pem").write_text("secret words")
    good = SigningKey(kid="k", file="ES384.pem", algorithm="ES384")
    assert load_signer(good, tmp_path).public_jwk()["crv"] == "P-384"
    for file, algorithm in [
        ("ES384.pem", "RS384"),
        ("RS384.pem", "ES384"),
        ("small.pem", "RS384"),
        ("p256.pem", "ES384"),
    ]:
        with pytest.raises(ValueError, match="expected RSA of 2048 bits or more"):
            load_signer(replace(good, file=file, algorithm=algorithm), tmp_path)  # type: ignore[arg-type]
    for file, words in [("none.pem", "can not be read"), ("text.pem", "unencrypted private key")]:
        with pytest.raises(ValueError, match=words) as caught:
            load_signer(replace(good, file=file), tmp_path)
        assert "secret" not in str(caught.value)


def test_no_session_keeps_what_the_token_endpoint_sets() -> None:
    session: requests.Session = session_for(FhirServer(base="http://127.0.0.1:1/fhir"))
    assert session.cookies.get_policy().allowed_domains() == ()
