"""Token acquisition: the single implementation of the cache policy."""

import logging
import time
from collections.abc import Callable

from azure.core.credentials import AccessTokenInfo

from webidentity._protocol.access_token import OpaqueAccessTokenInfo
from webidentity._protocol.effects import Flow, Wait
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._store import StoreUnavailableError
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

_LOGGER = logging.getLogger(__name__)

#: A token is renewed from this many seconds before its expiry on, while it is still served.
REFRESH_WINDOW = 300
#: Seconds between two attempts to renew a token that is still served.
RETRY_INTERVAL = 30


class Acquisition:
    """How to get a token, for one call of ``get_token``.

    :param partition: where the tokens are cached.
    :param request: what the caller asked for.
    :param exchange: the grant itself, or None if only the user can start it again.
    :param refresh: redeems a refresh token, or None if the grant has none.
    :param keep_until: from a reply, the time until which the partition is kept (Unix seconds).
    :param signed_in: the partition of the tenant in which the user signed in. Its refresh token also works for other
        tenants.
    :param may_keep: returns whether a reply may still be stored, given the current content of the partition.
    """

    # Not a dataclass: creating the class would take a large part of the import time of a credential.
    __slots__ = ("exchange", "keep_until", "may_keep", "partition", "refresh", "request", "signed_in")

    def __init__(
        self,
        partition: Partition,
        request: TokenRequest,
        exchange: Callable[[TokenRequest], Flow[TokenReply]] | None,
        refresh: Callable[[TokenRequest, str], Flow[TokenReply]] | None,
        keep_until: Callable[[TokenReply], float],
        signed_in: Partition | None = None,
        may_keep: Callable[[TokenDocument], bool] | None = None,
    ) -> None:
        self.partition = partition
        self.request = request
        self.exchange = exchange
        self.refresh = refresh
        self.keep_until = keep_until
        self.signed_in = signed_in
        self.may_keep = may_keep

    @property
    def key(self) -> tuple[str, tuple[str, ...], bool, str | None]:
        """Concurrent callers with equal keys share one reply."""
        request = self.request
        return self.partition.name, request.scopes, request.enable_cae, request.claims


class NoTokenSourceError(Exception):
    """There is no cached token, no refresh token, and no grant that could be repeated."""


def acquire(cache: TokenCache, acquisition: Acquisition) -> Flow[AccessTokenInfo]:
    """Return a token from the cache, by refresh token or by the grant. Concurrent callers share one request.

    If the cached token is in its refresh window, one caller renews it and the others are served the cached token. If
    renewing fails, that caller is served the cached token too. A request with claims bypasses the cached access token
    and replaces it.

    :raises EntraError: the authority refused.
    :raises NoTokenSourceError: there is no refresh token and no grant.
    """
    current = _cached_token(cache.peek(acquisition.partition), acquisition.request)
    if current is not None and not _should_refresh(cache, acquisition, current):
        return current
    key = acquisition.key
    flight, leads = cache.flights.join(key)
    failures = 0
    while not leads:
        if current is not None:
            return current
        can_wait = yield Wait(flight.future, flight.owner)
        if not can_wait:
            return (yield from _lead(cache, acquisition, None))
        if flight.succeeded:
            return flight.value  # type: ignore[no-any-return]
        failure = flight.failure()
        failures += failure is not None
        # After the leader has failed, one waiter tries again. If that fails too, the others raise its error.
        if failure is not None and failures > 1:
            raise failure
        flight, leads = cache.flights.retry(key, flight)
    return (yield from cache.flights.lead(key, flight, _lead(cache, acquisition, current)))


def keep(cache: TokenCache, acquisition: Acquisition, reply: TokenReply, now: int) -> Flow[AccessTokenInfo]:
    """Store the tokens of a reply and return its access token."""
    partition, request = acquisition.partition, acquisition.request

    def add(document: TokenDocument) -> None:
        if acquisition.may_keep is not None and not acquisition.may_keep(document):
            return
        document.add(partition, request.scopes, reply, cae=request.enable_cae, now=now)

    keep_until = acquisition.keep_until(reply)
    try:
        cached = yield from cache.update(partition, add, expires_at=keep_until, now=now)
    except StoreUnavailableError as error:
        # The grant has been used up: keeping its tokens in one process is better than losing them.
        _LOGGER.error("A token could not be stored. It is kept in this process for now: %s", error)  # noqa: TRY400
        cached = cache.keep_unsaved(partition, add, expires_at=keep_until)
    # The new token may already be in its refresh window. It is not renewed by the next call.
    cached.last_refresh[acquisition.key] = float(now)
    return OpaqueAccessTokenInfo(
        reply.access_token, reply.expires_on, token_type=reply.token_type, refresh_on=reply.refresh_on
    )


def serve_until(token: AccessTokenInfo) -> float:
    """Return the time until which the token is served without checking whether to renew it (Unix seconds)."""
    fresh_until = token.expires_on - REFRESH_WINDOW
    return fresh_until if token.refresh_on is None else min(token.refresh_on, fresh_until)


def _cached_token(cached: CachedPartition | None, request: TokenRequest) -> AccessTokenInfo | None:
    now = time.time()
    if cached is None or cached.expires_at <= now or request.claims:
        return None
    return cached.document.access_token(request.scopes, cae=request.enable_cae, now=now)


def _should_refresh(cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo) -> bool:
    now = time.time()
    if now < serve_until(current):
        return False
    cached = cache.peek(acquisition.partition)
    return cached is None or now - cached.last_refresh.get(acquisition.key, 0.0) >= RETRY_INTERVAL


def _lead(cache: TokenCache, acquisition: Acquisition, known: AccessTokenInfo | None) -> Flow[AccessTokenInfo]:
    """Return a token from the store, or a new one. ``known`` is the token of this process that is due for renewal."""
    try:
        cached = yield from cache.load(acquisition.partition)
    except Exception as error:
        if known is None:
            raise
        return _keep_serving(cache, acquisition, known, error)
    current = _cached_token(cached, acquisition.request)
    if current is None:
        return (yield from _renew(cache, acquisition, cached))
    if not _should_refresh(cache, acquisition, current):
        return current
    assert cached is not None  # noqa: S101 - the current token comes from it
    cached.last_refresh[acquisition.key] = time.time()
    try:
        return (yield from _renew(cache, acquisition, cached))
    except Exception as error:  # noqa: BLE001 - there is a valid token to serve
        return _keep_serving(cache, acquisition, current, error)


def _keep_serving(
    cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo, error: Exception
) -> AccessTokenInfo:
    cached = cache.peek(acquisition.partition)
    if cached is not None:
        cached.last_refresh[acquisition.key] = time.time()
    _LOGGER.warning("A token could not be renewed, so the current one is served: %s", type(error).__name__)
    return current


def _renew(cache: TokenCache, acquisition: Acquisition, cached: CachedPartition | None) -> Flow[AccessTokenInfo]:
    now = int(time.time())
    partition = acquisition.partition
    refresh_token = cached.document.refresh_token if cached else None
    if refresh_token is None and acquisition.signed_in is not None and acquisition.signed_in != partition:
        partition = acquisition.signed_in
        cached = yield from cache.load(partition)
        refresh_token = cached.document.refresh_token if cached else None
    refusal: EntraError | None = None
    if refresh_token and acquisition.refresh:
        try:
            reply = yield from acquisition.refresh(acquisition.request, refresh_token)
        except EntraError as error:
            if error.error != "invalid_grant":
                raise
            refusal = error
            if error.refresh_token_is_spent:
                yield from _forget_refresh_token(cache, partition, refresh_token, cached)
        else:
            return (yield from keep(cache, acquisition, reply, now))
    if acquisition.exchange is None:
        raise refusal or NoTokenSourceError
    reply = yield from acquisition.exchange(acquisition.request)
    return (yield from keep(cache, acquisition, reply, now))


def _forget_refresh_token(
    cache: TokenCache, partition: Partition, refresh_token: str, cached: CachedPartition | None
) -> Flow[None]:
    """Remove a refresh token that the authority no longer accepts."""
    yield from cache.update(
        partition,
        lambda document: document.forget_refresh_token(refresh_token),
        expires_at=cached.expires_at if cached else 0.0,
        now=time.time(),
    )
