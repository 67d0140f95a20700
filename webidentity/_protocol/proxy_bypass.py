"""Endpoints on this machine or its link, which are requested without a proxy."""

import ipaddress
from urllib.parse import urlsplit

from webidentity._authority import is_loopback

#: None disables a proxy. For a missing entry, the requests library would use the environment.
_NO_PROXIES = {"http": None, "https": None, "all": None}


def is_local_endpoint(url: str) -> bool:
    """Whether the host is a loopback or link-local address (RFC 3927, RFC 4291) or localhost."""
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
    """Return the options of a request to this endpoint, which disable all proxies if the endpoint is local."""
    return {"proxies": dict(_NO_PROXIES)} if is_local_endpoint(url) else {}
