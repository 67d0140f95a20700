"""Answers as Flask's responses and as changes of its session."""

from flask import Response, current_app, session

from webidentity.web import SESSION_KEY, Answer, StartSession


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
    # Sessions that are stored on the server have an ID, and it must not be the one from before the sign-in.
    regenerate = getattr(current_app.session_interface, "regenerate", None)
    if regenerate is not None:
        regenerate(session)
    session[SESSION_KEY] = dict(start.value)
