"""The sign-in of one web application: everything that an adapter calls."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._objects import check_transport
from webidentity._protocol.effects import Flow
from webidentity._transport.authority_gate import AuthorityGate
from webidentity._transport.pipeline import SyncPipeline, WebRetryPolicy
from webidentity._transport.traceless_driver import AsyncTracelessDriver, TracelessDriver
from webidentity.cache._envelope import KeyRing
from webidentity.cache._sqlite import SQLiteStore
from webidentity.cache._store import Store, StoreUnavailableError
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import AuthenticationRequiredError, AuthorityUnavailableError, EntraError
from webidentity.web._answer import Answer
from webidentity.web._bearer import BearerTokens
from webidentity.web._callback import Callback
from webidentity.web._callback_pages import CallbackPages
from webidentity.web._challenge import Challenges
from webidentity.web._credential import Drivers
from webidentity.web._facts import RequestFacts
from webidentity.web._guard import Granted, Guard
from webidentity.web._identity import Identity
from webidentity.web._outages import store_unavailable, token_unavailable
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._requirements import Requirements
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._settings import Routes, Settings
from webidentity.web._sign_in import SignIn
from webidentity.web._sign_in_links import SignInLinks
from webidentity.web._sign_out import SignOut
from webidentity.web._tenants import TenantResolver

T = TypeVar("T")

#: Seconds that a flow may take that no request waits for.
_BACKGROUND_TIMEOUT = 30
#: Seconds until a connection to the authority must be open.
_CONNECTION_TIMEOUT = 4


class Site:
    """Signs users in and out, identifies requests, and guards views.

    Methods that return a flow do no I/O themselves: pass the flow to :meth:`run` or :meth:`arun`. The ``session``
    parameters take the value that the framework's session holds under ``SESSION_KEY``.

    :param settings: the settings of the application.
    :param secret_keys: the framework's secret key, then its fallbacks.
    :param folder: the folder of the token cache's SQLite file, unless ``cache_path`` is absolute.
    :param routes: returns the paths of the routes. Called when a path is needed, since a framework may know them late.
    :param store: stores the tokens instead of that file.
    :param transport: an azure-core transport for all requests to the authority. The default is azure-core's.
    :param spell: returns how the framework spells the name of a setting, for messages.
    :raises TypeError: ``store`` or ``transport`` has not the methods of one.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        secret_keys: Sequence[str | bytes],
        folder: str | os.PathLike[str],
        routes: Callable[[], Routes],
        store: Store | None = None,
        transport: Any = None,
        spell: Callable[[str], str] = str,
    ) -> None:
        #: The settings of the application.
        self.settings: Settings = settings
        check_transport(transport)
        keys = KeyRing(secret_keys[0], secret_keys[1:])
        if store is None:
            store = SQLiteStore(Path(folder) / (settings.cache_path or "webidentity.sqlite3"))
        self._tenants = tenants = TenantResolver(settings)
        tenant = tenants.for_sign_in()
        client = Client(tenant.authority, tenant.client_id, ClientSecret(settings.client_secret))
        cache = TokenCache(store, keys)
        user_tokens = UserTokens(client, cache, settings.session_lifetime, by_verified_id=True, needs_all_scopes=True)
        self._drivers = _drivers(transport, settings.authority_timeout)
        sessions = Sessions(settings, tenants, user_tokens)
        self._links = SignInLinks(secret_keys, keys, routes)
        self._sign_in = SignIn(settings, tenants, keys, self._links, routes, cache, spell)
        loop_guard = RedirectLoopGuard(tenants, self._links)
        self._callback = Callback(tenants, keys, user_tokens, sessions, loop_guard)
        self._sign_out = SignOut(settings, tenants, sessions, loop_guard)
        self._challenges = Challenges(self._sign_in, self._links, loop_guard)
        bearer = BearerTokens(settings, tenants, user_tokens, self._drivers)
        self._guard = Guard(tenants, sessions, sessions.user_tokens, bearer, self._challenges, self._drivers)

    def run(self, flow: Flow[T]) -> T:
        """Run a flow of this site on the calling thread and return its result."""
        return self._drivers.sync.run(flow)

    async def arun(self, flow: Flow[T]) -> T:
        """Run a flow of this site on the running event loop and return its result."""
        return await self._drivers.aio.run(flow)

    def sign_in(self, facts: RequestFacts) -> Flow[Answer]:
        """Answer the sign-in route."""
        return self._sign_in.visit(self._seen(facts))

    def callback(self, facts: RequestFacts, session: Any, *, has_login: bool = False) -> Flow[Answer]:
        """Answer the callback route, which is the redirect URI.

        :param has_login: whether there is a login of the framework itself, such as that of ``django.contrib.auth``. The
            user is asked before a sign-in ends it.
        """
        facts = self._seen(facts)
        pages = CallbackPages(facts, self._links)
        flow = self._callback.complete(facts, SessionState.read(session), pages, has_login=has_login)
        return _or_unavailable(facts, flow)

    def sign_out(self, facts: RequestFacts, session: Any) -> Flow[Answer]:
        """Answer the sign-out route."""
        facts = self._seen(facts)
        return _or_unavailable(facts, self._sign_out.answer(facts, SessionState.read(session)))

    def identify(self, facts: RequestFacts, session: Any) -> Flow[Identity]:
        """Return the identity of a request to a view that has no guard."""
        return self._guard.identify(self._seen(facts), session)

    def guard(
        self, facts: RequestFacts, session: Any, requirements: Requirements, *, identity: Identity | None = None
    ) -> Flow[Granted | Answer]:
        """Check a request against a guard's requirements.

        :param identity: the request's identity if it is already known. ``session`` is not read then.
        :returns: what to call the view with, or the response to send instead.
        """
        return self._guard.check(self._seen(facts), session, requirements, identity)

    def challenge(self, facts: RequestFacts, error: AuthenticationRequiredError) -> Flow[Answer]:
        """Answer a request whose view raised this error: the user must sign in, consent or authenticate again."""
        return self._challenges.answer(self._seen(facts), error)

    def no_token(
        self, facts: RequestFacts, error: EntraError | AuthorityUnavailableError | StoreUnavailableError
    ) -> Answer:
        """Answer a request whose view raised one of ``TOKEN_ERRORS``: there is no token, and the user cannot help."""
        return token_unavailable(self._seen(facts), error, self._tenants.for_sign_in().authority)

    def _seen(self, facts: RequestFacts) -> RequestFacts:
        """Return the facts as the browser sees them: under ``base_url`` if that is set."""
        base_url = self.settings.base_url
        return facts.under(base_url) if base_url else facts


def _drivers(transport: Any, timeout: int) -> Drivers:
    pipeline = SyncPipeline(
        transport=transport,
        retry_policy=WebRetryPolicy(),
        connection_timeout=min(_CONNECTION_TIMEOUT, timeout),
        read_timeout=timeout,
    )
    gate = AuthorityGate(pipeline)
    beside = TracelessDriver(gate.send_here, seconds=_BACKGROUND_TIMEOUT)
    return Drivers(
        TracelessDriver(gate.send, seconds=timeout, beside=beside),
        AsyncTracelessDriver(gate.asend, seconds=timeout, beside=beside),
    )


def _or_unavailable(facts: RequestFacts, flow: Flow[Answer]) -> Flow[Answer]:
    try:
        return (yield from flow)
    except StoreUnavailableError as error:
        return store_unavailable(facts, error)
