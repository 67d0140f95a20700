"""Discovery: the OpenID configuration, the key set, instances (OpenID Connect Discovery 1.0), and user realms.

User realm discovery says whether Entra ID checks a username's password itself. It has no specification: the members are
those of Entra's reply to ``api-version=1.0``, which MSAL reads. Every user of the local tenant is managed: the tenant
checks the passwords itself, without a federation server.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import OIDC_SCOPES
from webidentity.testing.directory._state import TenantState
from webidentity.testing.transports._messages import Parameters, TenantRequest

#: The path segments that stand for any tenant. Their metadata has a template in place of the issuer.
SHARED_NAMES = ("common", "organizations")
#: The endpoint; the username is the rest of the path.
USER_REALM = "userrealm"


def metadata_issuer(state: TenantState, tenant: str) -> str:
    """The issuer in the metadata: a template if the path stands for any tenant."""
    return f"{state.base_url}/{{tenantid}}/v2.0" if tenant in SHARED_NAMES else state.issuer


def openid_configuration(state: TenantState, tenant: str) -> dict[str, Any]:
    """The OpenID configuration, with URLs for the tenant in the request's path."""
    authority = f"{state.base_url}/{tenant if tenant in SHARED_NAMES else state.tenant_id}"
    host = urlsplit(state.base_url).netloc
    return {
        "token_endpoint": f"{authority}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "device_authorization_endpoint": f"{authority}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{authority}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": list(OIDC_SCOPES),
        "issuer": metadata_issuer(state, tenant),
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
        "end_session_endpoint": f"{authority}/oauth2/v2.0/logout",
        "code_challenge_methods_supported": ["S256", "plain"],
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "acr",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "ver",
            "email",
            "sid",
            "oid",
            "roles",
        ],
        "tenant_region_scope": None,
        "cloud_instance_name": host,
        "cloud_graph_host_name": host,
        "msgraph_host": host,
    }


def instance_discovery(state: TenantState, query: Parameters) -> dict[str, Any]:
    """The instance discovery document. Only this tenant's own host is a known authority."""
    endpoint = query.require("authorization_endpoint")
    host = urlsplit(state.base_url).netloc
    if endpoint != state.base_url and not endpoint.startswith(f"{state.base_url}/"):
        raise TenantError(50049, f"Unknown or invalid instance: this tenant answers for {host}.")
    return {
        "tenant_discovery_endpoint": f"{state.base_url}/{state.tenant_id}/v2.0/.well-known/openid-configuration",
        "api-version": query.get("api-version") or "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }


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
