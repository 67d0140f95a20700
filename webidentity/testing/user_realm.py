"""User realm discovery: whether a username's password is for Entra or for a federation server.

It has no specification; the members are those of Entra's answer to ``api-version=1.0``, which MSAL reads.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from webidentity.testing.directory._state import TenantState
from webidentity.testing.transports._messages import TenantRequest

from ._errors import TenantError
from .federation_server import mex_url, username_url
from .saml_assertion import CLOUD_AUDIENCE

#: The endpoint; the username is the rest of the path.
USER_REALM = "userrealm"


def user_realm(state: TenantState, request: TenantRequest) -> dict[str, Any]:
    """The realm of the user whom the path names, or of the domain if there is no such user."""
    version = request.query.get("api-version") or "1.0"
    if version != "1.0":
        raise TenantError(90023, f"Unsupported 'api-version' value '{version}': the local tenant knows 1.0.")
    username = unquote(request.path.partition(f"/{USER_REALM}/")[2])
    domain = _domain(username)
    cloud = {"cloud_instance_name": urlsplit(state.base_url).netloc, "cloud_audience_urn": CLOUD_AUDIENCE}
    federated = _is_federated(state, username, domain)
    if federated is None:
        return {"ver": "1.0", "account_type": "Unknown", **cloud}
    if not federated:
        return {"ver": "1.0", "account_type": "Managed", "domain_name": domain, **cloud}
    return {
        "ver": "1.0",
        "account_type": "Federated",
        "domain_name": domain,
        "federation_protocol": "WSTrust",
        "federation_metadata_url": mex_url(state),
        "federation_active_auth_url": username_url(state, "2005"),
        **cloud,
    }


def _is_federated(state: TenantState, username: str, domain: str) -> bool | None:
    """Entra decides by the domain alone; here each user may be either, and None is a domain that nobody has."""
    user = state.directory.user_named(username)
    if user is not None:
        return user.federated
    neighbours = [other for other in state.directory.users.values() if _domain(other.username) == domain]
    if neighbours:
        return all(other.federated for other in neighbours)
    return False if domain == state.domain else None


def _domain(username: str) -> str:
    return username.rpartition("@")[2].strip().lower()
