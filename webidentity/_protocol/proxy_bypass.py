"""Endpoints that are on this machine or on its link, where no proxy can help."""

import ipaddress
from urllib.parse import urlsplit

from webidentity._authority import is_loopback

#: For requests, an absent proxy would be looked for in the environment; None means that there is none.
_NO_PROXIES = {"http": None, "https": None, "all": None}


def is_local_endpoint(url: str) -> bool:
    """Whether the host is a loopback or link-local address (RFC 3927, RFC 4291), or a name of this machine."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if is_loopback(host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_link_local)


def without_proxy(url: str) -> dict[str, object]:
    """Return the options of a request to this endpoint: none of the user's or the environment's proxies, if nearby."""
    return {"proxies": dict(_NO_PROXIES)} if is_local_endpoint(url) else {}
