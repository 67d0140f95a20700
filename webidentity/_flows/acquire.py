"""How a token is come by: the one copy of the cache policy."""

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

#: Seconds before its expiry from which a token is renewed while it is still being served.
REFRESH_WINDOW = 300
#: Seconds between two attempts to renew a token that is still being served.
RETRY_INTERVAL = 30


class Acquisition:
    """Where a token may come from, for one call of ``get_token``.

    :param partition: whose tokens these are.
    :param request: what the caller asked for.
    :param exchange: the grant itself, or None when only the user can start it anew.
    :param refresh: redeems a refresh token, or None when the grant has none.
    :param keep_until: from a reply, when the partition may be forgotten (Unix seconds).
    :param may_keep: asked of the partition, when a reply is about to be kept, whether it still may be.
    :param signed_in: the partition of the tenant in which the user signed in, whose refresh token serves other tenants.
    """

    # No dataclass: making one would be a good part of what importing a credential costs.
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
        """What concurrent callers must have in common to share one reply."""
        request = self.request
        return self.partition.name, request.scopes, request.enable_cae, request.claims


class NoTokenSourceError(Exception):
    """There is neither a cached token, nor a refresh token, nor a grant that could be repeated."""


def acquire(cache: TokenCache, acquisition: Acquisition) -> Flow[AccessTokenInfo]:
    """Return a token: a cached one, or one had by refresh token or by the grant, at most once at a time.

    A token in its refresh window is served to everybody but the one caller who renews it; if that fails, the caller
    is served it too. Claims bypass cached access tokens and replace them.

    :raises EntraError: the authority refused.
    :raises NoTokenSourceError: nothing is left to ask with.
    """
    current = _cached(cache.peek(acquisition.partition), acquisition.request)
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
        # One waiter tries again in the leader's stead; only if that fails too do the rest share the error.
        if failure is not None and failures > 1:
            raise failure
        flight, leads = cache.flights.retry(key, flight)
    return (yield from cache.flights.lead(key, flight, _lead(cache, acquisition, current)))


def keep(cache: TokenCache, acquisition: Acquisition, reply: TokenReply, now: int) -> Flow[AccessTokenInfo]:
    """Store what a reply brought and return its access token."""
    partition, request = acquisition.partition, acquisition.request

    def add(document: TokenDocument) -> None:
        if acquisition.may_keep is not None and not acquisition.may_keep(document):
            return
        document.add(partition, request.scopes, reply, cae=request.enable_cae, now=now)

    keep_until = acquisition.keep_until(reply)
    try:
        held = yield from cache.update(partition, add, expires_at=keep_until, now=now)
    except StoreUnavailableError as error:
        # The grant is spent: losing what it brought would be worse than holding it in one process.
        _LOGGER.error("A token could not be stored and is kept in this process for now: %s", error)  # noqa: TRY400
        held = cache.keep_unsaved(partition, add, expires_at=keep_until)
    # A token may be born in its refresh window: it is not renewed at the next call either.
    held.last_refresh[acquisition.key] = float(now)
    return OpaqueAccessTokenInfo(
        reply.access_token, reply.expires_on, token_type=reply.token_type, refresh_on=reply.refresh_on
    )


def serve_until(token: AccessTokenInfo) -> float:
    """Return the time (Unix seconds) up to which the token may be served without a second thought."""
    fresh_until = token.expires_on - REFRESH_WINDOW
    return fresh_until if token.refresh_on is None else min(token.refresh_on, fresh_until)


def _cached(held: CachedPartition | None, request: TokenRequest) -> AccessTokenInfo | None:
    now = time.time()
    if held is None or held.expires_at <= now or request.claims:
        return None
    return held.document.access_token(request.scopes, cae=request.enable_cae, now=now)


def _should_refresh(cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo) -> bool:
    now = time.time()
    if now < serve_until(current):
        return False
    held = cache.peek(acquisition.partition)
    return held is None or now - held.last_refresh.get(acquisition.key, 0.0) >= RETRY_INTERVAL


def _lead(cache: TokenCache, acquisition: Acquisition, known: AccessTokenInfo | None) -> Flow[AccessTokenInfo]:
    """Return a token from the store or a new one; ``known`` is the token of this process, if that should be renewed."""
    try:
        held = yield from cache.load(acquisition.partition)
    except Exception as error:
        if known is None:
            raise
        return _keep_serving(cache, acquisition, known, error)
    current = _cached(held, acquisition.request)
    if current is None:
        return (yield from _renew(cache, acquisition, held))
    if not _should_refresh(cache, acquisition, current):
        return current
    assert held is not None  # noqa: S101 - it is where the current token came from
    held.last_refresh[acquisition.key] = time.time()
    try:
        return (yield from _renew(cache, acquisition, held))
    except Exception as error:  # noqa: BLE001 - whatever it is, there is a valid token to serve
        return _keep_serving(cache, acquisition, current, error)


def _keep_serving(
    cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo, error: Exception
) -> AccessTokenInfo:
    held = cache.peek(acquisition.partition)
    if held is not None:
        held.last_refresh[acquisition.key] = time.time()
    _LOGGER.warning("Renewing a token failed, the current one is served: %s", type(error).__name__)
    return current


def _renew(cache: TokenCache, acquisition: Acquisition, held: CachedPartition | None) -> Flow[AccessTokenInfo]:
    now = int(time.time())
    partition = acquisition.partition
    refresh_token = held.document.refresh_token if held else None
    if refresh_token is None and acquisition.signed_in is not None and acquisition.signed_in != partition:
        partition = acquisition.signed_in
        held = yield from cache.load(partition)
        refresh_token = held.document.refresh_token if held else None
    refusal: EntraError | None = None
    if refresh_token and acquisition.refresh:
        try:
            reply = yield from acquisition.refresh(acquisition.request, refresh_token)
        except EntraError as error:
            if error.error != "invalid_grant":
                raise
            refusal = error
            if error.refresh_token_is_spent:
                yield from _forget_refresh_token(cache, partition, refresh_token, held)
        else:
            return (yield from keep(cache, acquisition, reply, now))
    if acquisition.exchange is None:
        raise refusal or NoTokenSourceError
    reply = yield from acquisition.exchange(acquisition.request)
    return (yield from keep(cache, acquisition, reply, now))


def _forget_refresh_token(
    cache: TokenCache, partition: Partition, refresh_token: str, held: CachedPartition | None
) -> Flow[None]:
    """Drop a refresh token that the authority no longer takes; one that only lacks consent is kept."""
    yield from cache.update(
        partition,
        lambda document: document.forget_refresh_token(refresh_token),
        expires_at=held.expires_at if held else 0.0,
        now=time.time(),
    )
