"""The server's side of sessions: an entry in the user's partition of the token cache for each."""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from webidentity._authority import authority_host
from webidentity._flows.authorization_code import UserTokens
from webidentity._json import as_object
from webidentity._protocol.effects import Flow
from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._store import StoreUnavailableError
from webidentity.record import AuthenticationRecord
from webidentity.web._session import SessionState
from webidentity.web._settings import Settings

_LOGGER = logging.getLogger("webidentity.web")
#: Sessions that one user may have at the same time; the oldest end first.
_MOST = 50


class Sessions:
    """Starts, finds and ends sessions. A session whose entry is gone is over, whatever its cookie says."""

    def __init__(self, settings: Settings, user_tokens: UserTokens) -> None:
        self._settings = settings
        self._user_tokens = user_tokens

    def start(self, record: AuthenticationRecord, claims: Mapping[str, Any]) -> Flow[SessionState]:
        """Enter a new session of the user and return its state."""
        state = SessionState(record, secrets.token_urlsafe(32))
        now = int(time.time())

        def enter(document: TokenDocument) -> None:
            for name in [name for name in document.sessions if self._claims_of(document, name, now) is None]:
                del document.sessions[name]
            document.sessions[state.entry] = {"claims": dict(claims), "at": now, "seen": now}
            for name in sorted(document.sessions, key=lambda name: -document.sessions[name]["at"])[_MOST:]:
                del document.sessions[name]

        yield from self._update(state, enter, now)
        return state

    def find(self, state: SessionState) -> Flow[Mapping[str, Any] | None]:
        """Return the ID token's claims if the session is alive, and extend its life when it is due."""
        if not self._is_ours(state.record):
            return None
        now = int(time.time())
        held = yield from self._user_tokens.cache.load(self._partition(state))
        claims = self._claims_of(held.document, state.entry, now) if held else None
        if held is None or claims is None:
            return None
        # Written a few times in a lifetime only, so that reading stays reading.
        if now - held.document.sessions[state.entry]["seen"] > self._settings.session_lifetime / 10:
            try:
                yield from self._update(state, lambda document: _touch(document, state.entry, now), now)
            except StoreUnavailableError as error:
                _LOGGER.warning("A session's life could not be extended: %s", error)
        return deepcopy(claims)

    def end(self, state: SessionState) -> Flow[dict[str, Any]]:
        """End the session and return its claims; the user's tokens go with the last session."""
        held = yield from self._user_tokens.cache.load(self._partition(state))
        entry = as_object(held.document.sessions.get(state.entry)) if held else None
        if entry is None:
            return {}
        now = int(time.time())

        def leave(document: TokenDocument) -> None:
            document.sessions.pop(state.entry, None)
            if not any(self._claims_of(document, name, now) is not None for name in document.sessions):
                document.forget_tokens()

        yield from self._update(state, leave, now)
        return as_object(entry.get("claims")) or {}

    def _update(
        self, state: SessionState, change: Callable[[TokenDocument], object], now: int
    ) -> Flow[CachedPartition]:
        expires_at = now + self._settings.session_lifetime
        return self._user_tokens.cache.update(self._partition(state), change, expires_at=expires_at, now=now)

    def _claims_of(self, document: TokenDocument, name: str, now: int) -> Mapping[str, Any] | None:
        entry = as_object(document.sessions.get(name))
        if entry is None or now - entry["seen"] > self._settings.session_lifetime:
            return None
        return None if now - entry["at"] > self._settings.session_max_age else as_object(entry["claims"])

    def _partition(self, state: SessionState) -> Partition:
        return self._user_tokens.partition(self._settings.tenant_id, state.record.home_account_id)

    def _is_ours(self, record: AuthenticationRecord) -> bool:
        """Whether the session was started by this application, at this authority."""
        settings = self._settings
        return record.client_id == settings.client_id and record.authority == authority_host(settings.authority)


def _touch(document: TokenDocument, name: str, now: int) -> None:
    entry = document.sessions.get(name)
    if entry is not None:
        entry["seen"] = now
