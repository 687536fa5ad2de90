"""Signed, short-lived links from a card to its page; the token carries an opaque advice id, nothing of the patient."""

from hashlib import sha256

from itsdangerous import BadSignature, URLSafeTimedSerializer

from cds_server.config import Settings

_SALT = "titrate advice page"  # separates this use of the key from any other


def page_url(settings: Settings, advice_id: str) -> str:
    """Absolute address of the page of one advice; opens for settings.link_minutes."""
    return f"{settings.public_url}/advice/{sign(settings, advice_id)}"


def sign(settings: Settings, advice_id: str) -> str:
    """URL-safe signed form of an advice id."""
    return _serializer(settings).dumps(advice_id)


def advice_id_of(settings: Settings, signed: str) -> str | None:
    """The advice id in a link, or None where it is forged, damaged or older than settings.link_minutes."""
    try:
        value = _serializer(settings).loads(signed, max_age=settings.link_minutes * 60)
    except BadSignature:
        return None
    return value if isinstance(value, str) else None


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    if not settings.secret_key:
        raise ValueError("settings.secret_key is empty: links can not be signed")
    return URLSafeTimedSerializer(settings.secret_key, salt=_SALT, signer_kwargs={"digest_method": sha256})
