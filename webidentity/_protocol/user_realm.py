"""User realm discovery: whether a username's password is Entra's to check, or a federation server's.

It has no specification; the members are those of the answer to ``api-version=1.0``.
"""

from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest

from webidentity._authority import is_loopback
from webidentity._json import as_text, parse_object
from webidentity._protocol.token_reply import read_text
from webidentity.errors import EntraError

#: Whom a federation server's assertion is for, unless the cloud says otherwise.
_AUDIENCE = "urn:federation:MicrosoftOnline"


class Federation(NamedTuple):
    """The federation server of a user.

    :param metadata_url: where it publishes its endpoints; "" if the authority does not know.
    :param active_url: where it takes passwords, for when it publishes nothing.
    :param audience: whom its assertions must be for.
    """

    metadata_url: str
    active_url: str
    audience: str


def user_realm_request(authority: str, username: str) -> HttpRequest:
    """Return the question."""
    url = f"{authority}/common/userrealm/{quote(username, safe='')}?api-version=1.0"
    return HttpRequest("GET", url, headers={"Accept": "application/json"})


def read_user_realm(response: Any) -> Federation | None:
    """Return the user's federation server; None if Entra itself knows the password.

    :raises EntraError: the authority did not answer.
    :raises ClientAuthenticationError: the server is of a kind that takes no passwords, or cannot be trusted with one.
    """
    if response.status_code == 404:
        # An authority without user realms: it knows its passwords itself.
        return None
    document = parse_object(read_text(response)) if response.status_code == 200 else None
    if document is None:
        raise EntraError(
            f"Authentication failed: the authority did not say where the user is at home (HTTP {response.status_code})",
            response=response,
        )
    if (as_text(document.get("account_type")) or "").lower() != "federated":
        return None
    if (as_text(document.get("federation_protocol")) or "").lower() != "wstrust":
        raise ClientAuthenticationError(
            message="Authentication failed: the user's organization has a federation server that takes no passwords "
            "from programs (its protocol is not WS-Trust). Use InteractiveBrowserCredential or DeviceCodeCredential."
        )
    metadata_url = as_text(document.get("federation_metadata_url")) or ""
    active_url = as_text(document.get("federation_active_auth_url")) or ""
    if not may_have_password(metadata_url or active_url):
        raise ClientAuthenticationError(
            message="Authentication failed: the address of the user's federation server is not one of https"
        )
    return Federation(metadata_url, active_url, as_text(document.get("cloud_audience_urn")) or _AUDIENCE)


def may_have_password(url: str) -> bool:
    """Whether what is sent there can be read by the server alone: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        hostname = parts.hostname or ""
        port_is_valid = parts.port != 0
    except ValueError:
        return False
    if not hostname or not port_is_valid or parts.username is not None or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(hostname))
