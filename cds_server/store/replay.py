"""JWT ids that were used, for every process on this database: the first to write one has it, the others are refused."""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import IntegrityError

from cds_server.store.engine import writing
from cds_server.store.schema import used_token

_PURGE_EVERY = timedelta(minutes=1)
# A process whose clock is behind still takes a token that for another one has expired: it has to find the row.
_KEPT_AFTER = timedelta(minutes=5)


class UsedTokens:
    """Rows outlive their token by minutes: an issuer has about (calls a minute) x (life in minutes) of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._purged_at: datetime | None = None

    def use(self, *, tenant: str, iss: str, jti: str, expires_at: datetime, now: datetime) -> bool:
        """Whether this is the first use; one statement, so that of any number of processes exactly one is told so."""
        self._purge(now)
        digest = sha256(f"{iss}\0{jti}".encode()).hexdigest()
        values = {"digest": digest, "tenant": tenant, "iss": iss, "expires_at": expires_at}
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(used_token).values(values))
        except IntegrityError:
            return False
        return True

    def _purge(self, now: datetime) -> None:
        if self._purged_at is not None and now - self._purged_at < _PURGE_EVERY:
            return
        self._purged_at = now
        with writing(self._engine) as connection:
            connection.execute(delete(used_token).where(used_token.c.expires_at <= now - _KEPT_AFTER))
