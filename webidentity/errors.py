"""The exceptions that credentials raise, beside those of azure-core."""

from collections.abc import Iterable
from typing import Any

from azure.core.exceptions import ClientAuthenticationError


class EntraError(ClientAuthenticationError):
    """The authority refused a token request.

    A :class:`~azure.core.exceptions.ClientAuthenticationError` that keeps what Microsoft Entra ID said, so that a
    handler need not parse the message. The message never contains a token, a code or a secret.

    :param str message: what failed, and what to do next.
    :keyword response: the HTTP response, also at ``.response``.
    """

    #: OAuth 2.0 error code, for example "invalid_grant" (RFC 6749 section 5.2). None when the reply had none.
    # azure-core annotates its OData object here, which Entra never sends.
    error: str | None  # type: ignore[assignment]
    #: Entra's refinement of ``error``, for example "consent_required".
    suberror: str | None
    #: The numbers of the AADSTS codes, for example ``(65001,)``.
    error_codes: tuple[int, ...]
    #: What to quote to Microsoft's support.
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
        # Without the response: azure-core would put an OData error of its body, unscrubbed, in the message's place.
        super().__init__(message=message)
        if response is not None:
            self.response, self.reason, self.status_code = response, response.reason, response.status_code
        self.error = error  # pyright: ignore[reportIncompatibleVariableOverride]
        self.suberror = suberror
        self.error_codes = error_codes
        self.correlation_id = correlation_id
        self.claims = claims

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the response, which has the request with its secrets."""
        values = (self.error, self.suberror, self.error_codes, self.correlation_id, self.claims)
        return _rebuild, (self.message, *values)

    def __str__(self) -> str:
        """Only the message: azure-core would append the body of the response, which may hold a token."""
        return self.message

    @property
    def needs_interaction(self) -> bool:
        """Whether only the user can help: consent, multi-factor authentication, a new sign-in."""
        return self.error in {"interaction_required", "consent_required", "login_required", "invalid_grant"}

    @property
    def refresh_token_is_spent(self) -> bool:
        """Whether the refresh token that was sent will never work again; one that lacks consent will."""
        return self.error == "invalid_grant" and self.suberror in {None, "bad_token", "token_expired"}


def _rebuild(message: str, *values: Any) -> EntraError:
    names = ("error", "suberror", "error_codes", "correlation_id", "claims")
    return EntraError(message, **dict(zip(names, values, strict=True)))


class CredentialUnavailableError(ClientAuthenticationError):
    """The credential did not attempt to authenticate because required data or state is unavailable."""


class ChainError(ClientAuthenticationError):
    """No credential of a chain provided a token.

    :param str message: which credentials were asked, why each of them had no token, and what to do next.
    :keyword attempts: the names of those that were asked and their errors, in order.
    """

    #: Name and error of each credential that was asked, in order.
    attempts: tuple[tuple[str, Exception], ...]

    def __init__(self, message: str, *, attempts: Iterable[tuple[str, Exception]] = ()) -> None:
        super().__init__(message=message)
        self.attempts = tuple(attempts)
        response = getattr(self.attempts[-1][1], "response", None) if self.attempts else None
        if response is not None:
            self.response, self.reason, self.status_code = response, response.reason, response.status_code

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the errors, which may have responses."""
        return ChainError, (self.message,)

    def __str__(self) -> str:
        """Only the message, not the body of the response."""
        return self.message


class AuthenticationRequiredError(CredentialUnavailableError):
    """The user has to sign in, consent or prove more before this token can be had.

    :param scopes: scopes requested during the failed authentication.
    :param message: what to do, the default asks to call ``authenticate``.
    :param claims: additional claims required in the next authentication, a JSON string.
    """

    def __init__(
        self, scopes: Iterable[str], message: str | None = None, claims: str | None = None, **kwargs: Any
    ) -> None:
        self._scopes = tuple(scopes)
        self._claims = claims
        super().__init__(
            message=message or "Interactive authentication is required to get a token. Call 'authenticate' to begin.",
            **kwargs,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the response, which has the request with its secrets."""
        return AuthenticationRequiredError, (self._scopes, self.message, self._claims)

    @property
    def scopes(self) -> tuple[str, ...]:
        """Scopes requested during the failed authentication."""
        return self._scopes

    @property
    def claims(self) -> str | None:
        """Additional claims required in the next authentication."""
        return self._claims
