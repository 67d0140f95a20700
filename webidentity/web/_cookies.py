"""The cookies that the sign-in itself sets: their attributes and their names."""

from dataclasses import dataclass, field
from typing import Any

from webidentity.cache._partition import digest

#: Pending sign-ins of one browser, in as many tabs.
PENDING_SLOTS = 6


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set, or to delete if its value is empty. Always HttpOnly, Path=/ and SameSite=Lax.

    :param max_age: seconds that the browser keeps the cookie.
    """

    name: str
    value: str = field(repr=False)
    max_age: int
    secure: bool

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes, named as in the ``set_cookie`` methods of Flask and Django."""
        return {"max_age": self.max_age, "secure": self.secure, "httponly": True, "samesite": "Lax", "path": "/"}

    def header(self) -> str:
        """Return the value of the ``Set-Cookie`` header."""
        from http.cookies import SimpleCookie  # Flask and Django write cookies themselves

        cookie: SimpleCookie = SimpleCookie({self.name: self.value})
        for name, value in self.attributes.items():
            cookie[self.name][name.replace("_", "-")] = value
        return cookie[self.name].OutputString()


class CookieNames:
    """The names of one application's cookies.

    Over https each name has the ``__Host-`` prefix, so that a sibling host cannot set the cookie (RFC 6265bis section
    4.1.3.2). Each name contains a digest of the client ID: browsers send a host's cookies to the applications on all
    of its ports.
    """

    def __init__(self, client_id: str, *, is_secure: bool) -> None:
        # Django's debug page hides the value of a cookie whose name contains "auth".
        prefix = f"{'__Host-' if is_secure else ''}webidentity-auth-"
        application = digest(client_id)[:6]
        #: The cookies of pending sign-ins, a fixed set: a browser that opens many pages at once must not collect more
        #: cookies than a server accepts. The first is for long requests.
        self.pending: tuple[str, ...] = tuple(f"{prefix}{application}-{slot}" for slot in range(PENDING_SLOTS))
        #: Counts the sign-ins that were just completed for the same page.
        self.completed = f"{prefix}done-{application}"
        #: Names the session that starts if the user decides for another account.
        self.account_change = f"{prefix}account-{application}"
