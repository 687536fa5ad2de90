"""Which network addresses a FHIR server may stand at: judged after the name is resolved, used as judged."""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from fhir.errors import NotAllowedServer

Address = IPv4Address | IPv6Address
Reach = Literal["public", "private", "own-machine"]
Resolve = Callable[[str, int], tuple[str, ...]]

# RFC 1918, RFC 4193, RFC 6598: what a hospital's own network is made of
_PRIVATE = tuple(
    ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "100.64.0.0/10")
)
# Addresses at which clouds hand credentials to whoever asks, outside 169.254.0.0/16 (from the vendors' manuals, memory)
_METADATA = tuple(ip_address(one) for one in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_MOST = 3  # addresses tried for one connection


def resolve(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host by this machine's resolver, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(row[4][0]) for row in found))


def permitted(host: str, port: int, reach: Reach, resolve: Resolve = resolve) -> tuple[str, ...]:
    """The addresses to connect to; raises NotAllowedServer where any of a host's addresses is not to be reached.

    One that is not permitted damns the others: a name that answers with both is being rebound.
    """
    found = resolve(host, port)
    if not found or not all(may_reach(address, reach) for address in found):
        raise NotAllowedServer("The FHIR server's name leads to a network address that may not be reached.")
    return found[:_MOST]


def may_reach(address: str, reach: Reach) -> bool:
    """Whether an address is one a server may stand at, for what the site allows of it."""
    if "%" in address:  # a zone index: link-local
        return False
    real = _real(ip_address(address))
    if real in _METADATA or real.is_link_local or real.is_multicast or real.is_unspecified or real.is_reserved:
        return False
    if reach == "own-machine":
        return real.is_loopback
    if any(real in network for network in _PRIVATE):
        return reach == "private"
    return real.is_global


def _real(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries inside, where it does: that is where the packets go."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo:
        inner = address.teredo[1]
    if inner is None and (address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1)):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address
