"""The exceptions that credentials raise, in addition to those of azure-core."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Self

from azure.core.exceptions import ClientAuthenticationError


class EntraError(ClientAuthenticationError):
    """The authority refused a token request.

    It is a :class:`~azure.core.exceptions.ClientAuthenticationError` with the error that Microsoft Entra ID returned as
    attributes, so that a handler does not have to parse the message. The message never contains a token, a code or a
    secret.

    :param str message: what failed, and what to do next.
    :keyword response: the HTTP response, also at ``.response``.
    """

    #: OAuth 2.0 error code, for example "invalid_grant" (RFC 6749 section 5.2). None if the reply had no error code.
    # azure-core declares its OData object here, which Entra never sends.
    error: str | None  # type: ignore[assignment]
    #: Entra's detail of ``error``, for example "consent_required".
    suberror: str | None
    #: The numbers of the AADSTS codes, for example ``(65001,)``.
    error_codes: tuple[int, ...]
    #: The ID of the request (``client-request-id``), for Microsoft's support.
    correlation_id: str | None
    #: The claims challenge that the next interactive request must carry, a JSON string.
    claims: str | None

    def __init__(
        self,
        message: str,
        *,
        response: Any = None,
        error: str | None = None,
        suberror: str | None = None,
        error_codes: tuple[int, ...] = (),
        correlation_id: str | None = None,
        claims: str | None = None,
    ) -> None:
        # Not with response=: azure-core would replace the message with an OData error from the body, secrets included.
        super().__init__(message=message)
        _set_response(self, response)
        self.error = error  # pyright: ignore[reportIncompatibleVariableOverride]
        self.suberror = suberror
        self.error_codes = error_codes
        self.correlation_id = correlation_id
        self.claims = claims

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the response, because its request contains secrets."""
        values = (self.error, self.suberror, self.error_codes, self.correlation_id, self.claims)
        return _rebuild, (self.message, *values)

    def __str__(self) -> str:
        """Return only the message: azure-core would append the body of the response, which may contain a token."""
        return self.message

    @property
    def needs_interaction(self) -> bool:
        """Whether the user has to interact: to consent, for multi-factor authentication, or to sign in again."""
        if self.suberror == "consent_required":
            return True
        return self.error in {"interaction_required", "consent_required", "login_required", "invalid_grant"}

    @property
    def refresh_token_is_spent(self) -> bool:
        """Whether the refresh token is permanently invalid. If only consent is missing, it is still valid."""
        return self.error == "invalid_grant" and self.suberror in {None, "bad_token", "token_expired"}


def _set_response(error: ClientAuthenticationError, response: Any) -> None:
    if response is not None:
        error.response, error.reason, error.status_code = response, response.reason, response.status_code


def _rebuild(message: str, *values: Any) -> EntraError:
    names = ("error", "suberror", "error_codes", "correlation_id", "claims")
    return EntraError(message, **dict(zip(names, values, strict=True)))


class CredentialUnavailableError(ClientAuthenticationError):
    """The credential did not attempt to authenticate because required data or state is unavailable.

    In a program that has imported azure-identity, it is also azure-identity's exception of the same name, so
    ``except azure.identity.CredentialUnavailableError`` and azure-identity's chains recognise it.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Create the exception, after making its class one of azure-identity's if the program may test for those."""
        _derive_from_azure_identity()
        return super().__new__(cls, *args, **kwargs)


def _derive_from_azure_identity() -> None:
    # Not when this module is imported: azure-identity may be imported later, and is slow to import.
    theirs = sys.modules.get("azure.identity")
    for ours, base in (
        (CredentialUnavailableError, ClientAuthenticationError),
        (AuthenticationRequiredError, CredentialUnavailableError),
    ):
        found = getattr(theirs, ours.__name__, None)
        if not isinstance(found, type) or issubclass(ours, found):
            continue
        # ``except`` compares classes by inheritance only; ``__subclasscheck__`` is not called.
        with suppress(TypeError):  # an application's class has both as bases, in the other order
            ours.__bases__ = (found,) if issubclass(found, base) else (base, found)


class AuthorityUnavailableError(ClientAuthenticationError):
    """The authority did not answer in time, or asked for a pause, so a web application did not get a token.

    It is a :class:`~azure.core.exceptions.ClientAuthenticationError`, because the retry policies of Azure SDK clients
    pass those on at once.

    :param str message: what failed.
    :keyword retry_after: the seconds after which a request may succeed, for the header ``Retry-After``.
    :keyword was_sent: whether the request was sent: False during a pause.
    """

    #: The seconds after which a request may succeed.
    retry_after: int
    #: Whether the request was sent. During a pause, none is.
    was_sent: bool
    #: The ID of the request that was not answered, for Microsoft's support. None if none was sent.
    correlation_id: str | None

    def __init__(self, message: str, *, retry_after: int, was_sent: bool = True) -> None:
        super().__init__(message=message)
        self.retry_after = retry_after
        self.was_sent = was_sent
        self.correlation_id = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the attributes."""
        return _rebuild_unavailable, (self.message, self.retry_after, self.was_sent, self.correlation_id)


def _rebuild_unavailable(
    message: str, retry_after: int, was_sent: bool, correlation_id: str | None
) -> AuthorityUnavailableError:
    error = AuthorityUnavailableError(message, retry_after=retry_after, was_sent=was_sent)
    error.correlation_id = correlation_id
    return error


class ChainError(ClientAuthenticationError):
    """No credential of a chain provided a token.

    :param str message: which credentials were tried, why each of them failed, and what to do next.
    :keyword attempts: the names of the credentials that were tried and their errors, in order.
    """

    #: Name and error of each credential that was tried, in order.
    attempts: tuple[tuple[str, Exception], ...]

    def __init__(self, message: str, *, attempts: Iterable[tuple[str, Exception]] = ()) -> None:
        super().__init__(message=message)
        self.attempts = tuple(attempts)
        _set_response(self, getattr(self.attempts[-1][1], "response", None) if self.attempts else None)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the errors, because they may have responses."""
        return ChainError, (self.message,)

    def __str__(self) -> str:
        """Return only the message, without the body of the response."""
        return self.message


class AuthenticationRequiredError(CredentialUnavailableError):
    """The user has to sign in, consent or complete multi-factor authentication before a token can be acquired.

    :param scopes: the scopes that were requested.
    :param message: what to do. The default message says to call ``authenticate``.
    :param claims: additional claims required in the next authentication, a JSON string.
    """

    def __init__(
        self, scopes: Iterable[str], message: str | None = None, claims: str | None = None, **kwargs: Any
    ) -> None:
        self._scopes = tuple(scopes)
        self._claims = claims
        # Not super(), which may be azure-identity's class of the same name.
        ClientAuthenticationError.__init__(
            self,
            message=message or "Interactive authentication is required to get a token. Call 'authenticate' to begin.",
            **kwargs,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the response, because its request contains secrets."""
        return AuthenticationRequiredError, (self._scopes, self.message, self._claims)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that were requested."""
        return self._scopes

    @property
    def claims(self) -> str | None:
        """Additional claims required in the next authentication."""
        return self._claims
