"""The user that a request acts for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from webidentity.errors import AuthenticationRequiredError
from webidentity.record import AuthenticationRecord
from webidentity.web._answer import Answer
from webidentity.web._credential import AsyncUserCredential, CredentialFactory, UserCredential
from webidentity.web._session_state import SessionState


@dataclass(slots=True, eq=False)  # not frozen: one for each request, see docs/decisions/web.md
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
        credentials: Callable[[], CredentialFactory] | None = None,
        refusal: Answer | None = None,
    ) -> None:
        self._principal = principal
        self._create_credentials = credentials
        self._credentials: CredentialFactory | None = None
        #: The session that the authority should be asked about. For guards.
        self.due: SessionState | None = None
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

    @cached_property
    def record(self) -> AuthenticationRecord | None:
        """The account, None when no user is signed in."""
        # A copy, because other requests of the session share the principal's own record.
        return replace(self._principal.record) if self._principal else None

    @property
    def claims(self) -> dict[str, Any]:
        """The verified claims: those of the ID token for a session, those of the access token for a bearer token.

        A dictionary that can be written as JSON. It is a copy: changes affect neither the request nor the session.
        """
        return {name: _copied(value) for name, value in self._principal.claims.items()} if self._principal else {}

    @property
    def credentials(self) -> CredentialFactory | None:
        """Creates the credentials, None when no user is signed in. For guards."""
        # One for the request: the credentials share their tokens.
        if self._credentials is None and self._create_credentials is not None:
            self._credentials = self._create_credentials()
        return self._credentials

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


def _copied(value: Any) -> Any:
    """Copy a value of a JSON document, ten times as fast as ``deepcopy``."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _copied(member) for name, member in members.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]  # pyright: ignore[reportUnknownVariableType]  # mypy refuses a cast
    return value


#: The Cache-Control of a response for a user, unless the view sets another.
_UNSTORED = "private, no-store"
#: Directives for shared caches, and "private", which is added anyway.
_SHARED = frozenset({"public", "private", "s-maxage"})


def private_headers(
    identity: Identity | None, cache_control: str | None, vary: str | None
) -> tuple[tuple[str, str], ...]:
    """Return the Cache-Control and the Vary of a response if they must change: the values replace those of the view.

    Nothing changes if no user is signed in. A response for a user is not stored at all, unless the view sets for how
    long. Shared caches never store it.

    :param identity: the request's identity, None if it was not used.
    :param cache_control: the header that the view has set.
    :param vary: the header that the view has set.
    """
    if not identity:
        return ()
    field = "Authorization" if identity.is_bearer else "Cookie"
    # Usually the view sets neither, and the headers are checked again when they have been set.
    if cache_control == _UNSTORED and vary == field:
        return ()
    if not cache_control and not vary:
        return ("Cache-Control", _UNSTORED), ("Vary", field)
    wanted = (
        ("Cache-Control", cache_control, _private_cache_control(cache_control)),
        ("Vary", vary, _with_field(vary, field)),
    )
    return tuple((name, value) for name, given, value in wanted if value != given)


def _with_field(vary: str | None, name: str) -> str:
    """Return the value of a Vary header with the name of a field added (RFC 9110 section 12.5.5)."""
    if not vary:
        return name
    fields = [field.strip() for field in vary.split(",") if field.strip()]
    if "*" in fields or name.lower() in {field.lower() for field in fields}:
        return vary
    return ", ".join([*fields, name])


def _private_cache_control(current: str | None) -> str:
    if not current:
        return _UNSTORED
    # Names of directives are case-insensitive, and quoted values may have commas (RFC 9111 section 5.2). "private" also
    # beside "no-store": a cache may ignore that for "must-understand".
    directives = [item.strip() for item in re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^,"]|")+', current)]
    kept = [item for item in directives if item and item.partition("=")[0].strip().lower() not in _SHARED]
    return ", ".join(["private", *kept])
