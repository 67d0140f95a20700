"""The protocol of managed identities: which identity is requested, and the replies of hosts in Azure.

These endpoints are on the machine or its link, and are requested without a proxy.

Microsoft's documentation of the endpoints: "How to use managed identities on an Azure VM", "REST endpoint reference" of
App Service, "Managed identity of a Service Fabric application", "Authenticate against Azure resources with Arc-enabled
servers".
"""

import datetime as dt
import ipaddress
import re
from calendar import timegm
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from webidentity._authority import is_loopback
from webidentity._json import as_object, as_seconds, as_text, parse_object
from webidentity._protocol.redaction import scrub
from webidentity._protocol.token_reply import TokenReply, is_token, read_refresh_in, read_text
from webidentity.errors import CredentialUnavailableError, EntraError

CLIENT_ID, OBJECT_ID, RESOURCE_ID = "client_id", "object_id", "resource_id"
#: All names that hosts use for the three ids. Each host is sent its own name.
_NAMES = {
    "client_id": CLIENT_ID,
    "clientid": CLIENT_ID,
    "object_id": OBJECT_ID,
    "principal_id": OBJECT_ID,
    "resource_id": RESOURCE_ID,
    "mi_res_id": RESOURCE_ID,
    "msi_res_id": RESOURCE_ID,
}
UNAVAILABLE = "ManagedIdentityCredential authentication unavailable"
_TROUBLE = "https://aka.ms/azsdk/python/identity/managedidentitycredential/troubleshoot"
#: "06/20/2019 02:57:58 +00:00" on Linux, "1/16/2020 5:24:12 AM +00:00" on Windows (App Service, API 2017-09-01).
_DATE = r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2}):(\d{2})(?: ([AP]M))? \+00:00"
#: Longest plausible lifetime in seconds.
_NEVER = 10 * 366 * 24 * 3600
#: None disables a proxy. For a missing entry, the requests library would use the environment.
_NO_PROXIES = {"http": None, "https": None, "all": None}


class RequestedIdentity(NamedTuple):
    """A user-assigned identity, named by one of its ids, or the system-assigned identity.

    :param kind: "client_id", "object_id" or "resource_id", or "" for the system-assigned identity.
    :param value: the id.
    """

    kind: str = ""
    value: str = ""

    @property
    def is_user_assigned(self) -> bool:
        """Whether a user-assigned identity is requested."""
        return bool(self.kind)

    @classmethod
    def of(cls, client_id: str | None, identity_config: Mapping[str, Any] | None) -> "RequestedIdentity":
        """Return the identity that a constructor's arguments name. Empty values are ignored.

        :raises ValueError: the arguments name several identities, or contain an unknown name.
        """
        given: Mapping[Any, Any] = identity_config or {}
        if not isinstance(cast("object", given), Mapping):
            raise ValueError('identity_config should be a mapping, for example {"object_id": "..."}')
        config = {name: value for name, value in given.items() if value}
        unknown = [name for name in config if name not in _NAMES]
        if unknown:
            raise ValueError(
                f"identity_config has no key {', '.join(map(repr, unknown))}: it names an identity by client_id, "
                "object_id or resource_id"
            )
        if client_id and config:
            raise ValueError(
                "When 'client_id' is provided as a keyword argument, 'identity_config' must not contain any of the "
                f"following keys: {', '.join(_NAMES)}"
            )
        if len(config) > 1:
            raise ValueError(
                f"identity_config must not contain more than one of the following keys: {', '.join(_NAMES)}"
            )
        found = {"client_id": client_id, **config} if client_id else config
        for name, value in found.items():
            if not isinstance(value, str):
                raise ValueError(f"{name} should be the id of a user-assigned identity, a string")
            return cls(_NAMES[name], value)
        return cls()


def read_host_reply(
    response: Any,
    *,
    now: int,
    host: str,
    user_assigned: bool,
    absent: Collection[int] = (400,),
    secrets: Iterable[str] = (),
) -> tuple[TokenReply, Mapping[str, Any]]:
    """Return the token and the whole reply.

    :param response: the HTTP response.
    :param now: when the request was sent (Unix seconds). Lifetimes count from then.
    :param host: the kind of host, for messages.
    :param user_assigned: whether a user-assigned identity was requested.
    :param absent: the HTTP statuses that mean that the identity does not exist.
    :param secrets: values of the request that must not appear in a message.
    :raises CredentialUnavailableError: the identity does not exist, or the reply is not from the host.
    :raises EntraError: the host refused.
    """
    secrets = tuple(secrets)
    document = parse_object(read_text(response))
    status: int = response.status_code
    if status in absent:
        which = "The requested identity has not" if user_assigned else "No identity has"
        raise CredentialUnavailableError(
            message=f"{UNAVAILABLE}. {which} been assigned to this resource.{_details(document, secrets)} Assign the "
            f"identity to the resource that this program runs on, and check its id ({_TROUBLE})."
        )
    reject_proxy_reply(response)
    if document is None:
        raise CredentialUnavailableError(
            message=f"{UNAVAILABLE}. The reply from the endpoint of {host} (HTTP {status}) is not a JSON object. It "
            f"may come from a proxy. Check the environment variables of the host ({_TROUBLE})."
        )
    token = as_text(document.get("access_token"))
    if status != 200 or token is None:
        raise _refusal(response, document, host, secrets)
    if not is_token(token):
        raise EntraError(
            f"The managed identity endpoint of {host} sent a token with characters that no token has", response=response
        )
    lifetime = read_lifetime(document, now)
    if lifetime is None:
        raise EntraError(
            f"The managed identity endpoint of {host} sent a token without a valid lifetime (expires_in, expires_on)",
            response=response,
        )
    expires_on, refresh_on = lifetime
    return TokenReply(token, expires_on, refresh_on, as_text(document.get("token_type")) or "Bearer", ()), document


def read_lifetime(document: Mapping[str, Any], now: int) -> tuple[int, int | None] | None:
    """Return when the token expires and when to renew it (Unix seconds), or None if the reply has no valid lifetime.

    ``expires_in`` is preferred because it does not depend on the clocks.

    :param now: when the token was requested.
    """
    expires_in = as_seconds(document.get("expires_in"))
    if expires_in is None:
        expires_on = as_seconds(document.get("expires_on"))
        if expires_on is None:
            expires_on = _date(document.get("expires_on"))
        if expires_on is None:
            return None
        expires_in = max(expires_on - now, 0)
    if expires_in > _NEVER:
        return None
    refresh_in = read_refresh_in(document, expires_in)
    return now + expires_in, None if refresh_in is None else now + refresh_in


def _date(value: object) -> int | None:
    # Not strptime, whose AM and PM depend on the locale.
    found = re.fullmatch(_DATE, value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        return None
    month, day, year, hour, minute, second = (int(part) for part in found.groups()[:6])
    half = found[7]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "PM" else 0)
    try:
        return timegm(dt.datetime(year, month, day, hour, minute, second).timetuple())  # noqa: DTZ001 - it is UTC
    except ValueError:
        return None


def reject_proxy_reply(response: Any) -> None:
    """Detect the proxy of Docker Desktop, which answers 403 for an address that it cannot reach.

    :raises CredentialUnavailableError: the response is from that proxy.
    """
    if response.status_code == 403 and "unreachable" in read_text(response):
        raise CredentialUnavailableError(
            message=f"{UNAVAILABLE}. The proxy of this container says that the endpoint is unreachable: this program "
            "does not run in Azure."
        )


def no_endpoint(host: str, reason: str) -> CredentialUnavailableError:
    """Return the error for an endpoint that does not respond."""
    return CredentialUnavailableError(
        message=f"{UNAVAILABLE}, no response from the {host} endpoint. No managed identity endpoint was found: "
        f"{reason}. Outside of Azure, use another credential, for example that of a developer tool; in Azure, enable a "
        f"managed identity for the resource that this program runs on ({_TROUBLE})."
    )


def _refusal(response: Any, document: Mapping[str, Any], host: str, secrets: tuple[str, ...]) -> EntraError:
    code, _, correlation_id = _error_of(document)
    status = response.status_code
    what = "sent no token" if status == 200 and not code else f"refused to issue a token (HTTP {status})"
    return EntraError(
        f"The managed identity endpoint of {host} {what}.{_details(document, secrets)}",
        response=response,
        error=scrub(code, secrets) if code else None,
        correlation_id=correlation_id,
    )


def _details(document: Mapping[str, Any] | None, secrets: tuple[str, ...]) -> str:
    """Return the error of the host, as the end of a message."""
    code, description, _ = _error_of(document or {})
    details = " ".join(part for part in (f"({code})" if code else "", description or "") if part)
    return f" Error: {scrub(details, secrets)}" if details else ""


def _error_of(document: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Return code, description and correlation id: members of the reply or, in Service Fabric, of ``error``."""
    error = as_object(document.get("error"))
    found = document if error is None else error
    code = as_text(document.get("error")) or as_text(found.get("code"))
    names = ("error_description", "message", "Message", "ExceptionMessage")
    description = next((text for text in map(as_text, map(found.get, names)) if text), None)
    return code, description, as_text(found.get("correlationId")) or as_text(found.get("correlation_id"))


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
