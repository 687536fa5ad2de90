"""A hook call as a value: strict in what the service stands on, lenient in all else (extensions, unknown fields)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cds_server.hooks.contexts import Context, context_of
from cds_server.hooks.errors import BadRequest, UnknownHook

# https://hl7.org/fhir/R4/datatypes.html#id
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TOKEN = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the EHR's FHIR server is and the token for it, which lives as long as the call and is never shown.

    scope: what the EHR says the token may read. patient: whom it says the token is for, "" where it does not say.
    """

    base: str
    token: str | None = field(default=None, repr=False)
    scope: str = ""
    patient: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class HookRequest:
    """One call. drafts: the draft orders the user is at (order-select: those selected); context: as it came.

    user: who is at the screen, "" where the call does not say.
    """

    hook: str
    hook_instance: str
    patient: str
    context: Mapping[str, Any]
    user: str = ""
    drafts: tuple[Mapping[str, Any], ...] = ()
    access: Access | None = None
    prefetch: Mapping[str, Any] = field(default_factory=dict)
    tenant: str = ""  # from the caller's JWT, never from the body


def parse(body: Any, *, hooks: tuple[str, ...]) -> HookRequest:
    """The call in a JSON body, for a service listed for `hooks`; raises UnknownHook, or BadRequest naming the field."""
    _check(isinstance(body, dict), "", "a JSON object", body)
    hook = _offered(_string(body, "hook"), hooks)
    known = context_of(hook)
    context = _object(body, "context", required=True)
    for name in known.required:
        _check(context.get(name) is not None, f"context.{name}", f"a value, which {hook} requires", None)
    return HookRequest(
        hook=hook,
        hook_instance=_uuid(body),
        patient=_patient(context),
        user=_user(context),
        context=context,
        drafts=_drafts(known, context),
        access=_access(body),
        prefetch=_object(body, "prefetch"),
    )


def _uuid(body: Mapping[str, Any]) -> str:
    text = _string(body, "hookInstance")
    try:
        return str(UUID(text))
    except ValueError:
        raise _bad("hookInstance", "a UUID", text) from None


def _patient(context: Mapping[str, Any]) -> str:
    # The field is a bare id; some clients send the reference, which says the same.
    text = _string(context, "patientId", "context.").removeprefix("Patient/")
    _check(
        _ID.fullmatch(text) is not None, "context.patientId", "a FHIR id (letters, digits, - and ., at most 64)", text
    )
    return text


def _offered(hook: str, hooks: tuple[str, ...]) -> str:
    if hook in hooks:
        return hook
    listed = ", ".join(hooks)
    raise UnknownHook(f"hook: this service is not offered on {hook[:40]!r}, but on {listed}; see /cds-services")


def _user(context: Mapping[str, Any]) -> str:
    user = context.get("userId")
    _check(user is None or isinstance(user, str), "context.userId", "a reference such as Practitioner/1", user)
    return user or ""


def _drafts(known: Context, context: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    if not known.drafts:
        return ()
    drafts = _resources(context[known.drafts], f"context.{known.drafts}")
    if "selections" not in known.required:
        return drafts
    selections = context["selections"]
    fits = isinstance(selections, list) and all(isinstance(item, str) for item in selections)
    _check(fits, "context.selections", "an array of references such as MedicationRequest/1", selections)
    return tuple(one for one in drafts if f"{one.get('resourceType')}/{one.get('id')}" in selections)


def _resources(bundle: Any, where: str) -> tuple[Mapping[str, Any], ...]:
    # A Bundle without `type` or `resourceType` is what one real client sends: only the entries are needed.
    _check(isinstance(bundle, dict), where, "a Bundle", bundle)
    entries = bundle.get("entry", [])
    _check(isinstance(entries, list), f"{where}.entry", "an array", entries)
    found = (entry.get("resource") for entry in entries if isinstance(entry, dict))
    return tuple(one for one in found if isinstance(one, dict) and isinstance(one.get("resourceType"), str))


def _access(body: Mapping[str, Any]) -> Access | None:
    authorization = _object(body, "fhirAuthorization")
    if "fhirServer" not in body or body["fhirServer"] is None:
        _check(not authorization, "fhirServer", "an address, as fhirAuthorization is there", None)
        return None
    base = _string(body, "fhirServer")
    token = authorization.get("access_token")
    _check(
        token is None or isinstance(token, str), "fhirAuthorization.access_token", "a string", "another kind of value"
    )
    # RFC 6750: a token is visible ASCII; a line break in one would end the header that carries it
    fits = token is None or _TOKEN.fullmatch(token) is not None
    _check(fits, "fhirAuthorization.access_token", "visible ASCII characters only", "another kind of text")
    scope, patient = (_text_or_none(authorization, name) for name in ("scope", "patient"))
    return Access(base=base, token=token, scope=scope, patient=patient.removeprefix("Patient/"))


def _text_or_none(authorization: Mapping[str, Any], name: str) -> str:
    value = authorization.get(name)
    _check(value is None or isinstance(value, str), f"fhirAuthorization.{name}", "a string", "another kind of value")
    return value or ""


def _string(body: Mapping[str, Any], name: str, path: str = "") -> str:
    value = body.get(name)
    _check(isinstance(value, str) and value != "", path + name, "a non-empty string", value)
    return str(value)


def _object(body: Mapping[str, Any], name: str, *, required: bool = False) -> Mapping[str, Any]:
    value = body.get(name)
    if value is None and not required:
        return {}
    _check(isinstance(value, dict), name, "an object", value)
    return value or {}


def _check(fits: bool, where: str, expected: str, found: Any) -> None:
    if not fits:
        raise _bad(where, expected, found)


# What is no identifier and no address of anybody, and may be quoted.
_QUOTED = frozenset({"hook", "hookInstance"})


def _bad(where: str, expected: str, found: Any) -> BadRequest:
    return BadRequest(f"{where or 'the body'}: expected {expected}, found {_shown(where, found)}", where=where)


def _shown(where: str, found: Any) -> str:
    """The kind of a value, and no word of it where it may be a name, an identifier or a token."""
    if found is None:
        return "nothing"
    if not isinstance(found, str):
        return type(found).__name__
    return repr(found[:40]) if where in _QUOTED else f"a text of {len(found)} characters" if found else "an empty text"
