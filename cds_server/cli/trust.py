"""titrate trust: whom the registry lets in, whether a token would be believed, a new key pair."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm

from cds_server.cli.common import EXIT_NOT_AS_WISHED, EXIT_UNUSABLE, json_option, say, show
from cds_server.config import SettingsError, from_environment
from cds_server.trust.fetch import fetch_keys
from cds_server.trust.keys import Key, thumbprint
from cds_server.trust.load import load_registry
from cds_server.trust.registry import Issuer, Registry
from cds_server.trust.ring import KeyRing
from cds_server.trust.token import LONGEST, Refused, verify
from cds_server.work import utc_now


@click.group()
def trust() -> None:
    """Look at TITRATE_REGISTRY_FILE: tenants, issuers and their keys, FHIR servers. Shows no secret."""


@trust.command("list")
@json_option
def list_known(as_json: bool) -> None:
    """What the registry file says, without asking anybody."""
    registry = load_registry(from_environment().registry_file)
    found = _described(registry, {item.iss: item.keys for item in registry.issuers})
    show(found) if as_json else click.echo("\n".join(_lines(found)))


@trust.command()
@json_option
def check(as_json: bool) -> None:
    """The same with the keys at each jwks_url fetched now. Exit 1 where an issuer has none and so could not call."""
    registry = load_registry(_named_file())
    ring = KeyRing(fetch_keys)
    keys = {item.iss: ring.keys(item) for item in registry.issuers}
    found = _described(registry, keys)
    show(found) if as_json else click.echo("\n".join(_lines(found)))
    without = [iss for iss, its in keys.items() if not its]
    if without:
        say(f"no keys could be had for {', '.join(without)}")
    raise SystemExit(EXIT_NOT_AS_WISHED if without or not registry.issuers else 0)


@trust.command()
@click.argument("audience")
@json_option
def token(audience: str, as_json: bool) -> None:
    """Whether the JWT on standard input would be believed by the endpoint AUDIENCE (its whole address).

    It is not used up, printed or logged. Exit 0 if believed, 1 if not, with the reason that callers are never told.
    """
    registry = load_registry(_named_file())
    text = sys.stdin.read(2 * LONGEST).strip()
    find_key = KeyRing(fetch_keys).find
    try:
        found = verify(text, audience=audience, registry=registry, find_key=find_key, now=utc_now())
    except Refused as refused:
        said = {"believed": False, "reason": refused.code}
    else:
        said = {"believed": True, "iss": found.issuer.iss, "tenant": found.tenant}
    show(said) if as_json else click.echo(", ".join(f"{name}: {value}" for name, value in said.items()))
    raise SystemExit(0 if said["believed"] else EXIT_NOT_AS_WISHED)


@trust.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kid", default="", help="The key's name; a random one by default.")
def keygen(file: Path, kid: str) -> None:
    """A new ES384 key pair: the private half into FILE, for you alone; the public half, a JWK Set, is printed."""
    private = generate_private_key(SECP384R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(pem)
    except OSError as error:
        say(f"titrate: {file} can not be written: {error.strerror}; name a new file, none is overwritten")
        raise SystemExit(EXIT_UNUSABLE) from None
    row = json.loads(ECAlgorithm.to_jwk(private.public_key()))
    show({"keys": [{**row, "kid": kid or token_hex(8), "alg": "ES384", "use": "sig"}]})
    say(f"The private half is in {file}. Thumbprint (RFC 7638) of the public one: {thumbprint(row)}")


def _named_file() -> str:
    file = from_environment().registry_file
    if not file:
        raise SettingsError("TITRATE_REGISTRY_FILE is not set: there is no registry to look at; see docs/security.md")
    return file


def _described(registry: Registry, keys: dict[str, tuple[Key, ...]]) -> dict[str, Any]:
    return {
        "tenants": [{"name": item.name, "claim": item.claim} for item in registry.tenants],
        "issuers": [_issuer(item, keys[item.iss]) for item in registry.issuers],
        "fhirServers": [
            {"base": item.base, "tenant": item.tenant, "access": "backend" if item.backend else "hook token"}
            for item in registry.servers
        ],
        "corsOrigins": list(registry.cors_origins),
        "frameAncestors": list(registry.frame_ancestors),
    }


def _issuer(item: Issuer, keys: tuple[Key, ...]) -> dict[str, Any]:
    shown = [{"kid": key.kid, "algorithm": key.algorithm, "thumbprint": key.thumbprint} for key in keys]
    source = item.jwks_url or "pinned"
    told = {"iss": item.iss, "tenants": list(item.tenants), "keysFrom": source, "keys": shown}
    return told | {"perMinute": item.per_minute, "lifetimeSeconds": item.lifetime_s}


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"tenants: {', '.join(item['name'] for item in found['tenants']) or 'none'}"
    for item in found["issuers"]:
        whose = f"for {', '.join(item['tenants'])}; keys {item['keysFrom']}"
        yield f"{item['iss']}  {whose}; {item['perMinute']} calls a minute"
        yield from (f"  {key['kid']}  {key['algorithm']}  {key['thumbprint']}" for key in item["keys"])
    yield from (f"{item['base']}  of {item['tenant']}, by {item['access']}" for item in found["fhirServers"])
