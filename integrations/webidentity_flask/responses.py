"""Answers, as Flask's responses and as changes of its session."""

from flask import Response, current_app, session

from webidentity.web import SESSION_KEY, Answer, StartSession


def respond(answer: Answer) -> Response:
    """Carry out the answer."""
    if answer.session == "end":
        session.clear()
    elif answer.session is not None:
        _start_session(answer.session)
    response = Response(answer.body, answer.status, content_type=answer.content_type)
    for name, value in answer.headers:
        response.headers[name] = value
    for cookie in answer.cookies:
        response.set_cookie(
            cookie.name,
            cookie.value,
            max_age=cookie.max_age,
            secure=cookie.secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )
    return response


def _start_session(start: StartSession) -> None:
    if not start.same_user:
        session.clear()
    # Server-side session interfaces have an id, which must not be one that was known before the sign-in.
    regenerate = getattr(current_app.session_interface, "regenerate", None)
    if regenerate is not None:
        regenerate(session)
    session[SESSION_KEY] = start.state.to_json()
