"""Answers as Flask's responses and as changes of its session."""

from importlib import import_module
from typing import Any, cast

from flask import Response, current_app, request, session

from webidentity.web import SESSION_KEY, Answer, StartSession
from webidentity_flask._session_id import renew_id


def respond(answer: Answer) -> Response:
    """Change the session as the answer says, and return its response."""
    if answer.session == "end":
        _end_session()
    elif answer.session is not None:
        _start_session(answer.session)
    return Response(answer.body, answer.status, answer.header_list())


def _start_session(start: StartSession) -> None:
    if not start.keeps(has_login=has_login()):
        _end_session()
    # Before the ID: Flask-Session does not regenerate the ID of an empty session.
    session[SESSION_KEY] = dict(start.value)
    renew_id(current_app, session)


def has_login() -> bool:
    """Whether a user of Flask-Login is logged in, or will be by its cookie."""
    if not hasattr(current_app, "login_manager"):
        return False
    config = cast("dict[str, Any]", current_app.config)
    return "_user_id" in session or config.get("REMEMBER_COOKIE_NAME", "remember_token") in request.cookies


def _end_session() -> None:
    if has_login():
        import_module("flask_login").logout_user()
    # Flask-Login deletes its cookie if this is in the session when the request ends.
    kept = {name: session[name] for name in ("_remember",) if name in session}
    session.clear()
    session.update(kept)
