"""The refresh of a user's tokens: the refresh token is redeemed by one request at a time."""

import logging
import time

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import AzureError

from webidentity._flows.acquisition import RETRY_INTERVAL, Acquisition, cached_token, check_granted, keep
from webidentity._protocol.effects import Flow
from webidentity._protocol.request_name import describe
from webidentity._protocol.token_reply import TokenReply
from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._store import StoreUnavailableError
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

_LOGGER = logging.getLogger(__name__)

#: How many refresh tokens are tried: the known one, and a newer one of another process.
_MOST_TRIES = 2


def refresh(
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
    current = cached_token(cache.peek(acquisition.partition), acquisition.request)
    try:
        yield from refresh(cache, acquisition, current)
    except Exception as error:
        _LOGGER.warning("An account could not be validated again: %s", describe(error))
        raise


def _redeem(
    cache: TokenCache, acquisition: Acquisition, current: AccessTokenInfo | None
) -> Flow[AccessTokenInfo | None]:
    """Redeem the newest refresh token. If it is refused because another process was faster, try the newer one once."""
    refusal: EntraError | None = None
    tried = list[str]()
    while True:
        cached = yield from cache.load(acquisition.partition)
        stored = cached_token(cached, acquisition.request)
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
            check_granted(cache, acquisition, reply)
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
