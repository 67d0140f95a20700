"""The response that an adapter sends, and the change that it makes to the session."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from webidentity.web._cookies import Cookie


@dataclass(frozen=True, slots=True)
class StartSession:
    """Give the session a new ID and store ``value`` in it under ``SESSION_KEY``.

    :param same_user: whether the session's other content may stay. If False, remove it: it belongs to another user.
    :param same_login: whether a login of the framework itself, such as that of ``django.contrib.auth``, may stay too.
        If False, and there is such a login, end it and remove the session's other content: both may be another user's.
    """

    value: Mapping[str, str] = field(repr=False)
    same_user: bool
    same_login: bool = False

    def keeps(self, *, has_login: bool) -> bool:
        """Return whether the session's other content stays. Otherwise the adapter removes it, and ends the login.

        :param has_login: whether there is a login of the framework itself.
        """
        return self.same_user and (self.same_login or not has_login)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to send.

    :param session: the change to the framework's session: start one, end it, or None to leave it as it is.
    """

    status: int
    body: str = field(default="", repr=False)
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    cookies: tuple[Cookie, ...] = ()
    session: StartSession | Literal["end"] | None = None

    def with_cookies(self, *cookies: Cookie) -> "Answer":
        """Return the answer with these cookies added."""
        return self._replace(cookies=(*self.cookies, *cookies))

    def with_session(self, session: StartSession | Literal["end"]) -> "Answer":
        """Return the answer with this change to the session."""
        return self._replace(session=session)

    def header_list(self) -> list[tuple[str, str]]:
        """Return all headers, ``Content-Type`` and ``Set-Cookie`` included, as WSGI expects them."""
        cookies = [("Set-Cookie", cookie.header()) for cookie in self.cookies]
        return [("Content-Type", self.content_type), *self.headers, *cookies]

    def _replace(self, **changes: Any) -> "Answer":
        values = {name: getattr(self, name) for name in self.__slots__}
        return Answer(**{**values, **changes})


#: Responses of the sign-in are not stored, not framed, and send no Referer to other sites (RFC 9700 section 4.2.4).
_PROTECTION = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)


def redirect(url: str, *, status: int = 302) -> Answer:
    """Return a redirection."""
    return Answer(status, headers=_protected(("Location", url)))


def json_answer(status: int, content: dict[str, Any], headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return a JSON document."""
    return Answer(status, json.dumps(content), "application/json", _protected(*headers))


def html_answer(status: int, html: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return a page."""
    return Answer(status, html, headers=_protected(*headers))


def _protected(*headers: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the headers and those of ``_PROTECTION`` that they do not replace."""
    return tuple({**dict(_PROTECTION), **dict(headers)}.items())
