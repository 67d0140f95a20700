"""Who the request acts for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from webidentity.errors import AuthenticationRequiredError
from webidentity.record import AuthenticationRecord
from webidentity.web._answer import Answer
from webidentity.web._credential import AsyncUserCredential, CredentialFactory, UserCredential
from webidentity.web._session import SessionState


@dataclass(frozen=True, slots=True)
class Principal:
    """A user whose identity has been verified, by session or by bearer token."""

    record: AuthenticationRecord
    claims: Mapping[str, Any] = field(repr=False)
    #: The session this is, None for a bearer caller.
    session: SessionState | None = None


class Identity:
    """The identity of one request: ``request.identity`` in Django, ``current_identity`` in Flask.

    Falsy when nobody is signed in.
    """

    def __init__(
        self,
        principal: Principal | None = None,
        credentials: CredentialFactory | None = None,
        refusal: Answer | None = None,
    ) -> None:
        self._principal = principal
        #: Makes the credentials, None when nobody is signed in.
        self.credentials = credentials
        #: What a guard answers when the caller presented something unacceptable.
        self.refusal = refusal

    def __bool__(self) -> bool:
        return self._principal is not None

    def __repr__(self) -> str:
        kind = "nobody" if self._principal is None else "a session" if self._principal.session else "a bearer token"
        return f"<Identity of {kind}>"

    @property
    def is_authenticated(self) -> bool:
        """Whether the request acts for a user."""
        return self._principal is not None

    @property
    def is_bearer(self) -> bool:
        """Whether the user came with a bearer token and not with a session."""
        return self._principal is not None and self._principal.session is None

    @property
    def session(self) -> SessionState | None:
        """The session, None for a bearer caller."""
        return self._principal.session if self._principal else None

    @property
    def record(self) -> AuthenticationRecord | None:
        """The account, None when nobody is signed in."""
        return self._principal.record if self._principal else None

    @property
    def claims(self) -> Mapping[str, Any]:
        """The verified claims: of the ID token for a session, of the access token for a bearer caller."""
        return MappingProxyType(dict(self._principal.claims)) if self._principal else MappingProxyType({})

    @cached_property
    def credential(self) -> UserCredential:
        """A credential for Azure SDK clients that acts for this request's user.

        :raises ~webidentity.AuthenticationRequiredError: nobody is signed in.
        """
        return self._require_credentials().sync()

    @cached_property
    def aio_credential(self) -> AsyncUserCredential:
        """The same for async Azure SDK clients.

        :raises ~webidentity.AuthenticationRequiredError: nobody is signed in.
        """
        return self._require_credentials().aio()

    def _require_credentials(self) -> CredentialFactory:
        if self.credentials is None:
            raise AuthenticationRequiredError((), "Nobody is signed in: guard the view with @require_sign_in.")
        return self.credentials
