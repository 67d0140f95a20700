"""Token acquisition: the single implementation of the cache policy."""

import logging
import time

from azure.core.credentials import AccessTokenInfo

from webidentity._flows.acquisition import (
    RETRY_INTERVAL,
    Acquisition,
    NoTokenSourceError,
    cached_token,
    check_consent,
    check_granted,
    keep,
)
from webidentity._flows.refresh import refresh
from webidentity._protocol.effects import Flow
from webidentity._protocol.request_name import describe
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._partition import Partition
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

_LOGGER = logging.getLogger(__name__)

#: A token is renewed from this many seconds before its expiry on, while it is still served.
REFRESH_WINDOW = 300
#: A token that expires within this many seconds is renewed before it is served: the request that it is for takes time.
LEAST_VALIDITY = 5


def acquire(cache: TokenCache, acquisition: Acquisition) -> Flow[AccessTokenInfo]:
    """Return a token from the cache, by refresh token or by the grant. Concurrent callers share one request.

    A token in its refresh window is returned at once, and renewed beside the caller. A request with claims bypasses the
    cached access token and replaces it.

    :raises EntraError: the authority refused.
    :raises NoTokenSourceError: there is no refresh token and no grant.
    """
    current = cached_token(cache.peek(acquisition.partition), acquisition.request)
    if current is None or not _can_be_served(cache, acquisition, current):
        current = yield from _wait_for_token(cache, acquisition, current)
    if _should_refresh(cache, acquisition, current):
        yield from _renew_beside(cache, acquisition, current)
    return current


def fresh_token(cache: TokenCache, partition: Partition, request: TokenRequest) -> AccessTokenInfo | None:
    """Return a token that this process has and that is not due for renewal, None if a flow has to decide."""
    token = cached_token(cache.peek(partition), request)
    return token if token is not None and time.time() < serve_until(token) else None


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


def serve_until(token: AccessTokenInfo) -> float:
    """Return the time until which the token is served without checking whether to renew it (Unix seconds)."""
    fresh_until = token.expires_on - REFRESH_WINDOW
    return fresh_until if token.refresh_on is None else min(token.refresh_on, fresh_until)


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
        stored = cached_token((yield from cache.load(acquisition.partition)), acquisition.request)
        if stored is not None and stored.token != current.token:
            # Another process has renewed it.
            return stored
        return (yield from _renew(cache, acquisition, current))
    except Exception as error:
        _note_refresh(cache, acquisition, time.time())
        _LOGGER.warning("A token could not be renewed, so the current one is served: %s", describe(error))
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
        current = cached_token(cached, acquisition.request)
        if current is not None and _can_be_served(cache, acquisition, current):
            return current
        expiring = current
        return (yield from _renew(cache, acquisition, current))
    except Exception as error:
        if expiring is None or expiring.expires_on <= time.time():
            raise
        _note_refresh(cache, acquisition, time.time())
        _LOGGER.warning("A token could not be renewed, so the current one is served: %s", describe(error))
        return expiring


def _renew(cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo | None) -> Flow[AccessTokenInfo]:
    """Return a new token, which replaces ``current``."""
    check_consent(cache, acquisition)
    refusal: EntraError | None = None
    if acquisition.refresh is not None:
        try:
            renewed = yield from refresh(cache, acquisition, current)
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
    token = yield from keep(cache, acquisition, reply, now)
    check_granted(cache, acquisition, reply)
    return token
