"""Sessions: the entry in the token cache that keeps a session valid."""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.key_source import KeysUnavailableError
from webidentity._flows.refresh import revalidate_beside
from webidentity._json import as_object
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply, decode_unverified
from webidentity._protocol.token_request import TokenRequest
from webidentity._protocol.verification import TokenRejectedError, verify_hash
from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import EntraError
from webidentity.record import AuthenticationRecord
from webidentity.web._session_state import SessionState
from webidentity.web._settings import Settings
from webidentity.web._sign_in import ALWAYS
from webidentity.web._tenants import TenantResolver

_LOGGER = logging.getLogger("webidentity.web")
#: Valid sessions that one user may have at the same time. The oldest end first.
_MOST = 50
#: Seconds that the user has to decide whether a session of another account replaces the current one.
WAITING_LIFETIME = 600
#: Claims that only bind the ID token to its request. They are not kept.
_SPENT = frozenset({"nonce", "at_hash", "c_hash"})
#: Claims that do not change while a session lasts.
_SAME = ("iss", "aud", "sub", "tid", "oid")


class NewSession(NamedTuple):
    """A session that is about to start.

    :param enter: makes its entry in the user's partition.
    :param until: when it is over unless it is confirmed (Unix seconds), None if it need not be.
    """

    state: SessionState
    enter: Callable[[TokenDocument], None]
    until: int | None = None


@dataclass(slots=True, eq=False)  # not frozen: one for each request, see docs/decisions/web.md
class FoundSession:
    """A valid session.

    :param claims: those of the ID token. They belong to the token cache: return copies of them.
    :param is_due: whether the authority should be asked about the account.
    """

    claims: Mapping[str, Any] = field(repr=False)
    is_due: bool


class Sessions:
    """Starts, finds and ends sessions. A session without its entry in the cache is over, whatever its cookie says."""

    def __init__(self, settings: Settings, tenants: TenantResolver, user_tokens: UserTokens) -> None:
        self._lifetime = settings.session_lifetime
        self._max_age = settings.session_max_age
        self._check_interval = settings.session_check_interval
        self._tenants = tenants
        #: Acquires the tokens of users with a session. A token that arrives after the user's last sign-out is not kept.
        self.user_tokens = user_tokens._replace(may_keep=_has_sessions, accept_refresh=self._accept_refresh)

    def begin(
        self,
        record: AuthenticationRecord,
        claims: Mapping[str, Any],
        *,
        replaced: SessionState | None = None,
        waits_for: str | None = None,
    ) -> NewSession:
        """Return a session of the user that starts when its entry is stored, in one write with its tokens.

        If the tokens were stored first, a sign-out of the user's last other session would remove them.

        :param replaced: a session of the same user that ends at the same time.
        :param waits_for: the page to go to when :meth:`confirm` is called. The session is not valid before that. It
            replaces another session of the user that waits, and no valid one: another site can cause such a sign-in.
        """
        state = SessionState(record, secrets.token_urlsafe(32))
        now = int(time.time())
        entry: dict[str, Any] = {"claims": kept_claims(claims), "at": now, "seen": now, "checked": now}
        until = None if waits_for is None else now + WAITING_LIFETIME
        if until is not None:
            entry.update(next=waits_for, until=until)

        def enter(document: TokenDocument) -> None:
            if replaced is not None:
                document.sessions.pop(replaced.entry, None)
            for name in [name for name in document.sessions if self._claims_of(document, name, now) is None]:
                del document.sessions[name]
            if until is not None:
                _end_waiting(document)
            document.sessions[state.entry] = entry
            _limit(document)

        return NewSession(state, enter, until)

    def is_waiting(self, state: SessionState) -> Flow[bool]:
        """Return whether the session waits for :meth:`confirm`."""
        partition = self._partition(state)
        cached = (yield from self.user_tokens.cache.load(partition)) if partition else None
        return cached is not None and self._waits(cached.document, state, int(time.time()))

    def confirm(self, state: SessionState) -> Flow[str | None]:
        """Make a session valid that waited for that, and return the page to go to. None if it does not wait."""
        partition, now = self._partition(state), int(time.time())
        found: list[str] = []

        def confirm(document: TokenDocument) -> None:
            found.clear()
            if self._waits(document, state, now):
                entry = document.sessions[state.entry]
                found.append(entry["next"])
                kept = {name: value for name, value in entry.items() if name not in {"next", "until"}}
                document.sessions[state.entry] = {**kept, "at": now, "seen": now}
                _limit(document)

        if partition is not None:
            yield from self._update(partition, confirm, now)
        return found[0] if found else None

    def find(self, state: SessionState) -> Flow[FoundSession | None]:
        """Return the session if it is valid, and extend it when that is due."""
        partition = self._partition(state)
        cached = (yield from self.user_tokens.cache.load(partition)) if partition else None
        now = int(time.time())
        claims = self._claims_of(cached.document, state.entry, now) if cached else None
        if partition is None or cached is None or claims is None:
            return None
        entry = cached.document.sessions[state.entry]
        if "until" in entry:
            return None
        # Written about ten times per lifetime only, so that most requests just read.
        if now - entry["seen"] > self._lifetime / 10:
            try:
                yield from self._update(partition, lambda document: _touch(document, state.entry, now), now)
            except StoreUnavailableError as error:
                _LOGGER.warning("A session could not be extended: %s", error)
        return FoundSession(claims, now - entry.get("checked", entry["at"]) > self._check_interval)

    def check_beside(self, state: SessionState) -> Flow[None]:
        """Start to ask the authority about the session's account if that is due. The caller continues at once."""
        partition = self._partition(state)
        cached = self.user_tokens.cache.peek(partition) if partition is not None else None
        entry = cached.document.sessions.get(state.entry) if cached is not None else None
        if partition is None or entry is None:
            return
        if time.time() - entry.get("checked", entry["at"]) > self._check_interval:
            acquisition = self.user_tokens.acquisition(
                TokenRequest(ALWAYS, partition.tenant), state.record.home_account_id
            )
            yield from revalidate_beside(self.user_tokens.cache, acquisition)

    def end(self, state: SessionState) -> Flow[dict[str, Any]]:
        """End the session and return its claims.

        The user's last valid session takes the cached tokens with it, and a session that waits.
        """
        partition = self._partition(state)
        cached = (yield from self.user_tokens.cache.load(partition)) if partition else None
        entry = as_object(cached.document.sessions.get(state.entry)) if cached else None
        if partition is None or entry is None:
            return {}
        now = int(time.time())

        def leave(document: TokenDocument) -> None:
            document.sessions.pop(state.entry, None)
            if not any(self._claims_of(document, name, now) is not None for name in _valid(document)):
                _end_waiting(document)
                document.forget_tokens()

        # The partition is not kept for longer: the next tokens in it may be of a session that waits.
        yield from self.user_tokens.cache.update(partition, leave, expires_at=now, now=now)
        return as_object(entry.get("claims")) or {}

    def _accept_refresh(self, reply: TokenReply, partition: Partition) -> Flow[None]:
        """Verify the ID token in the reply to a refresh (OpenID Connect Core 12.2), and keep its claims.

        The authority may leave the ID token out. It has checked the account in that case too.

        :raises EntraError: it names another account. The refresh token is removed then, and its sessions end.
        """
        cache, now, renewed = self.user_tokens.cache, int(time.time()), dict[str, Any]()
        if reply.id_token is not None:
            claims = yield from self._verified(reply.id_token, reply.access_token)
            cached = cache.peek(partition) or (yield from cache.load(partition))
            known = [as_object(entry["claims"]) or {} for entry in cached.document.sessions.values()] if cached else []
            if any(claims.get(name) != earlier.get(name) for earlier in known for name in _SAME):
                raise _rejected("its ID token names another account than the session")
            renewed = {"claims": kept_claims(claims)}

        def renew(document: TokenDocument) -> None:
            for name, entry in document.sessions.items():
                document.sessions[name] = {**entry, **renewed, "checked": now}

        try:
            yield from self._update(partition, renew, now)
        except StoreUnavailableError as error:
            _LOGGER.warning("The check of a session could not be stored: %s", error)

    def _verified(self, id_token: str, access_token: str) -> Flow[Mapping[str, Any]]:
        tenant = self._tenants.for_sign_in()
        try:
            claims = yield from tenant.key_source.verify(id_token, frozenset({tenant.client_id}), waits=True)
            verify_hash(claims, "at_hash", access_token)
        except TokenRejectedError as error:
            raise _rejected(f"its ID token is not acceptable: {error}") from None
        except KeysUnavailableError:
            # It comes directly from the token endpoint over TLS (OpenID Connect Core 3.1.3.7, item 6). Losing the
            # reply would lose the refresh token.
            return decode_unverified(id_token)
        return claims

    def _update(
        self, partition: Partition, change: Callable[[TokenDocument], object], now: int
    ) -> Flow[CachedPartition]:
        return self.user_tokens.cache.update(partition, change, expires_at=now + self._lifetime, now=now)

    def _waits(self, document: TokenDocument, state: SessionState, now: int) -> bool:
        name = state.entry
        return self._claims_of(document, name, now) is not None and name not in _valid(document)

    def _claims_of(self, document: TokenDocument, name: str, now: int) -> Mapping[str, Any] | None:
        entry = as_object(document.sessions.get(name))
        if entry is None or now - entry["seen"] > self._lifetime or now > entry.get("until", now):
            return None
        return None if now - entry["at"] > self._max_age else as_object(entry["claims"])

    def _partition(self, state: SessionState) -> Partition | None:
        """Return the user's partition, None if another application or another authority started the session."""
        tenant = self._tenants.for_session(state.record)
        if tenant is None:
            return None
        return self.user_tokens.partition(tenant.tenant_id, state.record.home_account_id)


def kept_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of an ID token without those that only bind it to its request."""
    return {name: value for name, value in claims.items() if name not in _SPENT}


def _has_sessions(document: TokenDocument) -> bool:
    return bool(document.sessions)


def _rejected(reason: str) -> EntraError:
    message = f"Authentication failed: the authority's reply to a refresh token was rejected: {reason}. Sign in again."
    return EntraError(message, error="invalid_grant")


def _valid(document: TokenDocument) -> list[str]:
    """Return the names of the sessions that do not wait."""
    return [name for name, entry in document.sessions.items() if "until" not in entry]


def _end_waiting(document: TokenDocument) -> None:
    for name in document.sessions.keys() - set(_valid(document)):
        del document.sessions[name]


def _limit(document: TokenDocument) -> None:
    """End the oldest of too many sessions."""
    for name in sorted(_valid(document), key=lambda name: -document.sessions[name]["at"])[_MOST:]:
        del document.sessions[name]


def _touch(document: TokenDocument, name: str, now: int) -> None:
    entry = document.sessions.get(name)
    if entry is not None:
        entry["seen"] = now
