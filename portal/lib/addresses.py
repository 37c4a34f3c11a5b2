"""PURE: which network addresses a request that somebody asked us for may reach, and why the others not.

Names that people type lead anywhere: into our own network, to this machine, to the cloud's metadata service. So every
address is judged after it was resolved, right before the connection, and only public ones pass unless allowed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from portal.lib.env import BadEnvironment

type Address = IPv4Address | IPv6Address
SETTING = "PORTAL_ALLOW_PRIVATE_ADDRESSES"
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*")
IN_DISGUISE: tuple[tuple[IPv6Network, str], ...] = (
    (IPv6Network("::ffff:0:0/96"), "an IPv4 address in IPv6 dress"),
    (IPv6Network("::ffff:0:0:0/96"), "an IPv4 address in IPv6 dress"),
    (IPv6Network("::/96"), "an IPv4 address in IPv6 dress"),
    (IPv6Network("64:ff9b::/96"), "a NAT64 address"),
    (IPv6Network("64:ff9b:1::/48"), "a NAT64 address"),
    (IPv6Network("2002::/16"), "a 6to4 address"),
    (IPv6Network("2001::/32"), "a Teredo address"),
)
"""Ways to write an IPv4 address so that it doesn't look like one."""
PLATFORMS = {IPv4Address("168.63.129.16"): "the address of a cloud's own services"}
"""Public by number, but answered by the machine's own platform."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be reached beside the public internet: all of it, some networks, some hosts by name."""

    everything: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    def refusal(self, address: Address, *, host: str) -> str:
        """Why `address`, which `host` resolved to, may not be reached; empty where it may."""
        kind = kind_of(address)
        if not kind or self.everything or host.lower().rstrip(".") in self.hosts:
            return ""
        if any(address in network for network in self.networks if network.version == address.version):
            return ""
        named = f"{host} leads to {address}, which" if host.strip("[]") != str(address) else str(address)
        return f"{named} is {kind}; a platform admin can allow it by {SETTING}"


def allowed(words: Sequence[str]) -> Allowed:
    """What the setting says: `1` for all, else networks and host names. Raises BadEnvironment for other words."""
    said = [word.strip().lower() for word in words if word.strip()]
    if said in (["1"], ["true"], ["yes"], ["on"]):
        return Allowed(everything=True)
    if said in (["0"], ["false"], ["no"], ["off"]):
        return Allowed()
    networks: list[IPv4Network | IPv6Network] = []
    hosts: set[str] = set()
    for word in said:
        try:
            networks.append(ip_network(word, strict=False))
        except ValueError:
            if not HOST.fullmatch(word) or ("." not in word and word.isdecimal()):
                help_ = "use 1 for all, or networks and host names such as 10.20.0.0/16,git.example.internal"
                raise BadEnvironment(f"{SETTING}: {word!r} is neither; {help_}") from None
            hosts.add(word)
    return Allowed(networks=tuple(networks), hosts=frozenset(hosts))


def kind_of(address: Address) -> str:
    """What `address` is when it isn't an ordinary public one, such as `a private address`; else empty."""
    if isinstance(address, IPv6Address):
        if address in (IPv6Address("::"), IPv6Address("::1")):
            return "an address of this very machine"
        for network, kind in IN_DISGUISE:
            if address in network:
                return kind
        if address.is_site_local:
            return "a private address"
    return _plain(address)


def read(text: str) -> Address:
    """An address as the resolver writes it, with or without a zone. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def _plain(address: Address) -> str:
    if isinstance(address, IPv4Address) and address in PLATFORMS:
        return PLATFORMS[address]
    if address.is_unspecified or address.is_loopback:
        return "an address of this very machine"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if address.is_private:
        return "a private address"
    return "" if address.is_global and not address.is_reserved else "a reserved address"
