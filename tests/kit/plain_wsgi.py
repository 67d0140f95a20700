"""A third adapter: plain WSGI, written with the public names of ``webidentity.web`` alone."""

import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from webidentity import AuthenticationRequiredError
from webidentity.web import (
    SESSION_KEY,
    TOKEN_ERRORS,
    Answer,
    EnvironHeaders,
    Handler,
    RequestFacts,
    RequestTarget,
    Requirements,
    Routes,
    Settings,
    Site,
    StartSession,
    check_authority,
    private_headers,
)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
#: The host that the application accepts.
HOST = "app.test"


class PlainApp:
    """A WSGI application whose views are functions of named parameters, each with its requirements."""

    def __init__(self, settings: dict[str, Any], *, secret_key: str, folder: Path, transport: Any) -> None:
        self._routes = Routes()
        read = Settings.read(settings, str.upper)
        check_authority(read, [HOST], str.upper)
        self.site = Site(
            read,
            secret_keys=[secret_key],
            folder=folder,
            routes=lambda: self._routes,
            transport=transport,
            spell=str.upper,
        )
        self._views: dict[str, tuple[Callable[..., str], Requirements | None]] = {}
        self._sessions: dict[str, dict[str, Any]] = {}

    def add(self, path: str, view: Callable[..., str], requirements: Requirements | None = None) -> None:
        """Add a view; without requirements it has no guard."""
        self._views[path] = view, requirements

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request (PEP 3333)."""
        facts = facts_of(environ)
        session_id = facts.cookies.get("session", "")
        session = self._sessions.get(session_id, {})
        answer = self._answer(facts, session)
        headers = answer.header_list()
        if answer.session is not None:
            self._sessions.pop(session_id, None)
            headers.append(("Set-Cookie", self._change(session, answer.session)))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body.encode()]

    def _answer(self, facts: RequestFacts, session: dict[str, Any]) -> Answer:
        site, stored = self.site, session.get(SESSION_KEY)
        if facts.path == self._routes.sign_in:
            return site.run(site.sign_in(facts))
        if facts.path == self._routes.callback:
            return site.run(site.callback(facts, stored, has_login=False))
        if facts.path == self._routes.sign_out:
            return site.run(site.sign_out(facts, stored))
        view, requirements = self._views[facts.path]
        if requirements is None:
            return Answer(200, view(identity=site.run(site.identify(facts, stored))))
        outcome = site.run(site.guard(facts, stored, requirements))
        if isinstance(outcome, Answer):
            return outcome
        try:
            body = view(**outcome.arguments(Handler(view, is_async=False), {}))
        except AuthenticationRequiredError as error:
            return site.run(site.challenge(facts, error))
        except TOKEN_ERRORS as error:
            return site.no_token(facts, error)
        return Answer(200, body, headers=private_headers(outcome.identity, None, None))

    def _change(self, session: dict[str, Any], change: StartSession | str) -> str:
        """Start a new session, and return its cookie."""
        if not isinstance(change, StartSession):
            return "session=; Path=/; Max-Age=0"
        kept = session if change.keeps(has_login=False) else {}
        session_id = secrets.token_urlsafe()
        self._sessions[session_id] = {**kept, SESSION_KEY: dict(change.value)}
        return f"session={session_id}; Path=/; HttpOnly; Secure; SameSite=Lax"


def facts_of(environ: Environ) -> RequestFacts:
    """Return the facts of a request."""

    def target() -> RequestTarget:
        return RequestTarget(
            root_url=f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}",
            root_path="",
            path=environ["PATH_INFO"],
            query=environ["QUERY_STRING"],
            host_is_trusted=environ["HTTP_HOST"] == HOST,
        )

    return RequestFacts(environ["REQUEST_METHOD"], EnvironHeaders(environ), target)
