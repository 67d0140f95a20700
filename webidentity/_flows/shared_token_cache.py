"""The grant of SharedTokenCacheCredential: tokens of the only matching account in the shared cache."""

import sys

from azure.core.credentials import AccessTokenInfo

from webidentity._authority import ANY_ORGANIZATION
from webidentity._flows.acquisition import NoTokenSourceError
from webidentity._flows.shared_account import SharedAccountTokens, no_token
from webidentity._flows.token_source import TokenGrant
from webidentity._protocol.effects import Flow
from webidentity._protocol.redaction import scrub
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._shared_accounts import SharedAccount
from webidentity.errors import CredentialUnavailableError

_UNAVAILABLE = "SharedTokenCacheCredential authentication unavailable."


def is_supported() -> bool:
    """Whether the platform has a shared token cache."""
    return sys.platform.startswith(("linux", "darwin", "win32"))


class OnSupportedPlatforms:
    """A grant that needs a shared token cache."""

    def __init__(self, grant: TokenGrant) -> None:
        self.grant = grant

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :raises CredentialUnavailableError: this platform has no shared token cache.
        """
        if not is_supported():
            raise CredentialUnavailableError(message="Shared token cache is not supported on this platform.")
        return (yield from self.grant.token(request))


class MatchingAccount:
    """Acquires tokens of the only account that matches. If several accounts match, it is unavailable.

    :param username: the username in any tenant of the account, case-insensitive, or None for any account.
    :param tenant_id: the id of the account's home tenant, or None for any.
    """

    def __init__(self, shared: SharedAccountTokens, username: str | None, tenant_id: str | None) -> None:
        self.shared = shared
        self.username = username
        self.tenant_id = tenant_id

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :raises CredentialUnavailableError: no account matches, or several do.
        :raises ClientAuthenticationError: the authority refused.
        """
        accounts = yield from self.shared.accounts()
        account = self._choose([account for account in accounts.accounts if account.family_tokens])
        if request.tenant == ANY_ORGANIZATION and account.tenant:
            request = request._replace(tenant=account.tenant)
        try:
            return (yield from self.shared.token(request, account))
        except NoTokenSourceError:
            raise no_token(account.username) from None

    def _choose(self, accounts: list[SharedAccount]) -> SharedAccount:
        matching = [account for account in accounts if self._matches(account)]
        if len(matching) == 1:
            return matching[0]
        if not accounts:
            reason = "No accounts were found in the cache. Sign in with a developer tool that shares its sign-ins."
        elif not self._wanted:
            reason = (
                "Multiple accounts were found in the cache. Use username and tenant id to disambiguate: "
                f"{', '.join(_shown(account) for account in accounts)}."
            )
        elif matching:
            reason = f"Multiple accounts matching the specified{self._wanted} were found in the cache."
        else:
            reason = f"No account matching the specified{self._wanted} was found in the cache."
        raise CredentialUnavailableError(message=f"{_UNAVAILABLE} {reason}")

    def _matches(self, account: SharedAccount) -> bool:
        names = {name.casefold() for name in account.usernames}
        return (not self.username or self.username.casefold() in names) and (
            not self.tenant_id or self.tenant_id.lower() == account.tenant
        )

    @property
    def _wanted(self) -> str:
        username = f" username: {scrub(self.username, is_username=True)}" if self.username else ""
        tenant = f" tenant: {scrub(self.tenant_id)}" if self.tenant_id else ""
        return username + tenant


def _shown(account: SharedAccount) -> str:
    return f"(username: {scrub(account.username, is_username=True)}, tenant: {scrub(account.tenant)})"
