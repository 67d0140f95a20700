"""What stands in an async chain for a credential that could not be made."""

from typing import Any, NoReturn, Self

from webidentity.errors import CredentialUnavailableError


class UnavailableCredential:
    """Has only a reason why there is no token.

    :param name: the class that it stands for.
    :param reason: what is missing, and what to do about it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.unavailable_name = name
        self._reason = reason

    async def get_token(self, *_: str, **__: Any) -> NoReturn:
        """Give the reason.

        :raises CredentialUnavailableError: always.
        """
        raise CredentialUnavailableError(message=self._reason)

    async def get_token_info(self, *_: str, **__: Any) -> NoReturn:
        """Give the reason.

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
