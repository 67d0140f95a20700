"""The exception of a request's credential when only the user can continue."""

from types import TracebackType
from typing import Any

from azure.core.exceptions import AzureError

from webidentity.errors import AuthenticationRequiredError


class _WithoutAzureError(type):
    """Leaves AzureError out of a class's method resolution order, which is what ``except AzureError`` looks at."""

    def mro(cls) -> list[type]:
        return [base for base in super().mro() if base is not AzureError]


class _PlainError(Exception):
    """Sets what AzureError sets."""

    def __init__(self, message: object, *args: Any, **kwargs: Any) -> None:
        self.inner_exception: BaseException | None = kwargs.get("error")
        self.exc_type: type[Any] | None = None
        self.exc_value: BaseException | None = None
        self.exc_traceback: TracebackType | None = None
        self.message: str = str(message)
        self.exc_msg: str = self.message
        self.continuation_token: str | None = kwargs.get("continuation_token")
        super().__init__(self.message, *args)


class UserNeededError(AuthenticationRequiredError, _PlainError, metaclass=_WithoutAzureError):
    """An AuthenticationRequiredError that passes through the retry policies of all Azure SDK clients at once.

    The policy of azure-storage retries each AzureError for more than a minute, although the user has to act. This one
    is an :class:`~webidentity.AuthenticationRequiredError` and a
    :class:`~azure.core.exceptions.ClientAuthenticationError` to ``except``, but no AzureError.
    """

    #: The user of the session, who is expected to sign in: the claim ``login_hint``, or a username.
    login_hint: str | None = None
