"""How one call gets a token, and how the tokens of a reply are kept."""

import logging
import time
from collections.abc import Callable

from azure.core.credentials import AccessTokenInfo

from webidentity._protocol.access_token import OpaqueAccessTokenInfo
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply, granted
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._store import StoreUnavailableError
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

_LOGGER = logging.getLogger(__name__)

#: Seconds between two attempts to get a token that the authority did not issue, or did not have to.
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
    :param needs_all_scopes: whether a token that grants only some of the scopes is an error. It is stored anyway.
    """

    # Not a dataclass: creating the class would take a large part of the import time of a credential.
    __slots__ = (
        "exchange",
        "keep_until",
        "may_keep",
        "needs_all_scopes",
        "partition",
        "refresh",
        "request",
        "signed_in",
    )

    def __init__(
        self,
        partition: Partition,
        request: TokenRequest,
        exchange: Callable[[TokenRequest], Flow[TokenReply]] | None,
        refresh: Callable[[TokenRequest, str], Flow[TokenReply]] | None,
        keep_until: Callable[[TokenReply], float],
        signed_in: Partition | None = None,
        may_keep: Callable[[TokenDocument], bool] | None = None,
        *,
        needs_all_scopes: bool = False,
    ) -> None:
        self.partition = partition
        self.request = request
        self.exchange = exchange
        self.refresh = refresh
        self.keep_until = keep_until
        self.signed_in = signed_in
        self.may_keep = may_keep
        self.needs_all_scopes = needs_all_scopes

    @property
    def key(self) -> tuple[str, tuple[str, ...], bool, str | None]:
        """Concurrent callers with equal keys share one reply."""
        request = self.request
        return self.partition.name, request.scopes, request.enable_cae, request.claims


class NoTokenSourceError(Exception):
    """There is no cached token, no refresh token, and no grant that could be repeated."""


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


def check_granted(cache: TokenCache, acquisition: Acquisition, reply: TokenReply) -> None:
    """Check, after a reply was stored, that it grants all scopes if that is required.

    :raises EntraError: the user must consent first. It is raised again by :func:`check_consent` for half a minute.
    """
    scopes = acquisition.request.scopes
    if acquisition.needs_all_scopes and len(granted(scopes, reply.scopes)) < len(scopes):
        cached = cache.peek(acquisition.partition)
        if cached is not None:
            cached.last_refresh["consent", acquisition.key] = time.time()
        raise _consent_required()


def check_consent(cache: TokenCache, acquisition: Acquisition) -> None:
    """Check that the authority has not just left out one of the scopes: not every call asks it again.

    :raises EntraError: it has.
    """
    cached = cache.peek(acquisition.partition) if acquisition.needs_all_scopes else None
    if cached is not None:
        left_out_at = cached.last_refresh.get(("consent", acquisition.key), float("-inf"))
        if 0 <= time.time() - left_out_at < RETRY_INTERVAL:
            raise _consent_required()


def _consent_required() -> EntraError:
    return EntraError(
        "Authentication failed: Microsoft Entra ID granted only some of the requested scopes. The user must consent to "
        "the others.",
        suberror="consent_required",
    )


def cached_token(cached: CachedPartition | None, request: TokenRequest) -> AccessTokenInfo | None:
    """Return the cached token that answers the request, None if there is none or the request has claims."""
    now = time.time()
    if cached is None or cached.expires_at <= now or request.claims:
        return None
    return cached.document.access_token(request.scopes, cae=request.enable_cae, now=now)
