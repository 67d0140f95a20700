"""The profile page: the AuthenticationRecord and the ID token claims, each with an explanation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from webidentity import AuthenticationRecord

_FIELDS = {
    "username": "Your username. Use it for display only: it can change or be reassigned to another user.",
    "home_account_id": "Your object ID and home tenant ID. Together they identify your account permanently.",
    "tenant_id": "The tenant you signed in to.",
    "client_id": "The application that you signed in to: this site's registration.",
    "authority": "The host of the identity provider that signed you in.",
}
_CLAIMS = {
    "name": "Your name, for display.",
    "preferred_username": "Your username, for display.",
    "oid": "Your object ID in this tenant. It is the same for every application.",
    "sub": "Subject: your ID in this application. Other applications see a different one.",
    "tid": "The tenant that issued the token. Use tid and oid together as the key for a user's data.",
    "aud": "Audience: who may accept this token. It must be this site.",
    "iss": "Issuer: who issued this token. It must be the tenant that this site trusts.",
    "iat": "When the token was issued.",
    "exp": "When the token expires. Your session has its own lifetime and does not end then.",
    "login_hint": "Tells the identity provider which account to sign out, so that it does not have to ask.",
    "sid": "Your session at the identity provider.",
    "roles": "App roles that an administrator assigned to you.",
}
_TIMES = frozenset({"iat", "exp", "nbf", "auth_time"})


@dataclass(frozen=True)
class ClaimRow:
    """A field or claim: its name, its value, and what it means."""

    name: str
    value: str
    meaning: str = ""


@dataclass(frozen=True)
class Profile:
    """Everything that the profile page shows."""

    name: str
    username: str
    record: tuple[ClaimRow, ...]
    claims: tuple[ClaimRow, ...]
    other_claims: tuple[ClaimRow, ...]


def profile_of(record: AuthenticationRecord, claims: Mapping[str, Any]) -> Profile:
    """Return the profile of a signed-in user."""
    known = [name for name in _CLAIMS if name in claims]
    other = sorted(name for name in claims if name not in _CLAIMS)
    return Profile(
        name=str(claims.get("name") or record.username),
        username=record.username,
        record=tuple(ClaimRow(name, getattr(record, name), meaning) for name, meaning in _FIELDS.items()),
        claims=tuple(ClaimRow(name, _text(name, claims[name]), _CLAIMS[name]) for name in known),
        other_claims=tuple(ClaimRow(name, _text(name, claims[name])) for name in other),
    )


def _text(name: str, value: Any) -> str:
    if name in _TIMES and isinstance(value, int | float):
        return f"{datetime.fromtimestamp(value, UTC):%d %B %Y, %H:%M:%S} UTC"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
