"""A local tenant with a web app, an API and a user, and the credentials of a site."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.kit.drivers import Credential, Driver
from webidentity.testing import LocalTenant, TenantBrowser

REDIRECT = "https://app.test/callback"
VERIFIER = "canary-code-verifier-0123456789-0123456789-0123456789"
PASSWORD = "ada-password"


class WebAppAndApi:
    """The web app signs users in and calls the API; the API calls Graph on their behalf."""

    def __init__(self, **options: Any) -> None:
        self.tenant = LocalTenant(**options)
        self.ada = self.tenant.add_user("ada@tenant.test", password=PASSWORD, name="Ada Lovelace")
        self.api = self.tenant.add_app("API", secrets=["canary-api-secret"], scopes={"Read": "Read"})
        self.web = self.tenant.add_app("Web", secrets=["canary-web-secret"], redirect_uris=[REDIRECT])
        self.tenant.grant_admin_consent(self.web, self.api, ["Read"])
        self.tenant.grant_admin_consent(self.web, self.tenant.graph, ["User.Read"])
        self.tenant.grant_admin_consent(self.api, self.tenant.graph, ["User.Read", "Files.Read"])

    @property
    def api_scope(self) -> str:
        return f"{self.api.identifier_uri}/Read"

    def code(self, scope: str | None = None) -> str:
        """Sign ada in with a browser, and return the code that the site receives."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": self.web.client_id,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": f"openid offline_access {scope or self.api_scope}",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "state",
            "nonce": "nonce",
        }
        url = f"{self.tenant.tenant_url}/oauth2/v2.0/authorize?{urlencode(query)}"
        location = TenantBrowser(self.tenant).sign_in(url, "ada@tenant.test", PASSWORD)
        return parse_qs(urlsplit(location).query)["code"][0]

    def credential(self, name: str, driver: Driver, **options: Any) -> Credential:
        """Return a credential of that class."""
        arguments: dict[str, Any] = {"authority": self.tenant.base_url, "tenant_id": self.tenant.tenant_id, **options}
        if name == "ClientSecretCredential":
            arguments = {"client_id": self.api.client_id, "client_secret": "canary-api-secret", **arguments}
        elif name == "AuthorizationCodeCredential":
            arguments = {
                "client_id": self.web.client_id,
                "client_secret": "canary-web-secret",
                "redirect_uri": REDIRECT,
                "code_verifier": VERIFIER,
                **arguments,
            }
            arguments.setdefault("authorization_code", self.code())
        else:
            arguments = {"client_id": self.api.client_id, "client_secret": "canary-api-secret", **arguments}
            arguments.setdefault("user_assertion", self.assertion())
        return driver.credential(name, self.tenant, **arguments)

    def assertion(self) -> str:
        """Return a token with which ada calls the API."""
        return self.tenant.mint_access_token(user=self.ada, resource=self.api, client=self.web, scopes=["Read"])

    def scope_for(self, name: str) -> str:
        """Return a scope that the credential may request."""
        return {
            "ClientSecretCredential": "https://graph.microsoft.com/.default",
            "AuthorizationCodeCredential": self.api_scope,
            "OnBehalfOfCredential": "https://graph.microsoft.com/User.Read",
        }[name]


CREDENTIALS = ["ClientSecretCredential", "AuthorizationCodeCredential", "OnBehalfOfCredential"]
