"""A tenant with two users, a web app and the API it calls, and shortcuts for requests to it."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest

from webidentity.testing import App, LocalTenant, TenantBrowser, TenantRequest, TenantResponse, User

CALLBACK = "https://app.test/callback"
VERIFIER = "a-code-verifier-of-the-length-that-the-standard-asks-for"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Clock:
    """A clock that a test advances."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Scene:
    """A tenant, its users and applications, and shortcuts for requests."""

    tenant: LocalTenant
    clock: Clock
    ada: User
    grace: User
    api: App
    web: App
    public: App
    callback: str = CALLBACK
    verifier: str = VERIFIER
    challenge: str = CHALLENGE
    browser: TenantBrowser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = TenantBrowser(self.tenant)

    @property
    def files_read(self) -> str:
        return f"{self.api.identifier_uri}/Files.Read"

    def authorize_url(self, **changes: str | None) -> str:
        """An authorize URL of the web app; a parameter given as None is left out."""
        parameters: dict[str, str | None] = {
            "client_id": self.web.client_id,
            "redirect_uri": self.callback,
            "response_type": "code",
            "scope": f"openid profile offline_access {self.files_read}",
            "state": "the-state",
            "nonce": "the-nonce",
            **changes,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return f"{self.tenant.tenant_url}/oauth2/v2.0/authorize?{urlencode(given)}"

    def sign_in(self, *, consent: bool = True, **changes: str | None) -> dict[str, str]:
        """Sign ada in, and return the parameters that the app receives."""
        url = self.browser.sign_in(self.authorize_url(**changes), self.ada.username, "ada-password", consent=consent)
        return fields_of(url)

    def code(self, **changes: str | None) -> str:
        return self.sign_in(**changes)["code"]

    def post(self, form: dict[str, str] | str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """Post a form to the token endpoint unchanged."""
        body = form if isinstance(form, str) else urlencode(form)
        response = self.send(
            "POST",
            f"{self.tenant.tenant_url}/oauth2/v2.0/token",
            body.encode(),
            {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
        )
        return response.status, json.loads(response.body)

    def send(self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> TenantResponse:
        return self.tenant.handle(TenantRequest(method, url, headers or {}, body))

    def get_json(self, url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        response = self.send("GET", url, headers=headers)
        return response.status, json.loads(response.body)

    def request(self, grant_type: str, *, client: App | None = None, **form: str) -> tuple[int, dict[str, Any]]:
        """A token request with client authentication."""
        client = client or self.web
        authentication = {"client_secret": client.secrets[0]} if client.secrets else {}
        return self.post({"grant_type": grant_type, "client_id": client.client_id, **authentication, **form})

    def redeem(self, code: str, **form: str) -> tuple[int, dict[str, Any]]:
        return self.request("authorization_code", **{"code": code, "redirect_uri": self.callback, **form})

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """Tokens of the web app for ada."""
        status, reply = self.redeem(self.code(**changes))
        assert status == 200, reply
        return reply

    def device(self, *, client: App | None = None, scope: str | None = None, **form: str) -> dict[str, Any]:
        """A device authorization request."""
        client = client or self.public
        scope = scope or f"openid profile offline_access {self.files_read}"
        body = urlencode({"client_id": client.client_id, "scope": scope, **form}).encode()
        url = f"{self.tenant.tenant_url}/oauth2/v2.0/devicecode"
        response = self.send("POST", url, body, {"Content-Type": "application/x-www-form-urlencoded"})
        assert response.status == 200, response.body
        reply: dict[str, Any] = json.loads(response.body)
        return reply

    def poll(self, device: dict[str, Any], *, client: App | None = None, **form: str) -> tuple[int, dict[str, Any]]:
        """A token request of a device that polls."""
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        return self.request(grant, client=client or self.public, device_code=device["device_code"], **form)

    def exchange(self, assertion: str, scope: str = "https://graph.microsoft.com/User.Read", **form: str) -> Any:
        """An on-behalf-of token request of the API."""
        return self.request(
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            client=self.api,
            **{"assertion": assertion, "requested_token_use": "on_behalf_of", "scope": scope, **form},
        )

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token, after verifying its signature with the published keys."""
        _, keys = self.get_json(f"{self.tenant.tenant_url}/discovery/v2.0/keys")
        key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
        unchecked = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        return jwt.decode(token, key, algorithms=["RS256"], options=unchecked)


def fields_of(url: str) -> dict[str, str]:
    """The parameters of a redirect URL."""
    parts = urlsplit(url)
    return dict(parse_qsl(parts.query or parts.fragment))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scene(clock: Clock) -> Scene:
    tenant = LocalTenant(clock=clock)
    return Scene(
        tenant=tenant,
        clock=clock,
        ada=tenant.add_user("ada@tenant.test", password="ada-password", name="Ada Lovelace", email="ada@mail.test"),
        grace=tenant.add_user("grace@tenant.test", password="grace-password", name="Grace Hopper"),
        api=tenant.add_app(
            "Files API",
            secrets=["api-secret"],
            scopes={"Files.Read": "Read your files", "Files.Write": "Change your files"},
            app_roles=["Admin", "Files.Read.All"],
        ),
        web=tenant.add_app("Files Web", secrets=["web-secret", "second"], redirect_uris=[CALLBACK]),
        public=tenant.add_app("Native", public_client=True, redirect_uris=["http://localhost"]),
    )
