"""The sessions of an application without a framework, for one user."""

import time
from collections.abc import Mapping
from typing import Any

from tests.kit.failing_store import FailingStore
from webidentity import AuthenticationRecord
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._protocol.effects import Start
from webidentity._protocol.token_reply import TokenReply
from webidentity._transport.driver import SyncDriver
from webidentity.cache import KeyRing, TokenCache
from webidentity.web import Settings
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._tenants import TenantResolver

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "33333333-3333-3333-3333-333333333333"
ADA = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test")
CLAIMS = {"iss": "issuer", "aud": CLIENT, "sub": "ada-here", "tid": TENANT, "oid": "ada", "roles": ["Reader"]}
LIFETIME, MAX_AGE, INTERVAL = 1000, 5000, 400


def run(flow: Any) -> Any:
    """Run a flow that sends no request."""
    return SyncDriver(lambda _: None).run(flow)


class Application:
    """The sessions of an application, and their store. Ada is the user."""

    def __init__(self) -> None:
        settings = Settings(
            TENANT,
            CLIENT,
            "the-secret",
            session_lifetime=LIFETIME,
            session_max_age=MAX_AGE,
            session_check_interval=INTERVAL,
        )
        client = Client(settings.authority, CLIENT, ClientSecret("the-secret"))
        self.store = FailingStore()
        self.cache = TokenCache(self.store, KeyRing("a-secret-key"))
        self.sessions = Sessions(settings, TenantResolver(settings), UserTokens(client, self.cache, LIFETIME))
        self.partition = self.sessions.user_tokens.partition(TENANT, ADA.home_account_id)

    def start(self, **more: Any) -> SessionState:
        """Begin a session, with a refresh token."""
        begun = self.sessions.begin(ADA, CLAIMS, **more)
        now = int(time.time())
        reply = TokenReply("token", now + 9_000, None, "Bearer", (), refresh_token="refresh")

        def change(document: Any) -> None:
            begun.enter(document)
            document.add(self.partition, ["a"], reply, cae=False, now=now)

        run(self.cache.update(self.partition, change, expires_at=now + LIFETIME, now=now))
        return begun.state

    def find(self, state: SessionState) -> Mapping[str, Any] | None:
        """Return the claims of the session."""
        found = run(self.sessions.find(state))
        return found.claims if found else None

    def entries(self) -> dict[str, Any]:
        """Return the entries."""
        cached = self.cache.peek(self.partition)
        return dict(cached.document.sessions) if cached else {}

    def has_tokens(self) -> bool:
        """Whether the user's tokens are there."""
        cached = run(self.cache.load(self.partition))
        return cached is not None and cached.document.refresh_token is not None

    def is_checked(self, state: SessionState) -> bool:
        """Whether a request starts to ask the authority about the account."""
        return any(isinstance(effect, Start) for effect in self.sessions.check_beside(state))
