"""Token verification with the signing keys that a tenant publishes."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from webidentity._flows.verified_tokens import VerifiedTokens
from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.metadata import TenantMetadata, metadata_url
from webidentity._protocol.signing_keys import SigningKeys
from webidentity._protocol.token_reply import read_text
from webidentity._protocol.unavailability import reason_of
from webidentity._protocol.verification import LEEWAY, Expected, UnknownKeyError, UnverifiedToken, verify_token
from webidentity.cache._flights import Flights

_LOGGER = logging.getLogger(__name__)
#: Seconds that keys are used without fetching them again.
_FRESH_FOR = 24 * 3600
#: Seconds between two attempts to fetch keys, no matter how many tokens have unknown keys.
_RETRY_INTERVAL = 60
#: The same after an attempt that failed.
_INTERVAL_AFTER_FAILURE = 5


class KeysUnavailableError(Exception):
    """The tenant's signing keys cannot be fetched, so no token can be verified."""


class _Known:
    __slots__ = ("fetched_at", "keys", "metadata", "tokens")

    def __init__(self, metadata: TenantMetadata, keys: SigningKeys, fetched_at: float) -> None:
        self.metadata = metadata
        self.keys = keys
        self.fetched_at = fetched_at
        #: The tokens that were verified with these keys. New keys start without any.
        self.tokens = VerifiedTokens()


class KeySource:
    """Verifies tokens of one tenant with the keys that the tenant publishes.

    A token with an unknown key causes the keys to be fetched again, at most once a minute in addition to the daily
    fetch. Keys that are older than a day are fetched again beside the caller. The last valid keys stay in use while the
    authority is unreachable. A client can invent key IDs: only one caller at a time waits for keys because of an
    unknown one, and none after a fetch that failed.

    The signature of a bearer token is checked when the token is seen for the first time, and again when the keys have
    been fetched again. Issuer, audience and times are checked each time.

    :param leeway: seconds that the clocks of the authority and of this machine may differ.
    """

    def __init__(self, authority: str, tenant: str, leeway: float = LEEWAY) -> None:
        self._authority = authority
        self._tenant = tenant
        self._leeway = leeway
        self._flights = Flights()
        self._known: _Known | None = None
        self._tried_at = float("-inf")
        self._searched_at = float("-inf")
        self._is_reachable = True
        #: Why the last attempt failed.
        self._reason = ""

    def issuer(self) -> Flow[str]:
        """Return the tenant's issuer, after fetching its metadata and keys if none are known yet.

        :raises KeysUnavailableError: they cannot be fetched.
        """
        known = self._known
        if known is None:
            known = yield from self._refresh(is_needed=False)
        return known.metadata.issuer

    def verify(self, token: str, audiences: frozenset[str], *, waits: bool = False) -> Flow[Mapping[str, Any]]:
        """Return the claims of a token that the tenant issued for one of the audiences.

        They are read-only at the top level, because all requests with this token share them; ``identity.claims`` is a
        deep copy.

        :param waits: whether to wait for the authority in any case, for a token that the authority itself has sent.
            Such a token is seen once, and not remembered.
        :raises ~webidentity._protocol.verification.TokenRejectedError: the token is not acceptable.
        :raises KeysUnavailableError: there are no keys to verify it with.
        """
        digest = None if waits else VerifiedTokens.digest(token)
        known = self._known
        if known is not None and not self._is_due(known):
            verified = known.tokens.find(digest, time.time())
            if verified is not None:
                return verified.check(self._expected(audiences, known))
        signed = UnverifiedToken.parse(token)
        if known is None:
            known = yield from self._refresh(is_needed=False)
        elif self._is_due(known):
            yield from self._refresh_beside(is_needed=False)
        try:
            return self._check(signed, digest, audiences, known)
        except UnknownKeyError:
            # Not limited by other fetches: the keys may have been rotated right after one.
            if self._is_reachable and _is_within(_RETRY_INTERVAL, self._searched_at):
                raise
        if not self._is_reachable and not waits:
            # The last fetch failed, or has no reply yet.
            if not _is_within(_INTERVAL_AFTER_FAILURE, self._tried_at):
                yield from self._refresh_beside(is_needed=True)
            raise self._unavailable()
        known = yield from self._refresh(is_needed=True, waits=waits)
        try:
            return self._check(signed, digest, audiences, known)
        except UnknownKeyError:
            # The key may be a new one: without the authority, nothing is known about the token.
            if not self._is_reachable:
                raise self._unavailable() from None
            raise

    def _check(
        self, signed: UnverifiedToken, digest: bytes | None, audiences: frozenset[str], known: _Known
    ) -> Mapping[str, Any]:
        """Check everything, and remember the token if it is acceptable."""
        verified = verify_token(signed, known.keys, self._expected(audiences, known))
        known.tokens.add(digest, verified)
        return verified.claims

    def _expected(self, audiences: frozenset[str], known: _Known) -> Expected:
        return Expected(known.metadata.issuer, audiences, time.time(), self._leeway)

    def _is_due(self, known: _Known) -> bool:
        """Whether the keys are to be fetched again because of their age."""
        return not _is_within(_FRESH_FOR, known.fetched_at) and not _is_within(_RETRY_INTERVAL, self._tried_at)

    def _refresh_beside(self, *, is_needed: bool) -> Flow[None]:
        """Start to fetch the keys. The known ones are used meanwhile."""
        flight, leads = self._flights.join("keys")
        if leads:
            yield from self._flights.detach("keys", flight, self._fetch(is_needed=is_needed), awaited=False)

    def _refresh(self, *, is_needed: bool, waits: bool = True) -> Flow[_Known]:
        """Fetch the keys, once for all concurrent callers.

        :param is_needed: whether the known keys are not sufficient.
        :param waits: whether to wait for a fetch that another caller has started.
        """
        flight, leads = self._flights.join("keys")
        if not leads and not waits:
            raise self._unavailable()
        if not leads and (yield from self._flights.wait_for("keys", flight)):
            return self._last_good()
        try:
            yield from self._fetch(is_needed=is_needed)
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
            f"the signing keys of tenant {self._tenant} cannot be fetched from {self._authority} ({self._reason}): "
            "check the tenant id, and whether this machine can reach the authority"
        )

    def _fetch(self, *, is_needed: bool) -> Flow[None]:
        last = self._searched_at if is_needed and self._is_reachable else self._tried_at
        if _is_within(_RETRY_INTERVAL if self._is_reachable else _INTERVAL_AFTER_FAILURE, last):
            return
        self._tried_at = time.time()
        if is_needed:
            self._searched_at = self._tried_at
        self._is_reachable = False
        self._reason = "no answer yet"
        try:
            metadata = TenantMetadata.parse((yield from _get(metadata_url(self._authority, self._tenant))))
            if metadata is not None and not metadata.is_of(self._authority, self._tenant):
                _LOGGER.error(
                    "The metadata of tenant %s at %s is not used: it names the issuer of another tenant or authority",
                    self._tenant,
                    self._authority,
                )
                self._reason = "the metadata is of another tenant or authority"
                return
            if metadata is not None and not metadata.has_keys_at(self._authority):
                _LOGGER.error("The metadata at %s is not used: its keys are at another host", self._authority)
                self._reason = "the keys are not at the authority"
                return
            keys = SigningKeys.parse((yield from _get(metadata.jwks_uri))) if metadata else None
        except AzureError as error:
            self._reason = reason_of(error)
            return
        if metadata is not None and keys is not None:
            self._known = _Known(metadata, keys, time.time())
            self._is_reachable = True
        else:
            self._reason = "the reply has no signing keys"


def _is_within(seconds: float, since: float) -> bool:
    # If the clock was set back, the keys must still be fetched at once.
    return 0 <= time.time() - since < seconds


def _get(url: str) -> Flow[str]:
    response = yield Send(HttpRequest("GET", url, headers={"Accept": "application/json"}))
    if response.status_code != 200:
        return ""
    return read_text(response)
