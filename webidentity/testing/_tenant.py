"""The local tenant: users, applications and the endpoints of an authority in the shape of Microsoft Entra ID."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from webidentity.testing._administration import Administration, several
from webidentity.testing.directory._directory import Directory
from webidentity.testing.directory._keys import SigningKeyPair, TenantKeys
from webidentity.testing.directory._model import OIDC_SCOPES, App, User
from webidentity.testing.directory._state import Authorization, TenantState, new_session_id
from webidentity.testing.endpoints._device_authorization import approve_for, decline_for, pending_user_codes
from webidentity.testing.endpoints._routes import answer
from webidentity.testing.tokens._claims import AccessTokenSubject, access_token_claims, id_token_claims
from webidentity.testing.transports._messages import TenantRequest, TenantResponse

if TYPE_CHECKING:
    from webidentity.testing.transports._tenant_transport import AsyncTenantTransport, TenantTransport

TENANT_ID = "8f0c5a52-6f1d-4a36-9d0e-2f6a1b7c3d54"

#: Username, password and name of the users that ``sample_users`` adds.
SAMPLE_USERS = (
    ("ada@tenant.test", "ada-password", "Ada Lovelace"),
    ("grace@tenant.test", "grace-password", "Grace Hopper"),
)


class LocalTenant(Administration):
    """An authority in the shape of Microsoft Entra ID, for tests and demonstrations.

    It supports the authorization code (with PKCE), refresh token, client credentials, on-behalf-of, device code and
    password grants, shows real sign-in and consent pages, and has a small Microsoft Graph at
    ``{base_url}/graph/v1.0/me``. Everything is kept in memory. Object ids and client ids are derived from names, so
    they are the same in every run.

    A new tenant has Microsoft Graph and nothing else. Add users with :meth:`add_user`, or start with two of them:
    ``LocalTenant(sample_users=True)`` has ``ada@tenant.test`` (password ``ada-password``) and ``grace@tenant.test``
    (``grace-password``). Methods that take a user accept a ``User`` or a username.

    All times are in seconds.

    :param tenant_id: the tenant's id, a GUID.
    :param domain: the tenant's domain name, which its URLs accept in place of the id.
    :param base_url: scheme, host and port of the authority. :func:`serve` replaces it.
    :param clock: returns the time since the epoch.
    :param refresh_in: sent with each token when set: after how long the client should refresh it.
    :param single_use_refresh_tokens: invalidate a refresh token when it is redeemed. Entra keeps it valid.
    :param single_use_assertions: refuse a client assertion whose ``jti`` was used before, as RFC 7523 permits. Entra
        accepts it.
    :param device_code_interval: how long a device must wait between two polls.
    :param slow_down: answer a device that polls too often with ``slow_down`` (RFC 8628). Entra keeps answering
        ``authorization_pending``.
    :param require_pkce: refuse a public client without a code challenge, as RFC 8252 demands. Entra accepts it.
    :param show_users: list the users on the sign-in page with their passwords, each with a button that signs in.
    :param sample_users: add the two users.
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
        device_code_lifetime: int = 900,
        device_code_interval: int = 5,
        refresh_in: int | None = None,
        single_use_refresh_tokens: bool = False,
        single_use_assertions: bool = False,
        slow_down: bool = False,
        require_pkce: bool = False,
        show_users: bool = False,
        sample_users: bool = False,
    ) -> None:
        tenant_id = str(uuid.UUID(tenant_id))
        state = TenantState(
            tenant_id=tenant_id,
            domain=domain.lower(),
            base_url=base_url.rstrip("/"),
            clock=clock,
            directory=Directory(tenant_id),
            keys=TenantKeys(tenant_id),
            show_users=show_users,
            access_token_lifetime=access_token_lifetime,
            refresh_token_lifetime=refresh_token_lifetime,
            code_lifetime=code_lifetime,
            device_code_lifetime=device_code_lifetime,
            device_code_interval=device_code_interval,
            refresh_in=refresh_in,
            single_use_refresh_tokens=single_use_refresh_tokens,
            single_use_assertions=single_use_assertions,
            slow_down=slow_down,
            require_pkce=require_pkce,
            form_key=secrets.token_bytes(32),
        )
        super().__init__(state)
        if sample_users:
            for username, password, name in SAMPLE_USERS:
                self.add_user(username, password=password, name=name)

    def __repr__(self) -> str:
        return f"<LocalTenant {self.base_url}/{self.tenant_id}>"

    @property
    def issuer(self) -> str:
        """The ``iss`` claim of the tokens that this tenant issues."""
        return self._state.issuer

    @property
    def show_users(self) -> bool:
        """Whether the sign-in page lists the users with their passwords, each with a button that signs in."""
        return self._state.show_users

    @show_users.setter
    def show_users(self, value: bool) -> None:
        self._state.show_users = value

    @property
    def pending_device_codes(self) -> tuple[str, ...]:
        """The user codes of the devices that wait for their user to sign in, oldest first."""
        with self._state.lock:
            return pending_user_codes(self._state)

    def approve_device_code(self, user_code: str, user: User | str) -> None:
        """Approve a device's sign-in without the pages: enter the code, sign in, consent and continue.

        :raises ValueError: the code is unknown, has expired, or was approved or declined already.
        """
        found = self.user(user)
        with self._state.lock:
            approve_for(self._state, user_code, found)

    def decline_device_code(self, user_code: str) -> None:
        """Decline a device's sign-in without the pages.

        :raises ValueError: as for :meth:`approve_device_code`.
        """
        with self._state.lock:
            decline_for(self._state, user_code)

    def handle(self, request: TenantRequest) -> TenantResponse:
        """Answer one request. It does no I/O and reads no clock but the tenant's. Thread-safe."""
        with self._state.lock:
            return answer(self._state, request)

    def transport(self) -> TenantTransport:
        """A new azure-core transport that sends its requests to this tenant, in-process."""
        from webidentity.testing.transports._tenant_transport import TenantTransport

        return TenantTransport(self)

    def aio_transport(self) -> AsyncTenantTransport:
        """A new asynchronous azure-core transport that sends its requests to this tenant, in-process."""
        from webidentity.testing.transports._tenant_transport import AsyncTenantTransport

        return AsyncTenantTransport(self)

    def mint_access_token(
        self,
        *,
        client: App,
        resource: App,
        user: User | str | None = None,
        scopes: Iterable[str] = (),
        roles: Iterable[str] | None = None,
        key: SigningKeyPair | None = None,
        headers: Mapping[str, Any] | None = None,
        **claim_overrides: Any,
    ) -> str:
        """Issue an access token without a token request; without a user it is app-only.

        :param key: signs in place of the tenant's own key.
        :param headers: replace members of the JOSE header.
        :param claim_overrides: replace claims; None removes a claim.
        """
        with self._state.lock:
            found = None if user is None else self.user(user)
            subject = AccessTokenSubject(client=client, resource=resource, user=found, scopes=several(scopes))
            claims = access_token_claims(self._state, subject)
            if roles is not None:
                claims["roles"] = list(several(roles))
            return self._sign(claims, claim_overrides, key, headers)

    def mint_id_token(
        self,
        *,
        client: App,
        user: User | str,
        nonce: str | None = None,
        key: SigningKeyPair | None = None,
        headers: Mapping[str, Any] | None = None,
        **claim_overrides: Any,
    ) -> str:
        """Issue an ID token without a sign-in; the other arguments are those of :meth:`mint_access_token`."""
        with self._state.lock:
            found = self.user(user)
            authorization = Authorization(
                grant_id="",
                user=found,
                client=client,
                scope="openid profile email",
                sid=new_session_id(),
                auth_time=self._state.now(),
                epoch=self._state.directory.epoch(found),
            )
            claims = id_token_claims(self._state, authorization, OIDC_SCOPES, nonce=nonce, auth_time=False)
            return self._sign(claims, claim_overrides, key, headers)

    def _sign(
        self,
        claims: dict[str, Any],
        overrides: Mapping[str, Any],
        key: SigningKeyPair | None,
        headers: Mapping[str, Any] | None,
    ) -> str:
        merged = {name: value for name, value in {**claims, **overrides}.items() if value is not None}
        return (key or self._state.keys.current).sign(merged, headers)
