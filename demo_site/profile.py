"""Who signed in, for people: the AuthenticationRecord and the claims of the ID token, each with what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from webidentity import AuthenticationRecord

_FIELDS = {
    "username": "The name you sign in with. For display: it can change, and be given to somebody else.",
    "home_account_id": "Your object id and your home tenant: the key of your account, everywhere and for good.",
    "tenant_id": "The tenant you signed in to.",
    "client_id": "The application that signed you in: this site's registration.",
    "authority": "The host that vouches for you.",
}
_CLAIMS = {
    "name": "Your name, for display.",
    "preferred_username": "The name you sign in with, for display.",
    "oid": "Your object id in this tenant, the same for every application.",
    "sub": "Your id for this application alone: another application sees a different one.",
    "tid": "The tenant that issued the token. Together with oid it is the key for your data.",
    "aud": "Whom the token is for: it must be this site, or it is refused.",
    "iss": "Who issued it: it must be the tenant that this site trusts.",
    "iat": "When it was issued.",
    "exp": "When it expires. Your session does not end then; it lives by its own rules.",
    "login_hint": "Lets a sign-out go ahead without asking which account is meant.",
    "sid": "Your session at the authority.",
    "roles": "App roles that an administrator gave you.",
}
_TIMES = frozenset({"iat", "exp", "nbf", "auth_time"})


@dataclass(frozen=True)
class Row:
    """A name, its value, and what it means."""

    name: str
    value: str
    meaning: str = ""


@dataclass(frozen=True)
class Profile:
    """Everything the profile page shows."""

    name: str
    username: str
    record: tuple[Row, ...]
    claims: tuple[Row, ...]
    other_claims: tuple[Row, ...]


def profile_of(record: AuthenticationRecord, claims: Mapping[str, Any]) -> Profile:
    """Return the profile of a signed-in user."""
    known = [name for name in _CLAIMS if name in claims]
    other = sorted(name for name in claims if name not in _CLAIMS)
    return Profile(
        name=str(claims.get("name") or record.username),
        username=record.username,
        record=tuple(Row(name, getattr(record, name), meaning) for name, meaning in _FIELDS.items()),
        claims=tuple(Row(name, _text(name, claims[name]), _CLAIMS[name]) for name in known),
        other_claims=tuple(Row(name, _text(name, claims[name])) for name in other),
    )


def _text(name: str, value: Any) -> str:
    if name in _TIMES and isinstance(value, int | float):
        return f"{datetime.fromtimestamp(value, UTC):%d %B %Y, %H:%M:%S} UTC"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
