"""Tokens of accounts that other programs of the user signed in, acquired silently."""

from collections.abc import Iterable

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError

from webidentity._flows.acquire import acquire
from webidentity._flows.acquisition import NoTokenSourceError
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._protocol.effects import Call, Flow
from webidentity._protocol.redaction import scrub
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._persistent import PersistentFiles
from webidentity.cache._shared_accounts import SharedAccount, SharedAccounts
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import CredentialUnavailableError, EntraError
from webidentity.record import AuthenticationRecord


class SharedAccountTokens:
    """Acquires tokens of the accounts in a shared token cache, for one client.

    :param user_tokens: with a cache over the same files.
    """

    def __init__(self, files: PersistentFiles, user_tokens: UserTokens) -> None:
        self.files = files
        self.user_tokens = user_tokens

    def accounts(self) -> Flow[SharedAccounts]:
        """Return the accounts of the client's cloud.

        :raises CredentialUnavailableError: the files do not exist or cannot be read.
        """
        environments = self.user_tokens.partition("", "").environments
        try:
            accounts: SharedAccounts = yield Call(lambda: self.files.accounts(environments), blocking=True)
        except (ValueError, NotImplementedError, StoreUnavailableError) as error:
            raise CredentialUnavailableError(message=f"Shared token cache unavailable: {error}") from error
        return accounts

    def token(
        self, request: TokenRequest, account: SharedAccount, *, may_be_in_family: bool = True
    ) -> Flow[AccessTokenInfo]:
        """Return a token of the account, from the cache, by the client's refresh token or by one of its family.

        :param may_be_in_family: whether to try refresh tokens of other clients in Microsoft's family of clients.
        :raises NoTokenSourceError: there is no such token.
        :raises EntraError: the authority refused.
        """
        user_tokens = self.user_tokens
        acquisition = user_tokens.acquisition(request, account.home_account_id)
        tokens = account.tokens_for_others_than(user_tokens.client.client_id) if may_be_in_family else ()

        def redeem(request: TokenRequest) -> Flow[TokenReply]:
            return _redeem(user_tokens.client, request, account, tokens)

        acquisition.exchange = redeem if tokens else None
        try:
            return (yield from acquire(user_tokens.cache, acquisition))
        except EntraError as error:
            raise _failure(error, account.username) from error


class RecordedAccount:
    """Acquires tokens of the account of an authentication record only.

    :param shared: for the client and authority of the record.
    """

    def __init__(self, shared: SharedAccountTokens, record: AuthenticationRecord) -> None:
        self.shared = shared
        self.record = record

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :raises CredentialUnavailableError: the account is not in the cache, or has no token there.
        :raises ClientAuthenticationError: the authority refused.
        """
        accounts = yield from self.shared.accounts()
        account = accounts.find(self.record.home_account_id)
        if account is None:
            raise CredentialUnavailableError(
                message="The cache contains no account matching the given AuthenticationRecord."
            )
        is_member = accounts.may_be_in_family(self.record.client_id)
        try:
            return (yield from self.shared.token(request, account, may_be_in_family=is_member))
        except NoTokenSourceError:
            raise no_token(account.username) from None


def no_token(username: str) -> CredentialUnavailableError:
    """Return the error for an account without a usable token."""
    return CredentialUnavailableError(
        message=f"Token acquisition failed for user '{scrub(username, is_username=True)}': the shared token cache has "
        "no usable token. To fix, sign in again with a developer tool that shares its sign-ins."
    )


def _redeem(client: Client, request: TokenRequest, account: SharedAccount, tokens: Iterable[str]) -> Flow[TokenReply]:
    """Redeem the first refresh token that the authority accepts."""
    refusal: EntraError | None = None
    for token in tokens:
        try:
            reply = yield from client.refresh(request.tenant, request.fields, token)
        except EntraError as error:
            if error.error != "invalid_grant":
                raise
            refusal = refusal or error
        else:
            return _checked(reply, account)
    raise refusal or NoTokenSourceError


def _checked(reply: TokenReply, account: SharedAccount) -> TokenReply:
    """Refuse tokens of a different account: another program wrote the entry and may have mislabelled it."""
    owner = reply.home_account_id
    # Without a dot it is the subject of an ID token, which cannot be compared with a home account id.
    if owner is not None and "." in owner and owner.lower() != account.home_account_id.lower():
        raise ClientAuthenticationError(
            message="Token acquisition failed: a refresh token in the shared token cache belongs to a different "
            "account than its entry says. To fix, sign in again with a developer tool that shares its sign-ins."
        )
    return reply


def _failure(error: EntraError, username: str) -> EntraError:
    return EntraError(
        f"Token acquisition failed for user '{scrub(username, is_username=True)}': {error.message}",
        response=error.response,
        error=error.error,
        suberror=error.suberror,
        error_codes=error.error_codes,
        correlation_id=error.correlation_id,
        claims=error.claims,
    )
