"""The credentials that act for a request's user."""

from dataclasses import dataclass
from typing import Self

from webidentity._authority import Tenants
from webidentity._credentials.base import TokenCalls
from webidentity._flows.token_source import TokenGrant, TokenSource
from webidentity._transport.driver import AsyncDriver, SyncDriver
from webidentity.aio._base import AsyncTokenCalls


class UserCredential(TokenCalls):
    """Acts for the user of one request; accepted by every Azure SDK client.

    It never prompts: what only the user can settle is an :class:`~webidentity.AuthenticationRequiredError`, which the
    adapters turn into the right challenge. Closing it does nothing, its transport belongs to the application.
    """

    def __init__(self, token_source: TokenSource, driver: SyncDriver) -> None:
        self._token_source = token_source
        self._driver = driver

    def close(self) -> None:
        """Do nothing: the transport belongs to the application."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Do nothing."""


class AsyncUserCredential(AsyncTokenCalls):
    """The same for async Azure SDK clients, on whatever event loop the view runs."""

    def __init__(self, token_source: TokenSource, driver: AsyncDriver) -> None:
        self._token_source = token_source
        self._driver = driver

    async def close(self) -> None:
        """Do nothing: the transport belongs to the application."""

    async def __aenter__(self) -> Self:
        """Do nothing."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """The two ways in which an application waits."""

    sync: SyncDriver
    aio: AsyncDriver


class CredentialFactory:
    """Makes both credentials of one request over the same tokens."""

    def __init__(self, grant: TokenGrant, tenant_id: str, drivers: Drivers) -> None:
        self.token_source: TokenSource = TokenSource(grant, Tenants.of(tenant_id))
        self._drivers = drivers

    def sync(self) -> UserCredential:
        """Return the sync credential."""
        return UserCredential(self.token_source, self._drivers.sync)

    def aio(self) -> AsyncUserCredential:
        """Return the async credential."""
        return AsyncUserCredential(self.token_source, self._drivers.aio)
