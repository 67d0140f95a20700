"""The tasks of the tenant's administrator: users, applications, consent, roles, required claims and revocation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from secrets import token_urlsafe as new_secret
from types import MappingProxyType
from typing import Any

from webidentity.testing.directory._keys import TOKEN_EXCHANGE, IssuerKey, issuer_keys
from webidentity.testing.directory._model import OIDC_SCOPES, App, FederatedCredential, RegisteredSite, User
from webidentity.testing.directory._state import TenantState
from webidentity.testing.policies._conditional_access import require_claims


class Administration:
    """The methods of a tenant that register, grant and revoke.

    Every method that takes a user accepts a ``User`` or a username.
    """

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
        """The address of the tenant's endpoints. Pass ``base_url``, without the tenant id, to credentials."""
        return f"{self.base_url}/{self.tenant_id}"

    @property
    def graph(self) -> App:
        """Microsoft Graph, which is registered in every tenant."""
        return self._state.directory.graph

    @property
    def users(self) -> tuple[User, ...]:
        """The users, in the order of registration."""
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
        """Register a user who signs in with this username and password.

        :raises ValueError: the username or the object id is taken.
        """
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

        :param client_id: a GUID; derived from the name unless given.
        :param secrets: its client secrets.
        :param certificates: PEM certificates whose keys may sign its client assertions.
        :param redirect_uris: where sign-ins and sign-outs may return to.
        :param scopes: the delegated scopes that it publishes, each with its description.
        :param app_roles: the roles that users and other applications can hold at it.
        :param identifier_uri: its application ID URI, ``api://<client_id>`` unless given.
        :param public_client: it has no secret, and any port of a registered ``http://localhost`` URI is accepted.
        :param family: a public client of Microsoft's family of client ids, which share refresh tokens.
        :raises ValueError: the client id or the identifier URI is taken, or the arguments contradict each other.
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
            raise ValueError("A public client has no secrets: leave out secrets=, or leave out public_client=True.")
        if family and not public_client:
            raise ValueError("family=True is for public clients only: add public_client=True.")
        with self._state.lock:
            self._state.directory.add_app(app)
        return app

    def add_site(
        self, *origins: str, name: str = "Your application", callback: str = "/auth/callback"
    ) -> RegisteredSite:
        """Register a web application that signs users in, and return it with its settings.

        :param origins: where browsers reach the application, for example "http://localhost:5000". Flask's test client
            uses "http://localhost".
        :param callback: path of the route that redeems the authorization code.
        :raises ValueError: an origin is missing, is not an absolute URL, or is the redirect URI.
        """
        if not origins or any("://" not in origin for origin in origins):
            raise ValueError('Say where browsers reach the application, for example add_site("http://localhost:5000").')
        secret = new_secret(24)
        roots = [origin.rstrip("/") for origin in origins]
        for root in roots:
            if callback and root.endswith(callback):
                raise ValueError(
                    f"{root!r} is a redirect URI, which is derived from the origin: "
                    f'add_site("{root.removesuffix(callback)}").'
                )
        uris = [f"{root}{path}" for root in roots for path in (callback, "/")]
        app = self.add_app(name, secrets=[secret], redirect_uris=uris)
        settings = {
            "authority": self.base_url,
            "tenant_id": self.tenant_id,
            "client_id": app.client_id,
            "client_secret": secret,
        }
        return RegisteredSite(app, MappingProxyType(settings))

    def trust(
        self, app: App, *, issuer: str, subject: str, key: IssuerKey, audience: str = TOKEN_EXCHANGE
    ) -> FederatedCredential:
        """Register a federated identity credential: the app may authenticate with the issuer's tokens for this subject.

        ``key`` is the issuer's: a ``SigningKeyPair`` with which a test signs the issuer's tokens, a public JWK or JWK
        set, or a public key or certificate in PEM. Issuer, subject and audience are compared exactly.
        """
        credential = FederatedCredential(issuer, subject, audience, issuer_keys(key))
        with self._state.lock:
            self._state.federated[app.client_id] = (*self._state.federated.get(app.client_id, ()), credential)
        return credential

    def user(self, user: User | str) -> User:
        """The user with this username, in any case; a ``User`` is returned unchanged.

        :raises KeyError: the tenant has no such user. The message lists the users it has.
        """
        if isinstance(user, User):
            return user
        found = self._state.directory.user_named(user)
        if found is None:
            raise KeyError(
                f"The tenant has no user {user!r}. {self._known_users()} "
                f"Add the user with add_user({user!r}, password=..., name=...)."
            )
        return found

    def _known_users(self) -> str:
        names = ", ".join(user.username for user in self.users)
        if names:
            return f"Its users are: {names}."
        return "It has no users at all: LocalTenant(sample_users=True) creates a tenant with two."

    def assign_role(self, principal: User | App | str, app: App, role: str) -> None:
        """Give a user or an application one of the roles that ``app`` has registered.

        :param principal: a user, a username or an application.
        :raises ValueError: ``app`` has no such role.
        """
        holder = principal if isinstance(principal, App) else self.user(principal)
        with self._state.lock:
            self._state.directory.assign_role(holder, app, role)

    def grant_app_role(self, client: App, resource: App, role: str) -> None:
        """Grant an application permission at a resource: the client's app-only tokens carry the role."""
        self.assign_role(client, resource, role)

    def grant_consent(self, user: User | str, client: App, resource: App, scopes: Iterable[str]) -> None:
        """Consent to a client's use of scopes of a resource, for one user."""
        with self._state.lock:
            self._state.directory.grant_consent(self.user(user), client, resource, _registered(resource, scopes))

    def grant_admin_consent(self, client: App, resource: App, scopes: Iterable[str]) -> None:
        """Consent to a client's use of scopes of a resource, for every user."""
        with self._state.lock:
            self._state.directory.grant_admin_consent(client, resource, _registered(resource, scopes))

    def require_claims(self, user: User | str, resource: App, claims: str | Mapping[str, Any]) -> None:
        """Refuse token requests for this user and resource with ``interaction_required`` and these claims.

        The requirement ends when the user signs in with a password in an authorization request whose ``claims``
        parameter includes them. ``claims`` is a JSON object, as a string or as a mapping.
        """
        text = claims if isinstance(claims, str) else json.dumps(dict(claims))
        with self._state.lock:
            require_claims(self._state.directory, self.user(user), resource, text)

    def revoke(self, user: User | str) -> None:
        """End the user's sessions, and invalidate every code, refresh token and assertion issued to the user so far."""
        with self._state.lock:
            self._state.directory.revoke(self.user(user), self._state.clock())

    def rotate_keys(self) -> str:
        """Start signing with a new key and return its id. Earlier keys stay published."""
        with self._state.lock:
            return self._state.keys.rotate().kid

    def _id_of(self, kind: str, name: str) -> str:
        return str(uuid.uuid5(uuid.UUID(self.tenant_id), f"{kind}|{name}"))


def several(values: Iterable[str]) -> tuple[str, ...]:
    """These strings as a tuple. A single string is refused, because it would be read as a list of letters."""
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
