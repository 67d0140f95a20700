"""User realm discovery: whether Entra ID checks a username's password itself.

There is no specification. The members are those of Entra's reply to ``api-version=1.0``, which MSAL reads. Every user
of the local tenant is managed: the tenant checks the passwords itself, without a federation server.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._state import TenantState
from webidentity.testing.transports._messages import TenantRequest

#: The endpoint; the username is the rest of the path.
USER_REALM = "userrealm"


def user_realm(state: TenantState, request: TenantRequest) -> dict[str, Any]:
    """The realm of the username in the path, which its domain determines."""
    version = request.query.get("api-version") or "1.0"
    if version != "1.0":
        raise TenantError(90023, f"Unsupported 'api-version' value '{version}': the local tenant supports 1.0.")
    domain = _domain(unquote(request.path.partition(f"/{USER_REALM}/")[2]))
    cloud = {
        "cloud_instance_name": urlsplit(state.base_url).netloc,
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }
    if domain == state.domain or any(_domain(user.username) == domain for user in state.directory.users.values()):
        return {"ver": "1.0", "account_type": "Managed", "domain_name": domain, **cloud}
    return {"ver": "1.0", "account_type": "Unknown", **cloud}


def _domain(username: str) -> str:
    return username.rpartition("@")[2].strip().lower()
