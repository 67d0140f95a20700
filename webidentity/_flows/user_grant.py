"""Tokens of a user: acquired silently if possible, otherwise by an interactive sign-in."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from azure.core.credentials import AccessTokenInfo

from webidentity._authority import Tenants
from webidentity._flows.acquisition import NoTokenSourceError, keep
from webidentity._flows.authorization_code import UserTokens
from webidentity._protocol.account import ExpectedAccount, account_of
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest, management_scope, require_scopes
from webidentity.errors import AuthenticationRequiredError, CredentialUnavailableError, EntraError
from webidentity.record import AuthenticationRecord

#: Scopes of every sign-in, for an ID token with the profile, and for a refresh token.
_ALWAYS = ("openid", "profile", "offline_access")
#: Tenant names that stand for the tenant in which a work or school account signed in.
_WORK_OR_SCHOOL = frozenset({"common", "organizations"})


class InteractiveSignIn(Protocol):
    """A way for a user to sign in."""

    def ask(self, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        """Have the user sign in.

        :param expected: the account that has to sign in, and where.
        :param fields: the form fields of every token request for the sign-in.
        :raises ClientAuthenticationError: the user declined, failed, or did not sign in in time.
        :raises CredentialUnavailableError: the user cannot sign in here.
        """
        ...


class _Account(NamedTuple):
    """An account that signed in, and the tenant of the request: possibly a domain, or "organizations"."""

    record: AuthenticationRecord
    requested_tenant: str

    def tenant_of(self, tenant: str) -> str:
        """Return the tenant id if it is known, so that all names of the tenant share a partition."""
        return self.record.tenant_id if tenant == self.requested_tenant or tenant in _WORK_OR_SCHOOL else tenant


class UserGrant:
    """Acquires tokens of one account, that of the last sign-in.

    :param tenants: the tenant in which the user signs in, and further tenants that calls may request tokens from.
    :param record: the account of an earlier sign-in, whose tokens may be in a shared or persistent cache.
    :param may_ask: whether :meth:`token` may start a sign-in, or only :meth:`authenticate`.
    """

    def __init__(
        self,
        user_tokens: UserTokens,
        sign_in: InteractiveSignIn,
        tenants: Tenants,
        record: AuthenticationRecord | None = None,
        *,
        may_ask: bool = True,
    ) -> None:
        self.user_tokens = user_tokens
        self.sign_in = sign_in
        self._account = None if record is None else _Account(record, record.tenant_id)
        self._tenants = tenants
        self._may_ask = may_ask
        self._sign_ins = 0
        #: Called after each sign-in, because the account may have changed.
        self.on_sign_in: Callable[[], None] | None = None

    @property
    def record(self) -> AuthenticationRecord | None:
        """The account of the last sign-in."""
        return None if self._account is None else self._account.record

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user. Concurrent callers share one sign-in.

        :raises AuthenticationRequiredError: the user has to sign in, and ``may_ask`` is false.
        :raises ClientAuthenticationError: the sign-in failed.
        """
        while True:
            seen = self._sign_ins
            refusal: EntraError | None = None
            try:
                return (yield from self._silently(request))
            except NoTokenSourceError:
                pass
            except EntraError as error:
                if not error.needs_interaction:
                    raise
                refusal = error
            signed_in = yield from self._ask_once(request, refusal, seen)
            if signed_in is not None:
                return signed_in[0]

    def authenticate(
        self, scopes: Iterable[str] | None, claims: str | None, tenant_id: str | None, *, enable_cae: bool
    ) -> Flow[AuthenticationRecord]:
        """Have the user sign in, even if there is a cached token, and return the account.

        :raises CredentialUnavailableError: no scope was given, and the authority is not that of a known cloud.
        """
        wanted = tuple(scopes or ())
        if not wanted:
            default = management_scope(self.user_tokens.client.authority)
            if default is None:
                raise CredentialUnavailableError(
                    message="Authenticating in this environment requires a value for 'scopes'"
                )
            wanted = (default,)
        require_scopes(wanted, "authenticate")
        request = TokenRequest(wanted, self._tenants.resolve(tenant_id), claims, enable_cae)
        # Wait for a sign-in that a call of get_token may have started: the user sees one page at a time.
        _, record = yield from self.user_tokens.cache.flights.alone(self._key, lambda: self._ask(request, None))
        return record

    def _silently(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        account = self._account
        if account is None:
            raise NoTokenSourceError
        record, cached = account.record, request._replace(tenant=account.tenant_of(request.tenant))
        return (yield from self.user_tokens.token(cached, record.home_account_id, record.tenant_id))

    def _ask_once(
        self, request: TokenRequest, refusal: EntraError | None, seen: int
    ) -> Flow[tuple[AccessTokenInfo, AuthenticationRecord] | None]:
        """Have the user sign in. If any caller's sign-in has completed since ``seen``, return None instead."""
        if not self._may_ask:
            raise _required(request, refusal) from refusal
        if refusal is not None and refusal.claims:
            request = request._replace(claims=refusal.claims)
        settled = None if self.record is None else self.record.home_account_id
        flights = self.user_tokens.cache.flights

        def is_done() -> bool:
            return self._sign_ins != seen

        return (yield from flights.once(self._key, is_done, lambda: self._ask(request, settled)))

    @property
    def _key(self) -> tuple[str, int]:
        return "sign in", id(self)

    def _ask(self, request: TokenRequest, settled: str | None) -> Flow[tuple[AccessTokenInfo, AuthenticationRecord]]:
        """Have the user sign in, with the settled account if there is one."""
        user_tokens = self.user_tokens
        client = user_tokens.client
        # Raise before the sign-in if the tokens could not be stored.
        yield from user_tokens.cache.open()
        fields = {**request.fields, "scope": " ".join((*_ALWAYS, *request.scopes))}
        expected = ExpectedAccount(client.client_id, client.authority, request.tenant, settled)
        reply = yield from self.sign_in.ask(expected, fields)
        now = int(time.time())
        record = account_of(reply, expected, now=now)
        acquisition = user_tokens.acquisition(request._replace(tenant=record.tenant_id), record.home_account_id)
        token = yield from keep(user_tokens.cache, acquisition, reply, now)
        self._account = _Account(record, request.tenant)
        self._sign_ins += 1
        if self.on_sign_in is not None:
            self.on_sign_in()
        return token, record


def _required(request: TokenRequest, refusal: EntraError | None) -> AuthenticationRequiredError:
    if refusal is None:
        return AuthenticationRequiredError(request.scopes, claims=request.claims)
    return AuthenticationRequiredError(
        request.scopes,
        f"Interactive authentication is required to get a token. Call 'authenticate' to begin. {refusal.message}",
        refusal.claims or request.claims,
        response=refusal.response,
    )
