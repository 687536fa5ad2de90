"""Connections to FHIR servers: one pool a server, to the very address that was judged, with nobody's cookies in it."""

from collections.abc import Callable, Iterable
from http.cookiejar import DefaultCookiePolicy
from socket import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from fhir.ehr.address import Reach, Resolve, permitted, resolve
from fhir.ehr.kept import Kept
from fhir.ehr.servers import FhirServer

Dial = Callable[[str, int], tuple[str, ...]]  # host, port -> addresses judged fit to connect to
_HOSTS = 4  # the server, and the token endpoint where it is another host: neither pushes the other out
_POOLED = 16  # connections kept to one server: the reads of a hook call, and of the next ones


class _Judged(HTTPAdapter):
    """Connects to the addresses that `dial` gives; TLS name, certificate check and Host header keep to the name."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        super().__init__(pool_connections=_HOSTS, pool_maxsize=_POOLED)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _pools(self._dial)


def session_for(server: FhirServer, *, resolve: Resolve = resolve) -> requests.Session:
    """A session for one server and every patient's reads of it: no cookie, login or proxy is ever kept in it."""
    reach: Reach = "own-machine" if server.own_machine else "private" if server.private else "public"
    return session_over(lambda host, port: permitted(host, port, reach, resolve), ca_file=server.ca_file)


def session_over(dial: Dial, *, ca_file: str = "") -> requests.Session:
    """A session that connects to the addresses that `dial` gives for a name. ca_file: "" = the public authorities."""
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Judged(dial))
    return session


class Connections:
    """The sessions of all listed servers, kept for as long as the service runs. Safe to use from several threads."""

    def __init__(self, servers: Iterable[FhirServer], *, resolve: Resolve = resolve) -> None:
        self._servers = {server.base: server for server in servers}
        self._sessions = {base: session_for(server, resolve=resolve) for base, server in self._servers.items()}
        self._kept = {base: Kept() for base in self._servers}

    def server(self, base: str) -> FhirServer | None:
        """The server that a base names exactly (a slash at its end aside), None where it is on no list."""
        return self._servers.get(base.rstrip("/"))

    def session(self, server: FhirServer) -> requests.Session:
        return self._sessions[server.base]

    def kept(self, server: FhirServer) -> Kept:
        return self._kept[server.base]

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()


def _pools(dial: Dial) -> dict[str, type]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket:
            return _connected(self, dial)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket:
            return _connected(self, dial)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connected(connection: HTTPConnection, dial: Dial) -> socket:
    """A socket to the first judged address that answers. The name is resolved here and nowhere else."""
    try:
        addresses = dial(connection.host, connection.port)
    except OSError:
        raise NewConnectionError(connection, "the name could not be resolved") from None
    for address in addresses:
        try:
            return create_connection(
                (address, connection.port), connection.timeout, socket_options=connection.socket_options
            )
        except TimeoutError:
            raise ConnectTimeoutError(connection, "no connection in time") from None
        except OSError:
            continue
    raise NewConnectionError(connection, "no address answered")
