"""What an administrator of the tenant does: register users and apps, consent, assign roles, ask for more at sign-in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from webidentity.testing.directory._keys import TOKEN_EXCHANGE, IssuerKey, issuer_keys
from webidentity.testing.directory._model import OIDC_SCOPES, App, FederatedCredential, User
from webidentity.testing.directory._state import TenantState
from webidentity.testing.policies._conditional_access import require_claims


class Administration:
    """The tenant as its administrator sees it."""

    def __init__(self, state: TenantState) -> None:
        self._state = state

    @property
    def tenant_id(self) -> str:
        """The tenant's id, a GUID."""
        return self._state.tenant_id

    @property
    def domain(self) -> str:
        """The tenant's domain name, which its URLs accept in place of the id."""
        return self._state.domain

    @property
    def base_url(self) -> str:
        """Scheme, host and port of the authority, without a path."""
        return self._state.base_url

    @base_url.setter
    def base_url(self, value: str) -> None:
        self._state.base_url = value.rstrip("/")

    @property
    def tenant_url(self) -> str:
        """Where its endpoints are. ``base_url``, without the tenant, is what credentials call the authority."""
        return f"{self.base_url}/{self.tenant_id}"

    @property
    def graph(self) -> App:
        """Microsoft Graph, the resource that every tenant has."""
        return self._state.directory.graph

    @property
    def users(self) -> tuple[User, ...]:
        """The users, in the order in which they were added."""
        return tuple(self._state.directory.users.values())

    @property
    def apps(self) -> tuple[App, ...]:
        """The apps, Microsoft Graph first."""
        return tuple(self._state.directory.apps.values())

    def add_user(
        self,
        username: str,
        *,
        password: str,
        name: str,
        object_id: str | None = None,
        email: str | None = None,
        job_title: str | None = None,
    ) -> User:
        """Register a user who signs in with this username and password."""
        given_name, _, surname = name.partition(" ")
        user = User(
            username=username,
            name=name,
            object_id=object_id or self._id_of("user", username.casefold()),
            password=password,
            email=email,
            given_name=given_name or None,
            surname=surname or None,
            job_title=job_title,
        )
        with self._state.lock:
            self._state.directory.add_user(user)
        return user

    def add_app(
        self,
        name: str,
        *,
        client_id: str | None = None,
        secrets: Iterable[str] = (),
        certificates: Iterable[bytes] = (),
        redirect_uris: Iterable[str] = (),
        scopes: Mapping[str, str] | None = None,
        app_roles: Iterable[str] = (),
        identifier_uri: str | None = None,
        public_client: bool = False,
        family: bool = False,
    ) -> App:
        """Register an application.

        ``scopes`` maps the delegated scopes it publishes to their descriptions; ``app_roles`` are the roles users and
        other apps can hold at it; ``identifier_uri`` is ``api://<client_id>`` unless given. ``certificates`` are PEM
        certificates that may sign its client assertions. ``redirect_uris`` are also where a sign-out may return to. A
        ``public_client`` has no secret, and may be sent to any port of a registered ``http://localhost`` URI. Public
        clients of the ``family``, as Microsoft's own are, may redeem each other's refresh tokens.
        """
        client_id = str(uuid.UUID(client_id)) if client_id else self._id_of("app", name)
        app = App(
            name=name,
            client_id=client_id,
            object_id=self._id_of("service principal", client_id),
            identifier_uri=identifier_uri or f"api://{client_id}",
            secrets=several(secrets),
            certificates=tuple(certificates),
            redirect_uris=several(redirect_uris),
            scopes=MappingProxyType(dict(scopes or {})),
            app_roles=several(app_roles),
            public_client=public_client,
            family=family,
        )
        if public_client and app.secrets:
            raise ValueError("A public client has no secrets: leave them out, or register a confidential client.")
        if family and not public_client:
            raise ValueError("The family is one of public clients: add public_client=True.")
        with self._state.lock:
            self._state.directory.add_app(app)
        return app

    def trust(
        self, app: App, *, issuer: str, subject: str, key: IssuerKey, audience: str = TOKEN_EXCHANGE
    ) -> FederatedCredential:
        """Register a federated identity credential: the issuer's tokens for the subject may speak for the app.

        ``key`` is the issuer's: a ``SigningKeyPair`` with which a test signs the issuer's tokens, a public JWK or JWK
        set, or a public key or certificate in PEM. Issuer, subject and audience are compared exactly.
        """
        credential = FederatedCredential(issuer, subject, audience, issuer_keys(key))
        with self._state.lock:
            self._state.federated[app.client_id] = (*self._state.federated.get(app.client_id, ()), credential)
        return credential

    def user(self, user: User | str) -> User:
        """The user of this name, for example "ada@tenant.test"; a user is returned as it is."""
        if isinstance(user, User):
            return user
        found = self._state.directory.user_named(user)
        if found is None:
            raise KeyError(f"the tenant has no user {user!r}: add_user({user!r}, password=..., name=...)")
        return found

    def assign_role(self, principal: User | App, app: App, role: str) -> None:
        """Give a user or an app one of the app roles that ``app`` has registered."""
        with self._state.lock:
            self._state.directory.assign_role(principal, app, role)

    def grant_app_role(self, client: App, resource: App, role: str) -> None:
        """Let an app act for itself at a resource: its app-only tokens carry the role."""
        self.assign_role(client, resource, role)

    def grant_consent(self, user: User | str, client: App, resource: App, scopes: Iterable[str]) -> None:
        """Consent, as the user, to a client's use of scopes of a resource."""
        with self._state.lock:
            self._state.directory.grant_consent(self.user(user), client, resource, _registered(resource, scopes))

    def grant_admin_consent(self, client: App, resource: App, scopes: Iterable[str]) -> None:
        """Consent, for every user, to a client's use of scopes of a resource."""
        with self._state.lock:
            self._state.directory.grant_admin_consent(client, resource, _registered(resource, scopes))

    def require_claims(self, user: User | str, resource: App, claims: str | Mapping[str, Any]) -> None:
        """Answer token requests for this user and resource with ``interaction_required`` and these claims (JSON).

        It holds until the user signs in with a password at an authorization request whose ``claims`` ask for them.
        """
        text = claims if isinstance(claims, str) else json.dumps(dict(claims))
        with self._state.lock:
            require_claims(self._state.directory, self.user(user), resource, text)

    def revoke(self, user: User | str) -> None:
        """End the user's sessions, and make every code, refresh token and assertion issued so far unusable."""
        with self._state.lock:
            self._state.directory.revoke(self.user(user), self._state.clock())

    def rotate_keys(self) -> str:
        """Sign with a new key from now on and return its id; earlier keys stay published."""
        with self._state.lock:
            return self._state.keys.rotate().kid

    def _id_of(self, kind: str, name: str) -> str:
        return str(uuid.uuid5(uuid.UUID(self.tenant_id), f"{kind}|{name}"))


def several(values: Iterable[str]) -> tuple[str, ...]:
    """These strings; one string alone, which would be taken for its letters, is refused."""
    if isinstance(values, str):
        raise TypeError("Give a list of strings, not one string.")
    return tuple(values)


def _registered(resource: App, scopes: Iterable[str]) -> list[str]:
    names: list[str] = []
    for scope in several(scopes):
        name = scope if scope in OIDC_SCOPES else resource.scope_named(scope.rpartition("/")[2])
        if name is None:
            raise ValueError(f"{resource.name!r} has no scope {scope!r}; it has {', '.join(resource.scopes)}.")
        names.append(name)
    return names
