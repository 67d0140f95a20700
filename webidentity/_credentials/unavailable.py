"""A substitute in a chain for a credential that cannot be used."""

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

    def get_token(self, *_: str, **__: Any) -> NoReturn:
        """Raise the reason.

        :raises CredentialUnavailableError: always.
        """
        raise CredentialUnavailableError(message=self._reason)

    def get_token_info(self, *_: str, **__: Any) -> NoReturn:
        """Raise the reason.

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
