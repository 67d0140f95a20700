"""A tenant with two users, a web application and the API that it calls; and the secrets that they exchange."""

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import jwt
from azure.core.exceptions import ServiceRequestError

from webidentity.testing import LocalTenant, TenantResponse, TenantTransport, User
from webidentity.testing.transports._http_response import TenantHttpResponse

#: Scopes of the API behind the web application. The views name them, so they are the same in every world.
READ = "api://files/Files.Read"
WRITE = "api://files/Files.Write"
GRAPH = "https://graph.microsoft.com/User.Read"
SECRET = "the-client-secret-of-the-web-application"
SECRET_KEY = "the-secret-key-of-the-web-application-0123456789"
PASSWORD = "a-password-at-the-tenant"
ROLES = tuple(f"Role.{number}" for number in range(200))
HOSTS = ("https://app.test", "http://localhost", "https://public.test/mount")


class World:
    """Everything outside the web application.

    :param hosts: where browsers reach it.
    """

    def __init__(self, hosts: Sequence[str] = HOSTS) -> None:
        self.secrets = Secrets()
        self.secrets.add(SECRET, SECRET_KEY, PASSWORD)
        self.tenant = LocalTenant(clock=lambda: time.time())
        self.transport = Wire(self.tenant, self.secrets)
        self.ada = self.tenant.add_user("ada@tenant.test", password=PASSWORD, name="Ada Lovelace")
        self.grace = self.tenant.add_user("grace@tenant.test", password=PASSWORD, name="Grace Hopper")
        self.web = self.tenant.add_app(
            "Web",
            secrets=[SECRET],
            redirect_uris=[f"{host}{path}" for host in hosts for path in ("/auth/callback", "/", "/goodbye")],
            scopes={"access": "Use the web application"},
            app_roles=ROLES,
        )
        self.files = self.tenant.add_app(
            "Files",
            identifier_uri="api://files",
            secrets=["files-secret"],
            scopes={"Files.Read": "Read your files", "Files.Write": "Change your files"},
        )
        self.mobile = self.tenant.add_app("Mobile", public_client=True, redirect_uris=["http://localhost"])

    @property
    def settings(self) -> dict[str, Any]:
        """The required settings of the web application, and the tenant's authority."""
        return {
            "tenant_id": self.tenant.tenant_id,
            "client_id": self.web.client_id,
            "client_secret": SECRET,
            "authority": self.tenant.base_url,
        }

    def access_token(self, user: User | None = None, **changes: Any) -> str:
        """Return an access token for the web application, as another client sends it."""
        given = {"client": self.mobile, "resource": self.web, "user": user or self.ada, "scopes": ["access"], **changes}
        if given["user"] == "anonymous":
            given["user"] = None
        token = self.tenant.mint_access_token(**given)
        self.secrets.add(token)
        return token

    def consent(self, *users: User) -> None:
        """Grant the consent of these users to the web application."""
        for user in users or (self.ada, self.grace):
            self.tenant.grant_consent(user, self.web, self.files, ["Files.Read", "Files.Write"])
            self.tenant.grant_consent(user, self.web, self.tenant.graph, ["openid", "profile", "offline_access"])


class Secrets:
    """Values that must not appear in logs or pages."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._lock = threading.Lock()

    def add(self, *values: str | None) -> None:
        """Add values to search for."""
        with self._lock:
            self._values.update(value for value in values if value and len(value) > 15)

    def found_in(self, text: str) -> list[str]:
        """Return the secrets that the text contains."""
        with self._lock:
            return [value for value in self._values if value in text]

    def __len__(self) -> int:
        return len(self._values)


class Wire(TenantTransport):
    """The transport to the tenant: it can fail, and it records the secrets in its requests and replies."""

    def __init__(self, tenant: LocalTenant, secrets: Secrets) -> None:
        super().__init__(tenant)
        self.is_cut = False
        #: Changes the members of each token reply, as an authority that is broken or hostile would.
        self.tamper: Callable[[dict[str, Any]], object] | None = None
        self._secrets = secrets

    def send(self, request: Any, **kwargs: Any) -> Any:
        if self.is_cut:
            raise ServiceRequestError("the wire is cut", error=ConnectionRefusedError(111, "Connection refused"))
        response = self._tampered(request, super().send(request, **kwargs))
        form = self.requests[-1].form
        self._secrets.add(*(form.get(name) for name in ("code", "code_verifier", "refresh_token", "assertion")))
        reply = re.findall(r'"(?:access_token|refresh_token|id_token)": ?"([^"]+)"', response.text())
        self._secrets.add(*reply, *(token.rpartition(".")[2] for token in reply))
        return response

    def _tampered(self, request: Any, response: Any) -> Any:
        if self.tamper is None or not self.requests[-1].path.endswith("/token"):
            return response
        reply = json.loads(response.text())
        self.tamper(reply)
        headers = (("Content-Type", "application/json; charset=utf-8"),)
        body = json.dumps(reply).encode()
        return TenantHttpResponse(request, TenantResponse(response.status_code, headers, body))


def large_claims(size: int) -> str:
    """Return a claims challenge of about so many characters."""
    return json.dumps({"access_token": {"padding": {"value": "x" * size}}})


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token, for views to show."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims
