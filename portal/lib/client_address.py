"""Where a request comes from, for counting."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.http import HttpRequest

from portal.lib import conf

ONE_CUSTOMER = 64
"""Bits of an IPv6 address that tell customers apart; the rest each of them chooses freely."""


def client_address(request: HttpRequest) -> str:
    """The peer's address; behind a proxy of ours (PORTAL_BEHIND_PROXY) what that wrote last in X-Forwarded-For.

    Everything further left was sent by the client and can say anything. Of IPv6 the network counts.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    if conf.flag("PORTAL_BEHIND_PROXY"):
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
    try:
        found = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Network((found, ONE_CUSTOMER), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)
