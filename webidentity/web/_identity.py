"""The user that a request acts for."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from webidentity.errors import AuthenticationRequiredError
from webidentity.record import AuthenticationRecord
from webidentity.web._answer import Answer
from webidentity.web._credential import AsyncUserCredential, CredentialFactory, UserCredential


@dataclass(frozen=True, slots=True)
class Principal:
    """A user whose session or bearer token has been verified."""

    record: AuthenticationRecord = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    is_bearer: bool


class Identity:
    """The identity of one request: ``request.identity`` in Django, ``current_identity`` in Flask.

    False in a boolean context when no user is signed in.
    """

    def __init__(
        self,
        principal: Principal | None = None,
        credentials: CredentialFactory | None = None,
        refusal: Answer | None = None,
    ) -> None:
        self._principal = principal
        #: Creates the credentials, None when no user is signed in. For guards.
        self.credentials: CredentialFactory | None = credentials
        #: The response of a guard when the session or the bearer token could not be accepted. For guards.
        self.refusal: Answer | None = refusal

    def __bool__(self) -> bool:
        return self._principal is not None

    def __repr__(self) -> str:
        kind = "anonymous" if self._principal is None else "bearer token" if self._principal.is_bearer else "session"
        return f"<Identity: {kind}>"

    @property
    def is_authenticated(self) -> bool:
        """Whether the request acts for a user."""
        return self._principal is not None

    @property
    def is_bearer(self) -> bool:
        """Whether the request has a bearer token and not a session."""
        return self._principal is not None and self._principal.is_bearer

    @property
    def record(self) -> AuthenticationRecord | None:
        """The account, None when no user is signed in."""
        return self._principal.record if self._principal else None

    @property
    def claims(self) -> dict[str, Any]:
        """The verified claims: those of the ID token for a session, those of the access token for a bearer token.

        A dictionary that can be written as JSON. It is a copy: changes affect neither the request nor the session.
        """
        return deepcopy(dict(self._principal.claims)) if self._principal else {}

    @cached_property
    def credential(self) -> UserCredential:
        """A credential for Azure SDK clients that acts for this request's user.

        :raises ~webidentity.AuthenticationRequiredError: no user is signed in.
        """
        return self._require_credentials().sync()

    @cached_property
    def aio_credential(self) -> AsyncUserCredential:
        """A credential for async Azure SDK clients that acts for this request's user.

        :raises ~webidentity.AuthenticationRequiredError: no user is signed in.
        """
        return self._require_credentials().aio()

    def _require_credentials(self) -> CredentialFactory:
        if self.credentials is None:
            raise AuthenticationRequiredError((), "No user is signed in: guard the view with @require_sign_in.")
        return self.credentials


def private_headers(identity: Identity | None, cache_control: str | None) -> tuple[str, str] | None:
    """Return the Cache-Control of a response and the header to add to its Vary, None if no user is signed in.

    Such a response is not stored at all, unless the view sets for how long. Shared caches never store it.

    :param identity: the request's identity, None if it was not used.
    :param cache_control: the header that the view has set.
    """
    if not identity:
        return None
    return _private_cache_control(cache_control), "Authorization" if identity.is_bearer else "Cookie"


def _private_cache_control(current: str | None) -> str:
    if not current:
        return "private, no-store"
    # Names of directives are case-insensitive (RFC 9111 section 5.2).
    directives = [(item.partition("=")[0].strip().lower(), item.strip()) for item in current.split(",")]
    if any(name == "no-store" for name, _ in directives):
        return current
    return ", ".join(["private", *(item for name, item in directives if name not in {"public", "private", "s-maxage"})])
