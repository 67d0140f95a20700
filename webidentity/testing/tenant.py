"""The local tenant: users, apps and the endpoints of an Entra-shaped authority, in memory."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .directory import Directory
from .federation import TOKEN_EXCHANGE, FederatedCredential, IssuerKey, issuer_keys
from .keys import KeyRing, SigningKey
from .model import OIDC_SCOPES, App, User
from .request import TenantRequest, TenantResponse
from .routes import answer
from .state import Authorization, TenantState
from .tokens import AccessTokenSubject, access_token_claims, id_token_claims, new_session_id

if TYPE_CHECKING:
    from .aio_transport import AsyncTenantTransport
    from .transport import TenantTransport

TENANT_ID = "8f0c5a52-6f1d-4a36-9d0e-2f6a1b7c3d54"


class LocalTenant:
    """An Entra-shaped authority for tests and demonstrations.

    It speaks the authorization code (with PKCE), refresh token, client credentials and on-behalf-of grants, shows real
    sign-in and consent pages, and has a small Microsoft Graph at ``{base_url}/graph/v1.0/me``. Everything is in memory
    and goes when the object goes. Object ids and client ids are derived from names, so they are the same in each run.

    ``clock`` gives the time in seconds since the epoch; all lifetimes are in seconds. ``refresh_in``, when set, is sent
    with each token. ``single_use_refresh_tokens`` makes a refresh token worthless once it was used; like Entra, the
    tenant otherwise keeps it valid beside its successor. ``single_use_assertions`` refuses a client assertion whose
    ``jti`` was used before, which RFC 7523 allows and Entra does not do. ``show_users`` lists the users, with their
    passwords, on the sign-in page.
    """

    def __init__(
        self,
        *,
        tenant_id: str = TENANT_ID,
        domain: str = "tenant.test",
        base_url: str = "https://login.tenant.test",
        clock: Callable[[], float] = time.time,
        access_token_lifetime: int = 3600,
        refresh_token_lifetime: int = 90 * 24 * 3600,
        code_lifetime: int = 600,
        refresh_in: int | None = None,
        single_use_refresh_tokens: bool = False,
        single_use_assertions: bool = False,
        show_users: bool = False,
    ) -> None:
        tenant_id = str(uuid.UUID(tenant_id))
        self._state = TenantState(
            tenant_id=tenant_id,
            domain=domain.lower(),
            base_url=base_url.rstrip("/"),
            clock=clock,
            directory=Directory(tenant_id),
            keys=KeyRing(tenant_id),
            show_users=show_users,
            access_token_lifetime=access_token_lifetime,
            refresh_token_lifetime=refresh_token_lifetime,
            code_lifetime=code_lifetime,
            refresh_in=refresh_in,
            single_use_refresh_tokens=single_use_refresh_tokens,
            single_use_assertions=single_use_assertions,
            form_key=secrets.token_bytes(32),
        )

    def __repr__(self) -> str:
        return f"<LocalTenant {self.base_url}/{self.tenant_id}>"

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
    def issuer(self) -> str:
        """The ``iss`` of the tokens this tenant signs."""
        return self._state.issuer

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

    @property
    def show_users(self) -> bool:
        """Whether the sign-in page lists the users with their passwords, each with a button that signs in."""
        return self._state.show_users

    @show_users.setter
    def show_users(self, value: bool) -> None:
        self._state.show_users = value

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
    ) -> App:
        """Register an application.

        ``scopes`` maps the delegated scopes it publishes to their descriptions; ``app_roles`` are the roles users and
        other apps can hold at it; ``identifier_uri`` is ``api://<client_id>`` unless given. ``certificates`` are PEM
        certificates that may sign its client assertions. ``redirect_uris`` are also where a sign-out may return to. A
        ``public_client`` has no secret, and may be sent to any port of a registered ``http://localhost`` URI.
        """
        client_id = str(uuid.UUID(client_id)) if client_id else self._id_of("app", name)
        app = App(
            name=name,
            client_id=client_id,
            object_id=self._id_of("service principal", client_id),
            identifier_uri=identifier_uri or f"api://{client_id}",
            secrets=_several(secrets),
            certificates=tuple(certificates),
            redirect_uris=_several(redirect_uris),
            scopes=MappingProxyType(dict(scopes or {})),
            app_roles=_several(app_roles),
            public_client=public_client,
        )
        if public_client and app.secrets:
            raise ValueError("A public client has no secrets: leave them out, or register a confidential client.")
        with self._state.lock:
            self._state.directory.add_app(app)
        return app

    def trust(
        self, app: App, *, issuer: str, subject: str, key: IssuerKey, audience: str = TOKEN_EXCHANGE
    ) -> FederatedCredential:
        """Register a federated identity credential: the issuer's tokens for the subject may speak for the app.

        ``key`` is the issuer's: a ``SigningKey``, with which tests sign its tokens, a public JWK or a set of them, or a
        public key or certificate in PEM. Issuer, subject and audience are compared exactly.
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
            self._state.directory.require_claims(self.user(user), resource, text)

    def revoke(self, user: User | str) -> None:
        """End the user's sessions, and make every code, refresh token and assertion issued so far unusable."""
        with self._state.lock:
            self._state.directory.revoke(self.user(user), self._state.clock())

    def rotate_keys(self) -> str:
        """Sign with a new key from now on and return its id; earlier keys stay published."""
        with self._state.lock:
            return self._state.keys.rotate().kid

    def handle(self, request: TenantRequest) -> TenantResponse:
        """Answer one request. It does no I/O and knows no time but the tenant's clock; threads may share it."""
        with self._state.lock:
            return answer(self._state, request)

    def transport(self) -> TenantTransport:
        """A new azure-core transport whose requests this tenant answers in-process."""
        from .transport import TenantTransport

        return TenantTransport(self)

    def aio_transport(self) -> AsyncTenantTransport:
        """A new asynchronous azure-core transport whose requests this tenant answers in-process."""
        from .aio_transport import AsyncTenantTransport

        return AsyncTenantTransport(self)

    def mint_access_token(
        self,
        *,
        client: App,
        resource: App,
        user: User | str | None = None,
        scopes: Iterable[str] = (),
        roles: Iterable[str] | None = None,
        key: SigningKey | None = None,
        headers: Mapping[str, Any] | None = None,
        **claim_overrides: Any,
    ) -> str:
        """An access token that nobody asked for; without a user it is app-only.

        ``claim_overrides`` replace claims, and remove those given as None. ``key`` signs in place of the tenant's own,
        and ``headers`` replace members of the JOSE header.
        """
        with self._state.lock:
            person = None if user is None else self.user(user)
            subject = AccessTokenSubject(client=client, resource=resource, user=person, scopes=_several(scopes))
            claims = access_token_claims(self._state, subject)
            if roles is not None:
                claims["roles"] = list(_several(roles))
            return self._sign(claims, claim_overrides, key, headers)

    def mint_id_token(
        self,
        *,
        client: App,
        user: User,
        nonce: str | None = None,
        key: SigningKey | None = None,
        headers: Mapping[str, Any] | None = None,
        **claim_overrides: Any,
    ) -> str:
        """An ID token that nobody asked for; the other arguments are those of :meth:`mint_access_token`."""
        with self._state.lock:
            authorization = Authorization(
                grant_id="",
                user=user,
                client=client,
                scope="openid profile email",
                sid=new_session_id(),
                auth_time=self._state.now(),
                epoch=self._state.directory.epoch(user),
            )
            claims = id_token_claims(self._state, authorization, OIDC_SCOPES, nonce=nonce, auth_time=False)
            return self._sign(claims, claim_overrides, key, headers)

    def _sign(
        self,
        claims: dict[str, Any],
        overrides: Mapping[str, Any],
        key: SigningKey | None,
        headers: Mapping[str, Any] | None,
    ) -> str:
        merged = {name: value for name, value in {**claims, **overrides}.items() if value is not None}
        return (key or self._state.keys.current).sign(merged, headers)

    def _id_of(self, kind: str, name: str) -> str:
        return str(uuid.uuid5(uuid.UUID(self.tenant_id), f"{kind}|{name}"))


def _several(values: Iterable[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise TypeError("Give a list of strings, not one string.")
    return tuple(values)


def _registered(resource: App, scopes: Iterable[str]) -> list[str]:
    names: list[str] = []
    for scope in _several(scopes):
        name = scope if scope in OIDC_SCOPES else resource.scope_named(scope.rpartition("/")[2])
        if name is None:
            raise ValueError(f"{resource.name!r} has no scope {scope!r}; it has {', '.join(resource.scopes)}.")
        names.append(name)
    return names
