"""Token verification with the signing keys that a tenant publishes."""

import time
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.metadata import TenantMetadata, metadata_url
from webidentity._protocol.signing_keys import SigningKeys
from webidentity._protocol.token_reply import read_text
from webidentity._protocol.verification import Expected, UnknownKeyError, key_id, verify_token
from webidentity.cache._flights import Flights

#: Seconds that keys are used without fetching them again.
_FRESH_FOR = 24 * 3600
#: Seconds between two attempts to fetch keys, no matter how many tokens have unknown keys.
_RETRY_INTERVAL = 60
#: The same after an attempt that failed.
_INTERVAL_AFTER_FAILURE = 5


class KeysUnavailableError(Exception):
    """The tenant's signing keys cannot be fetched, so no token can be verified."""


class _Known:
    __slots__ = ("fetched_at", "keys", "metadata")

    def __init__(self, metadata: TenantMetadata, keys: SigningKeys, fetched_at: float) -> None:
        self.metadata = metadata
        self.keys = keys
        self.fetched_at = fetched_at


class KeySource:
    """Verifies tokens of one tenant with the keys that the tenant publishes.

    A token with an unknown key causes the keys to be fetched again, at most once a minute. Keys that are older than a
    day are fetched again beside the caller. The last valid keys stay in use while the authority is unreachable.
    """

    def __init__(self, authority: str, tenant: str) -> None:
        self._authority = authority
        self._tenant = tenant
        self._flights = Flights()
        self._known: _Known | None = None
        self._tried_at = float("-inf")
        self._is_reachable = True

    def issuer(self) -> Flow[str]:
        """Return the tenant's issuer, after fetching its metadata and keys if none are known yet.

        :raises KeysUnavailableError: they cannot be fetched.
        """
        known = self._known
        if known is None:
            known = yield from self._refresh()
        return known.metadata.issuer

    def verify(self, token: str, audiences: frozenset[str]) -> Flow[dict[str, Any]]:
        """Return the claims of a token that the tenant issued for one of the audiences.

        :raises ~webidentity._protocol.verification.TokenRejectedError: the token is not acceptable.
        :raises KeysUnavailableError: there are no keys to verify it with.
        """
        key_id(token)
        known = self._known
        if known is None:
            known = yield from self._refresh()
        elif time.time() - known.fetched_at > _FRESH_FOR and not self._tried_within(_RETRY_INTERVAL):
            yield from self._refresh_beside()
        try:
            return self._check(token, audiences, known)
        except UnknownKeyError:
            if self._is_reachable and self._tried_within(_RETRY_INTERVAL):
                raise
        known = yield from self._refresh()
        try:
            return self._check(token, audiences, known)
        except UnknownKeyError:
            # The key may be a new one: without the authority, nothing is known about the token.
            if not self._is_reachable:
                raise self._unavailable() from None
            raise

    @staticmethod
    def _check(token: str, audiences: frozenset[str], known: _Known) -> dict[str, Any]:
        return verify_token(token, known.keys, Expected(known.metadata.issuer, audiences, time.time()))

    def _refresh_beside(self) -> Flow[None]:
        """Start to fetch the keys. The known ones are used meanwhile."""
        flight, leads = self._flights.join("keys")
        if leads:
            yield from self._flights.detach("keys", flight, self._fetch(), awaited=False)

    def _refresh(self) -> Flow[_Known]:
        """Fetch the keys, once for all concurrent callers."""
        flight, leads = self._flights.join("keys")
        if not leads and (yield from self._flights.wait_for("keys", flight)):
            return self._last_good()
        try:
            yield from self._fetch()
        finally:
            if leads:
                self._flights.abandon("keys", flight, None)
        return self._last_good()

    def _last_good(self) -> _Known:
        if self._known is None:
            raise self._unavailable()
        return self._known

    def _unavailable(self) -> KeysUnavailableError:
        return KeysUnavailableError(
            f"the signing keys of tenant {self._tenant} cannot be fetched from {self._authority}: check the tenant "
            "id, and whether this machine can reach the authority"
        )

    def _tried_within(self, seconds: float) -> bool:
        # If the clock was set back, the keys must still be fetched at once.
        return 0 <= time.time() - self._tried_at < seconds

    def _fetch(self) -> Flow[None]:
        if self._tried_within(_RETRY_INTERVAL if self._is_reachable else _INTERVAL_AFTER_FAILURE):
            return
        self._tried_at = time.time()
        self._is_reachable = False
        try:
            metadata = TenantMetadata.parse((yield from _get(metadata_url(self._authority, self._tenant))))
            keys = SigningKeys.parse((yield from _get(metadata.jwks_uri))) if metadata else None
        except AzureError:
            return
        if metadata is not None and keys is not None:
            self._known = _Known(metadata, keys, time.time())
            self._is_reachable = True


def _get(url: str) -> Flow[str]:
    response = yield Send(HttpRequest("GET", url, headers={"Accept": "application/json"}))
    if response.status_code != 200:
        return ""
    return read_text(response)
