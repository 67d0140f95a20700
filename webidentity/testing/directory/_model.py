"""Users, applications and federated identity credentials: the objects that are registered in a tenant."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import rsa

#: The scopes of OpenID Connect, which belong to no API; Microsoft Graph answers them.
OIDC_SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "openid": "Sign you in",
        "profile": "View your basic profile",
        "email": "View your e-mail address",
        "offline_access": "Maintain access to data you have given it access to",
    }
)

GRAPH_CLIENT_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_URI = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True)
class User:
    """A user of the tenant, who signs in with a username and a password."""

    username: str
    name: str
    object_id: str
    password: str = field(repr=False)
    email: str | None = None
    given_name: str | None = None
    surname: str | None = None
    job_title: str | None = None


@dataclass(frozen=True, slots=True)
class App:
    """An application of the tenant: a client that requests tokens, a resource that accepts them, or both."""

    name: str
    client_id: str
    object_id: str
    identifier_uri: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    redirect_uris: tuple[str, ...] = ()
    scopes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    app_roles: tuple[str, ...] = ()
    public_client: bool = False
    family: bool = False

    @property
    def audience(self) -> str:
        """The ``aud`` of an access token for this resource: its client id, and for Microsoft Graph its URI."""
        return GRAPH_URI if self.client_id == GRAPH_CLIENT_ID else self.client_id

    def scope_named(self, name: str) -> str | None:
        """The registered scope with this name, compared without regard to case, or None."""
        return next((scope for scope in self.scopes if scope.casefold() == name.casefold()), None)

    def full_scope(self, name: str) -> str:
        """A scope of this resource with the identifier URI in front, as token responses list it."""
        return f"{self.identifier_uri}/{name}"


@dataclass(frozen=True, slots=True)
class RegisteredSite:
    """A web application that ``add_site`` has registered, with the settings it needs.

    ``settings`` is for Django's ``WEBIDENTITY``. ``environment`` has the same values as ``WEBIDENTITY_*``, for Flask's
    ``app.config`` and for environment variables.
    """

    app: App
    settings: Mapping[str, str] = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The settings as WEBIDENTITY_TENANT_ID, WEBIDENTITY_CLIENT_ID and so on."""
        return {f"WEBIDENTITY_{name.upper()}": value for name, value in self.settings.items()}


@dataclass(frozen=True, slots=True)
class FederatedCredential:
    """A federated identity credential: an application trusts one issuer's tokens for one subject."""

    issuer: str
    subject: str
    audience: str
    #: The issuer's public keys, each with its key id or None.
    keys: tuple[tuple[str | None, rsa.RSAPublicKey], ...] = field(repr=False)


def pairwise_subject(tenant_id: str, app: App, object_id: str) -> str:
    """The ``sub`` of a user at an application: stable there, and different at every other application."""
    digest = hashlib.sha256(f"{tenant_id}|{app.client_id}|{object_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def microsoft_graph() -> App:
    """The registration of Microsoft Graph."""
    return App(
        name="Microsoft Graph",
        client_id=GRAPH_CLIENT_ID,
        object_id="00000003-0000-0000-c000-0000000000ff",
        identifier_uri=GRAPH_URI,
        scopes=MappingProxyType({"User.Read": "Read your profile", "Files.Read": "Read your files"}),
        app_roles=("User.Read.All",),
    )
