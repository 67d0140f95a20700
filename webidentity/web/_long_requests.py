"""Sign-in requests that are too long for a cookie: path and claims are kept on the server."""

import json
import logging
import time
from dataclasses import replace

from webidentity._json import as_object, as_text
from webidentity._protocol.effects import Flow
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition, digest
from webidentity.cache._store import StoreUnavailableError
from webidentity.cache._token_cache import TokenCache
from webidentity.web._pending import LIFETIME, PendingSignIn

_LOGGER = logging.getLogger("webidentity.web")
#: Anyone may cause such requests. So many rows are used, each for so many requests; the oldest ones are forgotten.
_ROWS, _MOST = 64, 8
#: Characters of path and claims. A longer request is not kept.
_LONGEST = 16_000


class LongRequests:
    """Keeps what a pending sign-in cannot keep in its cookie, under its state."""

    def __init__(self, cache: TokenCache) -> None:
        self._cache = cache

    def keep(self, pending: PendingSignIn) -> Flow[PendingSignIn]:
        """Return the sign-in without path and claims, which are kept here. Return it as it is if that is impossible."""
        now = time.time()
        content = {"path": pending.next_path, "claims": pending.claims, "until": now + LIFETIME}
        if len(json.dumps(content)) > _LONGEST:
            _LOGGER.warning("A sign-in request with more than %d characters is shortened", _LONGEST)
            return pending

        def add(document: TokenDocument) -> None:
            kept = document.sessions
            kept[_name(pending.state)] = content
            for name in sorted(kept, key=lambda name: kept[name]["until"])[: max(0, len(kept) - _MOST)]:
                del kept[name]

        try:
            yield from self._cache.update(_partition(pending.state), add, expires_at=now + LIFETIME, now=now)
        except StoreUnavailableError as error:
            _LOGGER.warning("A sign-in request is shortened, because it cannot be stored: %s", error)
            return pending
        return replace(pending, next_path="", claims=None)

    def restore(self, pending: PendingSignIn, *, start_page: str) -> Flow[PendingSignIn]:
        """Return the sign-in with path and claims.

        :param start_page: where to return to if they were forgotten.
        :raises StoreUnavailableError: the store cannot be read.
        """
        if pending.next_path:
            return pending
        cached = yield from self._cache.load(_partition(pending.state))
        content = as_object(cached.document.sessions.get(_name(pending.state))) if cached is not None else None
        if content is None:
            return replace(pending, next_path=start_page)
        return replace(pending, next_path=content["path"], claims=as_text(content["claims"]))


def _name(state: str) -> str:
    return digest(state)[:32]


def _partition(state: str) -> Partition:
    return Partition.shared("sign-in", int(_name(state), 16) % _ROWS)
