"""What an adapter has to send, and to do to its session."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from webidentity.web._session import SessionState


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set, or with an empty value to delete. Always HttpOnly, Path=/ and SameSite=Lax."""

    name: str
    value: str = field(repr=False)
    max_age: int
    secure: bool


@dataclass(frozen=True, slots=True)
class StartSession:
    """Give the browser a new session id and this state; drop all that another user left in the session."""

    state: SessionState
    same_user: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. ``session`` says what happens to the framework's session: a new one, its end, or nothing."""

    status: int
    body: str = field(default="", repr=False)
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    cookies: tuple[Cookie, ...] = ()
    session: StartSession | Literal["end"] | None = None

    def with_cookies(self, *cookies: Cookie) -> "Answer":
        """Return the answer with these cookies too."""
        return self._replace(cookies=(*self.cookies, *cookies))

    def with_session(self, session: StartSession | Literal["end"]) -> "Answer":
        """Return the answer with this to do to the session."""
        return self._replace(session=session)

    def _replace(self, **changes: Any) -> "Answer":
        values = {name: getattr(self, name) for name in self.__slots__}
        return Answer(**{**values, **changes})


#: Answers of the sign-in must not be stored, framed, or named to the next site (RFC 9700 section 4.2.4).
_GUARDED = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)


def redirect(url: str, *, status: int = 302) -> Answer:
    """Return a redirection; the method becomes GET."""
    return Answer(status, headers=(*_GUARDED, ("Location", url)))


def json_answer(status: int, content: dict[str, Any], headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return a JSON document."""
    return Answer(status, json.dumps(content), "application/json", (*_GUARDED, *headers))


def html_answer(status: int, html: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return a page."""
    return Answer(status, html, headers=(*_GUARDED, *headers))


def private_cache_control(current: str | None) -> str:
    """Return the Cache-Control of a response for a signed-in user.

    Nothing of it is kept, unless the view says for how long; never by a cache that others use.
    """
    if not current:
        return "private, no-store"
    directives = [directive.strip() for directive in current.split(",")]
    if "no-store" in directives:
        return current
    kept = [item for item in directives if item not in {"public", "private"} and not item.startswith("s-maxage")]
    return ", ".join(["private", *kept])
