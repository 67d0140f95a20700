"""Tokens of a user who signs in here: silently where that is possible, by asking the user where it is not."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from azure.core.credentials import AccessTokenInfo

from webidentity._authority import Tenants
from webidentity._flows.acquire import NoTokenSourceError, keep
from webidentity._flows.authorization_code import UserTokens
from webidentity._protocol.account import ExpectedAccount, account_of
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest, management_scope, require_scopes
from webidentity.errors import AuthenticationRequiredError, CredentialUnavailableError, EntraError
from webidentity.record import AuthenticationRecord

#: Asked for at every sign-in: an ID token, the profile in it, and a refresh token.
_ALWAYS = ("openid", "profile", "offline_access")
#: Tenants that stand for the one in which a work or school account signed in.
_WORK_OR_SCHOOL = frozenset({"common", "organizations"})


class InteractiveSignIn(Protocol):
    """A way for a user to sign in."""

    def ask(self, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        """Have the user sign in.

        :param expected: whose sign-in it has to be.
        :param fields: the form fields that every token request for it has.
        :raises ClientAuthenticationError: the user declined, failed, or did not do it in time.
        :raises CredentialUnavailableError: the user cannot be asked here.
        """
        ...


class _Account(NamedTuple):
    """Who signed in, and in which tenant that was asked for: it may be a domain, or "organizations"."""

    record: AuthenticationRecord
    asked: str

    def tenant_of(self, tenant: str) -> str:
        """Return the id of a tenant where it is known: other names of the tenant are no partitions."""
        return self.record.tenant_id if tenant == self.asked or tenant in _WORK_OR_SCHOOL else tenant


class UserGrant:
    """Acquires tokens of one account, which is that of the last sign-in.

    :param tenants: where the user signs in, and from where else calls may ask for tokens.
    :param record: the account of an earlier sign-in, whose tokens a shared or persistent cache may have.
    :param may_ask: whether :meth:`token` may begin a sign-in, or only :meth:`authenticate`.
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
        #: Called when the account may have become another one.
        self.on_sign_in: Callable[[], None] | None = None

    @property
    def record(self) -> AuthenticationRecord | None:
        """The account of the last sign-in."""
        return None if self._account is None else self._account.record

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user, who is asked at most once at a time.

        :raises AuthenticationRequiredError: the user would have to be asked, and may not be.
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
        """Have the user sign in, whatever the cache has, and return the account.

        :raises CredentialUnavailableError: no scope was given, and the authority's cloud is not a known one.
        """
        wanted = tuple(scopes or ())
        if not wanted:
            known = management_scope(self.user_tokens.client.authority)
            if known is None:
                raise CredentialUnavailableError(
                    message="Authenticating in this environment requires a value for 'scopes'"
                )
            wanted = (known,)
        require_scopes(wanted, "authenticate")
        request = TokenRequest(wanted, self._tenants.resolve(tenant_id), claims, enable_cae)
        # Not beside another sign-in, which a call of get_token may have begun: the user is in front of one page.
        _, record = yield from self.user_tokens.cache.flights.alone(self._key, lambda: self._ask(request, None))
        return record

    def _silently(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        account = self._account
        if account is None:
            raise NoTokenSourceError
        record, filed = account.record, request._replace(tenant=account.tenant_of(request.tenant))
        return (yield from self.user_tokens.token(filed, record.home_account_id, record.tenant_id))

    def _ask_once(
        self, request: TokenRequest, refusal: EntraError | None, seen: int
    ) -> Flow[tuple[AccessTokenInfo, AuthenticationRecord] | None]:
        """Ask the user, unless that has been done since ``seen``, for this caller or for another: then return None."""
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
        """Ask the user, who has to be the one of the settled account if there is one."""
        user_tokens = self.user_tokens
        client = user_tokens.client
        # The user is not bothered for tokens that could not be kept.
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
