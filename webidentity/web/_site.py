"""One web application's identity: everything an adapter calls."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._flows.key_source import KeySource
from webidentity._protocol.advice import aadsts
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_request import require_scopes
from webidentity._transport.async_pipeline import ThreadedPipeline
from webidentity._transport.pipeline import SyncPipeline, WebRetryPolicy
from webidentity._transport.traceless_driver import AsyncTracelessDriver, TracelessDriver
from webidentity.cache._document import TokenDocument
from webidentity.cache._envelope import KeyRing
from webidentity.cache._sqlite import SQLiteStore
from webidentity.cache._store import Store, StoreUnavailableError
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import AuthenticationRequiredError, EntraError
from webidentity.web._answer import Answer
from webidentity.web._bearer import BearerTokens
from webidentity.web._callback import Callback
from webidentity.web._callback_pages import CallbackPages
from webidentity.web._caller import bearer_token
from webidentity.web._challenge import Challenges
from webidentity.web._credential import CredentialFactory, Drivers
from webidentity.web._facts import RequestFacts
from webidentity.web._grants import SessionGrant
from webidentity.web._identity import Identity, Principal
from webidentity.web._pages import Page
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._refusal import refuse
from webidentity.web._routes import Routes
from webidentity.web._session import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._settings import Settings
from webidentity.web._sign_in import SignIn
from webidentity.web._sign_out import SignOut, is_cross_site

T = TypeVar("T")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_LOGGER = logging.getLogger("webidentity.web")


class Site:
    """Signs people in and out, identifies requests, and answers those that cannot be served.

    :param secret_keys: the framework's secret key, then its fallbacks.
    :param folder: where the SQLite file of the token cache lies, unless ``cache_path`` is absolute.
    :param store: where tokens are kept instead of that file.
    :param routes: called when a path is needed, since a framework may know its routes late.
    :param transport: an azure-core transport for all requests to the authority; the default is azure-core's.
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
    ) -> None:
        self.settings = settings
        self._routes = routes
        keys = KeyRing(secret_keys[0], secret_keys[1:])
        if store is None:
            store = SQLiteStore(Path(folder) / (settings.cache_path or "webidentity.sqlite3"))
        cache = TokenCache(store, keys)
        client = Client(settings.authority, settings.client_id, ClientSecret(settings.client_secret))
        user_tokens = UserTokens(client, cache, settings.session_lifetime)
        key_source = KeySource(settings.authority, settings.tenant_id)
        pipeline = SyncPipeline(transport=transport, retry_policy=WebRetryPolicy())
        self._drivers = Drivers(TracelessDriver(pipeline.send), AsyncTracelessDriver(ThreadedPipeline(pipeline).send))
        self._user_tokens = user_tokens
        # A reply that arrives after the user's last sign-out is not kept.
        self._signed_in = replace(user_tokens, may_keep=_has_sessions)
        self._sessions = Sessions(settings, user_tokens)
        self._sign_in = SignIn(settings, keys, routes)
        loop_guard = RedirectLoopGuard(settings.client_id, self._sign_in)
        self._callback = Callback(settings, keys, user_tokens, key_source, self._sessions, loop_guard)
        self._sign_out = SignOut(settings, self._sessions, loop_guard)
        self._bearer = BearerTokens(settings, user_tokens, key_source, self._drivers)
        self._challenges = Challenges(self._sign_in, loop_guard, routes)

    def run(self, flow: Flow[T]) -> T:
        """Run a flow of this site on the calling thread."""
        return self._drivers.sync.run(flow)

    async def arun(self, flow: Flow[T]) -> T:
        """Run a flow of this site on the running event loop."""
        return await self._drivers.aio.run(flow)

    def sign_in(self, facts: RequestFacts) -> Answer:
        """Answer the sign-in route."""
        return self._sign_in.visit(self._seen(facts))

    def callback(self, facts: RequestFacts, session: Any) -> Flow[Answer]:
        """Answer the redirect URI.

        :param session: what the framework's session holds under ``SESSION_KEY``.
        """
        facts = self._seen(facts)
        pages = CallbackPages(facts, self._routes().sign_in, self._sign_in)
        return self._available(facts, self._callback.complete(facts, SessionState.read(session), pages))

    def sign_out(self, facts: RequestFacts, session: Any) -> Flow[Answer]:
        """Answer the sign-out route."""
        facts = self._seen(facts)
        return self._available(facts, self._sign_out.answer(facts, SessionState.read(session)))

    def identify(self, facts: RequestFacts, session: Any) -> Flow[Identity]:
        """Return who the request acts for. A bearer token outweighs the session, also when it is refused."""
        token = bearer_token(facts)
        try:
            if token is not None:
                return (yield from self._bearer.identify(token))
            state = SessionState.read(session)
            claims = (yield from self._sessions.find(state)) if state is not None else None
        except StoreUnavailableError as error:
            return Identity(refusal=_store_unavailable(facts, error))
        if state is None or claims is None:
            return Identity()
        grant = SessionGrant(self._signed_in, state.record.home_account_id)
        credentials = CredentialFactory(grant, self.settings.tenant_id, self._drivers)
        return Identity(Principal(state.record, claims, state), credentials)

    def require_sign_in(self, facts: RequestFacts, identity: Identity) -> Answer | None:
        """Return None if the request acts for a user, otherwise how to answer it."""
        refusal = identity.refusal or self._refuse_forgery(facts, identity)
        if refusal is not None:
            return refusal
        if not identity:
            return self.challenge(facts, AuthenticationRequiredError(()))
        return None

    def require_token(
        self, facts: RequestFacts, identity: Identity, scopes: tuple[str, ...]
    ) -> Flow[Answer | AccessToken]:
        """Return a token of the request's user for the scopes, or how to answer the request."""
        refusal = identity.refusal or self._refuse_forgery(facts, identity)
        if refusal is not None:
            return refusal
        factory = identity.credentials
        if factory is None:
            return self.challenge(facts, AuthenticationRequiredError(scopes))
        try:
            return (yield from factory.token_source.flow("require_token", scopes, None, None, False)).token
        except AuthenticationRequiredError as error:
            return self.challenge(facts, error)
        except StoreUnavailableError as error:
            return _store_unavailable(facts, error)
        except AzureError as error:
            return _no_token(facts, error)

    def challenge(self, facts: RequestFacts, error: AuthenticationRequiredError) -> Answer:
        """Answer a request that needs its user: sign-in, consent, a stronger proof."""
        return self._challenges.answer(self._seen(facts), error)

    def _seen(self, facts: RequestFacts) -> RequestFacts:
        """Return the facts as the browser sees them: under ``base_url`` if that is set."""
        base_url = self.settings.base_url
        if not base_url:
            return facts
        root_path = urlsplit(base_url).path
        # A proxy may have taken the mount point away, or the framework may know it.
        path = root_path + facts.path.removeprefix(facts.root_path)
        return replace(facts, root_url=base_url, root_path=root_path, path=path, host_is_trusted=True)

    def _refuse_forgery(self, facts: RequestFacts, identity: Identity) -> Answer | None:
        """A cookie comes along when another site makes the browser post: it is no proof of the user's will."""
        if identity.session is None or facts.method in _SAFE_METHODS or not is_cross_site(self._seen(facts)):
            return None
        page = Page(
            "Not from another site", "Another site tried to change something here in your name. It was refused."
        )
        return refuse(facts, 403, "cross_site_request", page)

    @staticmethod
    def _available(facts: RequestFacts, flow: Flow[Answer]) -> Flow[Answer]:
        try:
            return (yield from flow)
        except StoreUnavailableError as error:
            return _store_unavailable(facts, error)


def _has_sessions(document: TokenDocument) -> bool:
    return bool(document.sessions)


def require_scopes_of_guard(scopes: Sequence[str]) -> tuple[str, ...]:
    """Check the scopes of a guard when the view is decorated, not when it is first visited.

    :raises ValueError: there is none, or they are one string.
    """
    if isinstance(scopes, str):
        raise ValueError(f"require_token takes a list of scopes: scopes=[{scopes!r}]")
    require_scopes(scopes, "require_token")
    return tuple(scopes)


def _store_unavailable(facts: RequestFacts, error: StoreUnavailableError) -> Answer:
    _LOGGER.error("The token cache cannot be used: %s", error)
    page = Page("Sign-in is out of order", "The application cannot reach its own storage. Try again in a minute.")
    return refuse(facts, 503, "temporarily_unavailable", page, (("Retry-After", "10"),))


def _no_token(facts: RequestFacts, error: AzureError) -> Answer:
    codes = error.error_codes if isinstance(error, EntraError) else ()
    correlation_id = error.correlation_id if isinstance(error, EntraError) else None
    _LOGGER.error("No token for a request: %s. Correlation id %s", error.message, correlation_id)
    names = aadsts(codes)
    page = Page(
        "No access just now",
        "Microsoft Entra ID handed out no token for this page. Try again; if it happens again, tell whoever runs this "
        "application what stands below.",
        f"Error: {names}. Correlation id: {correlation_id or 'none'}",
    )
    return refuse(facts, 502, "no_token", page)
