"""Guards: one flow decides whether a request may reach its view, and what the view is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from webidentity._flows.authorization_code import UserTokens
from webidentity._json import as_text
from webidentity._protocol.effects import Flow
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import AuthenticationRequiredError
from webidentity.record import AuthenticationRecord
from webidentity.web._answer import Answer
from webidentity.web._bearer import BearerTokens
from webidentity.web._caller import bearer_token
from webidentity.web._challenge import Challenges
from webidentity.web._credential import CredentialFactory, Drivers, SessionGrant
from webidentity.web._facts import RequestFacts
from webidentity.web._identity import Identity, Principal
from webidentity.web._injection import Handler
from webidentity.web._outages import store_unavailable, token_unavailable
from webidentity.web._pages import Page, refuse
from webidentity.web._requirements import Requirements
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._tenants import Tenant, TenantResolver

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(slots=True, eq=False)  # not frozen: one for each request, see docs/decisions/web.md
class Granted:
    """The request may reach its view.

    :param token: a token for the required scopes, None if none were required.
    """

    identity: Identity
    token: AccessToken | None = field(default=None, repr=False)

    def arguments(self, handler: Handler, given: dict[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments of the handler: ``identity``, ``credential`` and ``token`` if it names them.

        :param given: the arguments of the route, which are passed on and replace those of the same name.
        """
        names = handler.names
        if not names:
            return given
        values = dict[str, Any]()
        if "identity" in names:
            values["identity"] = self.identity
        if "credential" in names:
            values["credential"] = self.identity.aio_credential if handler.is_async else self.identity.credential
        if "token" in names and self.token is not None:
            values["token"] = self.token
        return {**values, **given}


class Guard:
    """Identifies requests, and checks them against requirements.

    :param user_tokens: acquires the tokens of users with a session.
    """

    def __init__(
        self,
        tenants: TenantResolver,
        sessions: Sessions,
        user_tokens: UserTokens,
        bearer: BearerTokens,
        challenges: Challenges,
        drivers: Drivers,
    ) -> None:
        self._tenants = tenants
        self._sessions = sessions
        self._user_tokens = user_tokens
        self._bearer = bearer
        self._challenges = challenges
        self._drivers = drivers

    def identify(self, facts: RequestFacts, session: Any) -> Flow[Identity]:
        """Return the identity of the request. With a bearer token the session is ignored, also if it is refused.

        An unsafe request of another site gets no identity from the session: the browser adds the cookie to it without
        the user's intent. It never adds a bearer token.
        """
        identity = yield from self._identify(facts, session)
        if identity.due is not None:
            yield from self._ask_beside(identity)
        return identity

    def _identify(self, facts: RequestFacts, session: Any) -> Flow[Identity]:
        token = bearer_token(facts)
        try:
            if token is not None:
                return (yield from self._bearer.identify(token))
            state = SessionState.read(session)
            tenant = self._tenants.for_session(state.record) if state is not None else None
            found = (yield from self._sessions.find(state)) if tenant is not None and state is not None else None
        except StoreUnavailableError as error:
            return Identity(refusal=store_unavailable(facts, error))
        if state is None or tenant is None or found is None:
            return Identity()
        if facts.method not in _SAFE_METHODS and facts.is_cross_site:
            return Identity(refusal=_forgery(facts))
        identity = Identity(
            Principal(state.record, found.claims, is_bearer=False),
            lambda: self._credentials(state.record, found.claims, tenant),
        )
        identity.due = state if found.is_due else None
        return identity

    def _credentials(
        self, record: AuthenticationRecord, claims: Mapping[str, Any], tenant: Tenant
    ) -> CredentialFactory:
        # The claim is opaque, but an optional one.
        login_hint = as_text(claims.get("login_hint")) or record.username or None
        grant = SessionGrant(self._user_tokens, record.home_account_id, login_hint)
        return CredentialFactory(grant, tenant.tenants, self._drivers)

    def check(
        self, facts: RequestFacts, session: Any, requirements: Requirements, identity: Identity | None
    ) -> Flow[Granted | Answer]:
        """Return what the view is given, or the response to send instead."""
        if facts.is_preflight:
            return Answer(204)
        if identity is None:
            identity = yield from self._identify(facts, session)
        if identity.refusal is not None:
            return identity.refusal
        scopes = requirements.scopes
        credentials = None if scopes is None else identity.credentials
        granted: Granted | Answer
        if scopes is not None and credentials is not None:
            granted = yield from self._with_token(facts, identity, credentials, tuple(scopes))
        elif scopes is None and identity.is_authenticated:
            granted = Granted(identity)
        else:
            return (yield from self._challenges.answer(facts, AuthenticationRequiredError(scopes or ())))
        # After the token: if it was refreshed, the account was checked with it.
        if identity.due is not None and isinstance(granted, Granted):
            yield from self._ask_beside(identity)
        return granted

    def _with_token(
        self, facts: RequestFacts, identity: Identity, credentials: CredentialFactory, scopes: tuple[str, ...]
    ) -> Flow[Granted | Answer]:
        source = credentials.token_source
        fresh = source.fresh(scopes)
        if fresh is not None:
            return Granted(identity, fresh.token)
        try:
            token = (yield from source.flow("require_token", scopes, None, None, False)).token
        except AuthenticationRequiredError as error:
            return (yield from self._challenges.answer(facts, error))
        except (AzureError, StoreUnavailableError) as error:
            return token_unavailable(facts, error, self._tenants.for_sign_in().authority)
        return Granted(identity, token)

    def _ask_beside(self, identity: Identity) -> Flow[None]:
        """Start to ask the authority about the session's account. A later guard of the request does not ask again."""
        state, identity.due = identity.due, None
        if state is not None:
            yield from self._sessions.check_beside(state)


def _forgery(facts: RequestFacts) -> Answer:
    page = Page(
        "We blocked this request",
        "It came from another site and would have changed data in your account. Try again from this site.",
    )
    return refuse(facts, 403, "cross_site_request", page)
