"""Token acquisition: the single implementation of the cache policy."""

import logging
import time
from collections.abc import Callable

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import AzureError

from webidentity._protocol.access_token import OpaqueAccessTokenInfo
from webidentity._protocol.connection_error import reason_of
from webidentity._protocol.effects import Flow
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
#: A token that expires within this many seconds is renewed before it is served: the request that it is for takes time.
LEAST_VALIDITY = 5
#: Seconds between two attempts to renew a token that is still served.
RETRY_INTERVAL = 30
#: How many refresh tokens are tried: the known one, and a newer one of another process.
_MOST_TRIES = 2


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

    A token in its refresh window is returned at once, and renewed beside the caller. A request with claims bypasses the
    cached access token and replaces it.

    :raises EntraError: the authority refused.
    :raises NoTokenSourceError: there is no refresh token and no grant.
    """
    current = _cached_token(cache.peek(acquisition.partition), acquisition.request)
    if current is None or not _can_be_served(cache, acquisition, current):
        current = yield from _wait_for_token(cache, acquisition, current)
    if _should_refresh(cache, acquisition, current):
        yield from _renew_beside(cache, acquisition, current)
    return current


def _wait_for_token(
    cache: TokenCache, acquisition: Acquisition, expiring: AccessTokenInfo | None
) -> Flow[AccessTokenInfo]:
    """Return a token from the store, or a new one."""
    key = acquisition.key
    flight, leads = cache.flights.join(key)
    failures = 0
    while not leads:
        if not (yield from cache.flights.wait_for(key, flight)):
            return (yield from _lead(cache, acquisition, None))
        if flight.succeeded:
            return flight.value  # type: ignore[no-any-return]
        failure = flight.failure()
        failures += failure is not None
        # After the leader has failed, one waiter tries again. If that fails too, the others raise its error.
        if failure is not None and failures > 1:
            raise failure
        flight, leads = cache.flights.retry(key, flight)
    return (yield from cache.flights.lead(key, flight, _lead(cache, acquisition, expiring)))


def revalidate_beside(cache: TokenCache, acquisition: Acquisition) -> Flow[None]:
    """Start to redeem the refresh token, although cached tokens are valid. The caller continues at once.

    The authority refuses it if the account has been disabled, and otherwise sends current claims. There are
    ``RETRY_INTERVAL`` seconds between two attempts.
    """
    key = "revalidate", acquisition.partition.name
    cached, now = cache.peek(acquisition.partition), time.time()
    if acquisition.refresh is None or cached is None or now - cached.last_refresh.get(key, 0.0) < RETRY_INTERVAL:
        return
    flight, leads = cache.flights.join(key)
    if leads:
        cached.last_refresh[key] = now
        yield from cache.flights.detach(key, flight, _revalidation(cache, acquisition), awaited=False)


def _revalidation(cache: TokenCache, acquisition: Acquisition) -> Flow[None]:
    current = _cached_token(cache.peek(acquisition.partition), acquisition.request)
    try:
        yield from _refresh(cache, acquisition, current)
    except Exception as error:
        _LOGGER.warning("An account could not be validated again: %s", reason_of(error))
        raise


def keep(
    cache: TokenCache,
    acquisition: Acquisition,
    reply: TokenReply,
    now: int,
    also: Callable[[TokenDocument], object] | None = None,
) -> Flow[AccessTokenInfo]:
    """Store the tokens of a reply and return its access token.

    :param also: another change of the partition, which is stored before the tokens and in the same write.
    :raises StoreUnavailableError: there is another change, and the store cannot be written. Nothing is kept then.
    """
    partition, request = acquisition.partition, acquisition.request

    def add(document: TokenDocument) -> None:
        if also is not None:
            also(document)
        if acquisition.may_keep is not None and not acquisition.may_keep(document):
            return
        document.add(partition, request.scopes, reply, cae=request.enable_cae, now=now)

    keep_until = acquisition.keep_until(reply)
    try:
        cached = yield from cache.update(partition, add, expires_at=keep_until, now=now)
    except StoreUnavailableError as error:
        if also is not None:
            raise
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


def _can_be_served(cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo) -> bool:
    """Whether the token is valid for long enough. A shorter one is served if it could not be renewed just now."""
    return current.expires_on - time.time() > LEAST_VALIDITY or not _should_refresh(cache, acquisition, current)


def _should_refresh(cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo) -> bool:
    now = time.time()
    if now < serve_until(current):
        return False
    cached = cache.peek(acquisition.partition)
    return cached is None or now - cached.last_refresh.get(acquisition.key, 0.0) >= RETRY_INTERVAL


def _note_refresh(cache: TokenCache, acquisition: Acquisition, when: float) -> None:
    cached = cache.peek(acquisition.partition)
    if cached is not None:
        cached.last_refresh[acquisition.key] = when


def _renew_beside(cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo) -> Flow[None]:
    """Start to renew a token that is served meanwhile. Callers whose token expires wait for the same flight."""
    flight, leads = cache.flights.join(acquisition.key)
    if not leads:
        return
    _note_refresh(cache, acquisition, time.time())
    yield from cache.flights.detach(acquisition.key, flight, _renewal(cache, acquisition, current), awaited=False)


def _renewal(cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo) -> Flow[AccessTokenInfo]:
    try:
        stored = _cached_token((yield from cache.load(acquisition.partition)), acquisition.request)
        if stored is not None and stored.token != current.token:
            # Another process has renewed it.
            return stored
        return (yield from _renew(cache, acquisition, current))
    except Exception as error:
        _note_refresh(cache, acquisition, time.time())
        _LOGGER.warning("A token could not be renewed, so the current one is served: %s", reason_of(error))
        raise
    except BaseException:
        # Its event loop ended. The next caller may try again at once.
        _note_refresh(cache, acquisition, 0.0)
        raise


def _lead(cache: TokenCache, acquisition: Acquisition, expiring: AccessTokenInfo | None) -> Flow[AccessTokenInfo]:
    """Return a token from the store, or a new one. ``expiring`` is the token of this process that is due for renewal.

    If it cannot be renewed, it is served until it has expired.
    """
    try:
        cached = yield from cache.load(acquisition.partition)
        current = _cached_token(cached, acquisition.request)
        if current is not None and _can_be_served(cache, acquisition, current):
            return current
        expiring = current
        return (yield from _renew(cache, acquisition, current))
    except Exception as error:
        if expiring is None or expiring.expires_on <= time.time():
            raise
        _note_refresh(cache, acquisition, time.time())
        _LOGGER.warning("A token could not be renewed, so the current one is served: %s", reason_of(error))
        return expiring


def _renew(cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo | None) -> Flow[AccessTokenInfo]:
    """Return a new token, which replaces ``current``."""
    refusal: EntraError | None = None
    if acquisition.refresh is not None:
        try:
            renewed = yield from _refresh(cache, acquisition, current)
        except EntraError as error:
            if error.error != "invalid_grant":
                raise
            refusal = error
        else:
            if renewed is not None:
                return renewed
    if acquisition.exchange is None:
        raise refusal or NoTokenSourceError
    now = int(time.time())
    reply = yield from acquisition.exchange(acquisition.request)
    return (yield from keep(cache, acquisition, reply, now))


def _refresh(
    cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo | None
) -> Flow[AccessTokenInfo | None]:
    """Return a token by refresh token; None if there is no refresh token.

    The refresh token belongs to the user and not to the scopes, and the authority may accept it once only. So requests
    for other scopes wait here, and then use the refresh token of the latest reply. The refresh completes even if its
    caller is cancelled, because its reply may contain the only refresh token that is still valid.
    """
    key = "refresh", (acquisition.signed_in or acquisition.partition).name
    flights = cache.flights
    flow = _redeem(cache, acquisition, current)
    while True:
        flight, leads = flights.join(key)
        if leads:
            return (yield from flights.detach(key, flight, flow, awaited=True))  # type: ignore[no-any-return]
        if not (yield from flights.wait_for(key, flight)):
            return (yield from flow)
        failure = flight.failure()
        if isinstance(failure, AzureError) and not isinstance(failure, EntraError):
            # The authority is unreachable. Callers must not find that out one after the other.
            raise failure


def _redeem(
    cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo | None
) -> Flow[AccessTokenInfo | None]:
    """Redeem the newest refresh token. If it is refused because another process was faster, try the newer one once."""
    refusal: EntraError | None = None
    tried = list[str]()
    while True:
        cached = yield from cache.load(acquisition.partition)
        stored = _cached_token(cached, acquisition.request)
        if stored is not None and (current is None or stored.token != current.token):
            return stored
        partition, refresh_token = yield from _refresh_token(cache, acquisition, cached)
        if refresh_token is None or refresh_token in tried or len(tried) == _MOST_TRIES:
            break
        tried.append(refresh_token)
        now = int(time.time())
        assert acquisition.refresh is not None  # noqa: S101 - checked by the caller
        try:
            reply = yield from acquisition.refresh(acquisition.request, refresh_token)
        except EntraError as error:
            if error.error != "invalid_grant":
                raise
            refusal = error
            if not error.refresh_token_is_spent:
                break
        else:
            token = yield from keep(cache, acquisition, reply, now)
            if partition != acquisition.partition and reply.refresh_token:
                yield from _replace_refresh_token(cache, acquisition, partition, refresh_token, reply)
            return token
    if refusal is None:
        return None
    if refusal.refresh_token_is_spent:
        for spent in tried:
            yield from _forget_refresh_token(cache, acquisition, spent)
    raise refusal


def _refresh_token(
    cache: TokenCache, acquisition: Acquisition, cached: CachedPartition | None
) -> Flow[tuple[Partition, str | None]]:
    """Return the refresh token and its partition. All tenants share the refresh token of the sign-in."""
    signed_in = acquisition.signed_in
    if signed_in is not None and signed_in != acquisition.partition:
        home = yield from cache.load(signed_in)
        if home is not None and home.document.refresh_token is not None:
            return signed_in, home.document.refresh_token
    return acquisition.partition, cached.document.refresh_token if cached is not None else None


def _replace_refresh_token(
    cache: TokenCache, acquisition: Acquisition, partition: Partition, earlier: str, reply: TokenReply
) -> Flow[None]:
    """Store a new refresh token in the partition that the redeemed one was in."""

    def replace(document: TokenDocument) -> None:
        document.replace_refresh_token(earlier, reply.refresh_token or earlier)

    try:
        yield from cache.update(partition, replace, expires_at=acquisition.keep_until(reply), now=time.time())
    except StoreUnavailableError:
        cache.keep_unsaved(partition, replace, expires_at=acquisition.keep_until(reply))


def _forget_refresh_token(cache: TokenCache, acquisition: Acquisition, refresh_token: str) -> Flow[None]:
    """Remove a refresh token that the authority no longer accepts."""
    for partition in dict.fromkeys((acquisition.partition, acquisition.signed_in or acquisition.partition)):
        cached = cache.peek(partition)
        if cached is None:
            continue
        yield from cache.update(
            partition,
            lambda document: document.forget_refresh_token(refresh_token),
            expires_at=cached.expires_at,
            now=time.time(),
        )
