"""Answers as Flask's responses and as changes of its session."""

from flask import Response, current_app, session

from webidentity.web import SESSION_KEY, Answer, StartSession
from webidentity_flask._session_id import renew_id


def respond(answer: Answer) -> Response:
    """Change the session as the answer says, and return its response."""
    if answer.session == "end":
        session.clear()
    elif answer.session is not None:
        _start_session(answer.session)
    return Response(answer.body, answer.status, answer.header_list())


def _start_session(start: StartSession) -> None:
    if not start.same_user:
        session.clear()
    # Before the ID: Flask-Session does not regenerate the ID of an empty session.
    session[SESSION_KEY] = dict(start.value)
    renew_id(current_app, session)
