"""The ID of a session on the server. It changes at each sign-in, because someone else may know the earlier one."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from webidentity.web import SettingsError


def check_session_interface(app: Flask) -> None:
    """Check that the application can give a session a new ID.

    :raises SettingsError: its session interface cannot.
    """
    interface = app.session_interface
    if not _has_ids(interface) or callable(getattr(interface, "regenerate", None)):
        return
    raise SettingsError(
        f"The session interface {type(interface).__name__} cannot give a session a new ID, so that a sign-in would "
        "keep an ID that others may know. Use Flask-Session 0.8 or newer, or give the interface a method "
        "regenerate(session)."
    )


def renew_id(app: Flask, session: Any) -> None:
    """Give the session a new ID, unless it is Flask's signed cookie, which has none.

    :param session: not empty.
    :raises RuntimeError: the session still has the earlier ID.
    """
    interface: Any = app.session_interface
    if not _has_ids(interface):
        return
    earlier = getattr(session, "sid", None)
    interface.regenerate(session)
    if earlier is not None and session.sid == earlier:
        session.clear()
        raise RuntimeError(f"{type(interface).__name__}.regenerate did not give the session a new ID")


def _has_ids(interface: Any) -> bool:
    return not isinstance(interface, SecureCookieSessionInterface)
