"""User realm discovery: whether Entra ID or a federation server checks the user's password.

There is no specification. The members are those of the reply to ``api-version=1.0``.
"""

from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest

from webidentity._authority import is_loopback
from webidentity._json import as_text, parse_object
from webidentity._protocol.token_reply import read_text
from webidentity.errors import EntraError

#: Advice for users whose password is not enough.
ASK_THE_USER = "Use InteractiveBrowserCredential or DeviceCodeCredential."
#: Audience of a federation server's assertions, unless the reply names another one.
_AUDIENCE = "urn:federation:MicrosoftOnline"


class Federation(NamedTuple):
    """The federation server of a user.

    :param metadata_url: the address of its metadata (WS-MetadataExchange); "" if the authority names none.
    :param active_url: its endpoint for passwords, used if it has no metadata.
    :param audience: the audience that its assertions need.
    """

    metadata_url: str
    active_url: str
    audience: str


def user_realm_request(authority: str, username: str) -> HttpRequest:
    """Build the request."""
    url = f"{authority}/common/userrealm/{quote(username, safe='')}?api-version=1.0"
    return HttpRequest("GET", url, headers={"Accept": "application/json"})


def read_user_realm(response: Any) -> Federation | None:
    """Return the user's federation server, or None if Entra ID checks the password itself.

    :raises EntraError: the reply is not a user realm.
    :raises ClientAuthenticationError: the federation server accepts no passwords, or its address is not secure.
    """
    if response.status_code == 404:
        # The authority has no realm discovery, so it checks passwords itself.
        return None
    document = parse_object(read_text(response)) if response.status_code == 200 else None
    if document is None:
        raise EntraError(
            f"Authentication failed: the authority sent no user realm (HTTP {response.status_code})",
            response=response,
        )
    if (as_text(document.get("account_type")) or "").lower() != "federated":
        return None
    if (as_text(document.get("federation_protocol")) or "").lower() != "wstrust":
        raise ClientAuthenticationError(
            message="Authentication failed: the federation server of the user's organization accepts no passwords from "
            f"programs (its protocol is not WS-Trust). {ASK_THE_USER}"
        )
    metadata_url = as_text(document.get("federation_metadata_url")) or ""
    active_url = as_text(document.get("federation_active_auth_url")) or ""
    if not may_have_password(metadata_url or active_url):
        raise ClientAuthenticationError(
            message="Authentication failed: the federation server of the user's organization has no https address"
        )
    return Federation(metadata_url, active_url, as_text(document.get("cloud_audience_urn")) or _AUDIENCE)


def may_have_password(url: str) -> bool:
    """Whether a password may be sent to the address: over https, or over http to this machine."""
    try:
        parts = urlsplit(url)
        hostname = parts.hostname or ""
        port_is_valid = parts.port != 0
    except ValueError:
        return False
    if not hostname or not port_is_valid or parts.username is not None or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(hostname))
