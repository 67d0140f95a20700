"""A substitute in an async chain for a credential that cannot be used."""

from typing import Any, NoReturn, Self

from webidentity.errors import CredentialUnavailableError


class UnavailableCredential:
    """Takes the place of a credential that cannot be used, and raises the reason.

    :param name: the class whose place it takes.
    :param reason: what is missing, and how to provide it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.unavailable_name = name
        self._reason = reason

    async def get_token(self, *_: str, **__: Any) -> NoReturn:
        """Raise the reason.

        :raises CredentialUnavailableError: always.
        """
        raise CredentialUnavailableError(message=self._reason)

    async def get_token_info(self, *_: str, **__: Any) -> NoReturn:
        """Raise the reason.

        :raises CredentialUnavailableError: always.
        """
        raise CredentialUnavailableError(message=self._reason)

    async def close(self) -> None:
        """Do nothing."""

    async def __aenter__(self) -> Self:
        """Do nothing."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Do nothing."""
