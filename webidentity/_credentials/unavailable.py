"""What stands in a chain for a credential that could not be made."""

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

    def get_token(self, *_: str, **__: Any) -> NoReturn:
        """Give the reason.

        :raises CredentialUnavailableError: always.
        """
        raise CredentialUnavailableError(message=self._reason)

    def get_token_info(self, *_: str, **__: Any) -> NoReturn:
        """Give the reason.

        :raises CredentialUnavailableError: always.
        """
        raise CredentialUnavailableError(message=self._reason)

    def close(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""
