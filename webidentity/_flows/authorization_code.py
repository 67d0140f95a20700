"""The authorization code grant (RFC 6749 section 4.1) with PKCE (RFC 7636)."""

import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

from webidentity._flows.acquire import acquire, fresh_token
from webidentity._flows.acquisition import Acquisition, NoTokenSourceError, keep
from webidentity._flows.client import Client
from webidentity._protocol.account import names_another, names_another_in_tenant
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

#: Seconds that unused tokens of a user are kept: Entra's limit for refresh tokens.
DEFAULT_LIFETIME = 90 * 24 * 3600
#: Prefix of the account id if the authority did not name the account.
_ANONYMOUS = "anonymous-"


class UserTokens(NamedTuple):
    """Acquires tokens of signed-in users, from the cache and by refresh token.

    :param lifetime: seconds that unused tokens are kept.
    """

    client: Client
    cache: TokenCache
    lifetime: float = DEFAULT_LIFETIME
    #: Whether accounts are named by the verified IDs of their tokens, and not by the unsigned ``client_info``.
    by_verified_id: bool = False
    #: Whether a refreshed token that grants only some of the scopes is an error: the user must consent.
    needs_all_scopes: bool = False
    #: Returns whether tokens may still be stored, given the current content of the partition.
    may_keep: Callable[[TokenDocument], bool] | None = None
    #: Checks the reply to a refresh before it is stored, and raises an EntraError to reject it.
    accept_refresh: Callable[[TokenReply, Partition], Flow[None]] | None = None

    def partition(self, tenant: str, home_account_id: str) -> Partition:
        """Return the partition of the user's tokens."""
        client = self.client
        return Partition.user(
            client_id=client.client_id, authority=client.authority, tenant=tenant, home_account_id=home_account_id
        )

    def acquisition(self, request: TokenRequest, home_account_id: str, tenant: str | None = None) -> Acquisition:
        """Return how to get a token of this user.

        :param tenant: the tenant in which the user signed in, if it is not that of the request.
        """
        partition = signed_in = self.partition(request.tenant, home_account_id)
        if tenant is not None and tenant != request.tenant:
            signed_in = self.partition(tenant, home_account_id)
        return Acquisition(
            partition,
            request,
            None,
            lambda request, token: self._refresh(request, token, home_account_id),
            lambda _: time.time() + self.lifetime,
            signed_in,
            self.may_keep,
            needs_all_scopes=self.needs_all_scopes,
        )

    def _refresh(self, request: TokenRequest, refresh_token: str, home_account_id: str) -> Flow[TokenReply]:
        # Without offline_access, Entra returns no new refresh token, and the sign-in ends when the current one expires.
        # With openid, the reply has an ID token to check.
        also = ("openid", "profile") if self.accept_refresh is not None else ()
        scopes = dict.fromkeys((*request.scopes, *also, "offline_access"))
        fields = {**request.fields, "scope": " ".join(scopes)}
        try:
            reply = yield from self.client.refresh(request.tenant, fields, refresh_token, account=home_account_id)
        except EntraError as error:
            # RFC 6749 section 5.2: the scope may exceed what the user granted. Entra sends "invalid_grant" for that;
            # its "invalid_scope" has an AADSTS code and means that the scope does not exist.
            if error.error == "invalid_scope" and not error.error_codes:
                error.suberror = "consent_required"
            raise
        if self._names_another(reply, home_account_id):
            # OpenID Connect Core 1.0 section 12.2. The refresh token is removed, and the user has to sign in again.
            raise EntraError(
                "Authentication failed: the authority's reply to a refresh token names another account than the one "
                "that signed in. Sign in again.",
                error="invalid_grant",
            )
        if self.accept_refresh is not None:
            yield from self.accept_refresh(reply, self.partition(request.tenant, home_account_id))
        return reply

    def _names_another(self, reply: TokenReply, home_account_id: str) -> bool:
        if self.by_verified_id:
            return names_another_in_tenant(reply, home_account_id)
        return not home_account_id.startswith(_ANONYMOUS) and names_another(reply.home_account_id, home_account_id)

    def fresh_token(self, request: TokenRequest, home_account_id: str) -> AccessTokenInfo | None:
        """Return a token of the user that :meth:`token` would return without running its flow, None otherwise."""
        return fresh_token(self.cache, self.partition(request.tenant, home_account_id), request)

    def token(self, request: TokenRequest, home_account_id: str, tenant: str | None = None) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user.

        :raises NoTokenSourceError: the cache has no token of this user.
        """
        return acquire(self.cache, self.acquisition(request, home_account_id, tenant))


class Accepted(NamedTuple):
    """What is stored of a reply that was accepted.

    :param home_account_id: the verified ID of the account.
    :param also: another change of the account's partition, stored in one write with the tokens.
    :param keep_until: when a partition without other tokens may be removed (Unix seconds), None for the usual time.
    """

    home_account_id: str
    also: Callable[[TokenDocument], object] | None = None
    keep_until: float | None = None


class AuthorizationCodeGrant:
    """Redeems one authorization code, once, and then acquires tokens of its user.

    :param accept: checks a reply before it is stored, and says what to store, or raises to reject it.
    """

    def __init__(
        self,
        user_tokens: UserTokens,
        redirect_uri: str,
        code: str,
        code_verifier: str | None = None,
        *,
        accept: Callable[[TokenReply], Flow[Accepted]] | None = None,
    ) -> None:
        self.user_tokens = user_tokens
        self.redirect_uri = redirect_uri
        self.code: str | None = code
        self.code_verifier = code_verifier
        self.accept = accept
        self.home_account_id: str | None = None
        #: The tenant in which the code was redeemed.
        self.tenant: str | None = None

    @classmethod
    def begin(
        cls, client: Client, cache: TokenCache, code: str, redirect_uri: str, code_verifier: str | None
    ) -> "AuthorizationCodeGrant":
        """Return the grant for one code.

        :raises ValueError: the code or the redirect URI is missing.
        """
        if not code:
            raise ValueError("authorization_code should be the code that the redirect URI received")
        if not redirect_uri:
            raise ValueError("redirect_uri should be the URI that the authorization code was requested with")
        return cls(UserTokens(client, cache), redirect_uri, code, code_verifier)

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user who authorized.

        :raises ClientAuthenticationError: the code has been redeemed, and there is no usable token.
        """
        if self.home_account_id is None:
            # Other callers wait while the code is redeemed, and are then served from the cache.
            redeemed = yield from self.user_tokens.cache.flights.once(
                ("redeem", id(self)), lambda: self.home_account_id is not None, lambda: self._redeem(request)
            )
            if redeemed is not None:
                return redeemed
        assert self.home_account_id is not None  # noqa: S101 - known since the redemption
        try:
            return (yield from self.user_tokens.token(request, self.home_account_id, self.tenant))
        except NoTokenSourceError:
            raise _nothing_left() from None

    def _redeem(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        if self.code is None:
            raise _nothing_left()
        now = int(time.time())
        grant = {
            "grant_type": "authorization_code",
            "code": self.code,
            "redirect_uri": self.redirect_uri,
            **({"code_verifier": self.code_verifier} if self.code_verifier else {}),
        }
        try:
            reply: TokenReply = yield from self.user_tokens.client.send(request.tenant, {**grant, **request.fields})
        except AzureError as error:
            if not isinstance(error, ServiceRequestError | ClientAuthenticationError):
                # The authority may have received the code. Many authorities revoke its tokens if it is sent again.
                self.code = self.code_verifier = None
            raise
        if self.accept is not None:
            accepted = yield from self.accept(reply)
        else:
            # If the reply names no account, only this grant may find its tokens.
            accepted = Accepted(reply.home_account_id or f"{_ANONYMOUS}{secrets.token_hex(16)}")
        home_account_id = accepted.home_account_id
        acquisition = self.user_tokens.acquisition(request, home_account_id)
        if accepted.keep_until is not None:
            acquisition.keep_until = _always(accepted.keep_until)
        token = yield from keep(self.user_tokens.cache, acquisition, reply, now, accepted.also)
        self.code = self.code_verifier = None
        self.tenant, self.home_account_id = request.tenant, home_account_id
        return token


def _always(keep_until: float) -> Callable[[TokenReply], float]:
    return lambda _: keep_until


def _nothing_left() -> ClientAuthenticationError:
    return ClientAuthenticationError(
        message=(
            "No authorization code, cached access token, or refresh token available. Start a new sign-in, and ask for "
            "the scope offline_access in it if tokens are needed for longer than the first one lives."
        )
    )
