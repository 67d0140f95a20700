"""The token cache: decoded partitions in the memory of this process, in front of a store."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from webidentity._fork import renew_after_fork
from webidentity._protocol.effects import Call, Flow
from webidentity.cache._backing import Backing, CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._flights import Flights
from webidentity.cache._partition import Partition
from webidentity.cache._store import Store, StoreUnavailableError, check_store

if TYPE_CHECKING:  # A credential without a store does not need cryptography and sweeps.
    from webidentity.cache._envelope import KeyRing
    from webidentity.cache._sweeper import Sweeper

#: Seconds between two removals of expired partitions from memory.
_FORGET_INTERVAL = 600.0
#: How many changes of one partition are kept while the store is unavailable.
_MOST_UNSAVED = 20


class TokenCache:
    """Keeps the tokens of users and applications, for all credentials that are given this cache.

    Tokens are kept in partitions. Two credentials get the same tokens only if the user or the application, the client,
    the authority and the tenant are the same, and the client authentication where it decides who may use a token.

    Applications only construct and close a cache. Its other methods are for the credentials of this package.

    :param store: keeps the partitions beyond this process. Without a store they are kept in this object only.
    :param keys: the keys that encrypt what the store keeps. Required with a store.
    :param max_partitions: how many decoded partitions are kept in memory. Those that were changed or read from the
        store least recently are removed first.
    :raises ValueError: there is a store, but no keys.
    :raises TypeError: the store is not one, or lacks a method, an attribute or an argument. The message names it.
    """

    def __init__(
        self, store: Store | None = None, keys: "KeyRing | None" = None, *, max_partitions: int = 10_000
    ) -> None:
        if store is not None:
            check_store(store)
        if store is not None and keys is None:
            raise ValueError(
                "a store needs keys, because tokens are always encrypted before they are stored: pass "
                "keys=KeyRing(secret)"
            )
        self.flights: Flights = Flights()
        self._backing: Backing | None = None
        self._sweeper: Sweeper | None = None
        if store is not None and keys is not None:
            from webidentity.cache._sealed import SealedStore

            self._keep_in(SealedStore(store, keys))
        self._max_partitions = max_partitions
        self._partitions: OrderedDict[str, CachedPartition] = OrderedDict()
        self._lock = threading.Lock()
        self._forgot_at = 0.0
        renew_after_fork(self)

    @classmethod
    def over(cls, backing: Backing | None, max_partitions: int = 10_000) -> "TokenCache":
        """Return a cache in front of a backing that is not a :class:`Store`."""
        cache = cls(max_partitions=max_partitions)
        if backing is not None:
            cache._keep_in(backing)
        return cache

    def _keep_in(self, backing: Backing) -> None:
        self._backing = backing
        if backing.keeps_expired:
            from webidentity.cache._sweeper import Sweeper

            self._sweeper = Sweeper(backing)

    def __reduce__(self) -> tuple[Callable[..., "TokenCache"], tuple[object, ...]]:
        """Pickle without tokens: the copy is empty, and uses the same backing if there is one."""
        return type(self).over, (self._backing, self._max_partitions)

    def after_fork(self) -> None:
        """Continue in a forked child with a copy of what the parent had cached."""
        self._lock = threading.Lock()

    def peek(self, partition: Partition) -> CachedPartition | None:
        """Return the partition as this process knows it, without a call to the store."""
        return self._partitions.get(partition.name)

    def open(self) -> Flow[None]:
        """Get ready to keep tokens, before a one-time code is redeemed for them.

        :raises ValueError: the cache can never keep tokens with these settings.
        """
        backing = self._backing
        if backing is not None:
            yield self._call(backing, backing.open)

    def load(self, partition: Partition) -> Flow[CachedPartition | None]:
        """Return the partition as the store has it now; None if it does not exist.

        :raises StoreUnavailableError: the store cannot be read.
        """
        name = partition.name
        known = self._partitions.get(name)
        backing = self._backing
        if backing is None:
            return known
        if known is not None and known.unsaved:
            return (yield from self._save(backing, partition, known))
        cached: CachedPartition | None
        try:
            # Not on a thread if possible: for an event loop, that costs many times as much as the read.
            waits = not backing.quick_reads
            cached = yield Call(lambda: backing.read(partition, known, wait=waits), backing.blocking and waits)
        except BlockingIOError:
            cached = yield self._call(backing, lambda: backing.read(partition, known))
        if cached is None:
            self._forget(name)
        elif cached is not known:
            with self._lock:
                self._remember(name, cached)
        return cached

    def update(
        self, partition: Partition, change: Callable[[TokenDocument], object], *, expires_at: float, now: float
    ) -> Flow[CachedPartition]:
        """Change the partition and return the result.

        If another process changes the partition at the same time, ``change`` is called again on its result, so no
        change is lost.

        :param change: changes the document in place.
        :param expires_at: when the partition may be removed (Unix seconds), unless it already has a later time.
        :param now: the current time (Unix seconds).
        :raises StoreUnavailableError: the store cannot be written.
        """
        name = partition.name
        backing = self._backing
        if backing is None:
            with self._lock:
                current = self._partitions.get(name)
                cached = _changed(current, change, expires_at)
                self._remember(name, cached)
            self._sweep(now)
            return cached
        known = self._partitions.get(name)
        changes = (*known.unsaved, change) if known else (change,)
        changed: CachedPartition = yield self._call(
            backing, lambda: backing.change(partition, _all(changes), expires_at)
        )
        with self._lock:
            self._remember(name, changed)
        self._sweep(now)
        return changed

    def keep_unsaved(
        self, partition: Partition, change: Callable[[TokenDocument], object], *, expires_at: float
    ) -> CachedPartition:
        """Change the partition in this process only, while the store is unavailable. The next update saves it."""
        with self._lock:
            current = self._partitions.get(partition.name)
            cached = _changed(current, change, expires_at)
            cached.version = current.version if current else None
            cached.unsaved = (*(current.unsaved if current else ()), change)[-_MOST_UNSAVED:]
            self._remember(partition.name, cached)
        return cached

    def claim_once(self, name: str, *, expires_at: float) -> Flow[bool]:
        """Return True for the first call with this name and False for all others, across all processes of the store.

        :raises ValueError: the cache has no store.
        :raises StoreUnavailableError: the store cannot be read or written.
        """
        backing = self._backing
        if backing is None:
            raise ValueError("names can be claimed only in a cache with a store: pass TokenCache(store, keys)")
        first: bool = yield self._call(backing, lambda: backing.claim(name, expires_at))
        self._sweep(time.time())
        return first

    def close(self) -> None:
        """Close the store. A later call opens it again."""
        if self._backing is not None:
            self._backing.close()

    def _save(self, backing: Backing, partition: Partition, known: CachedPartition) -> Flow[CachedPartition | None]:
        """Write the changes that could not be written before. If that fails again, apply them to what the store has.

        Without the store, they are returned as they are.
        """
        try:
            return (yield from self.update(partition, lambda _: None, expires_at=known.expires_at, now=time.time()))
        except StoreUnavailableError:
            pass
        try:
            stored: CachedPartition | None = yield self._call(backing, lambda: backing.read(partition, known))
        except StoreUnavailableError:
            return known
        # A partition that was never stored is as new as it can be. One that is gone was ended by another process.
        if stored is known or (stored is None and known.version is None):
            return known
        if stored is None:
            self._forget(partition.name)
            return None
        document = stored.document.copy()
        _all(known.unsaved)(document)
        merged = CachedPartition(document, stored.version, max(stored.expires_at, known.expires_at))
        merged.unsaved = known.unsaved
        with self._lock:
            self._remember(partition.name, merged)
        return merged

    def _sweep(self, now: float) -> None:
        """Periodically remove expired partitions: from memory here, from the store on another thread."""
        if self._sweeper is not None:
            self._sweeper.start_if_due(now)
        with self._lock:
            if 0 <= now - self._forgot_at < _FORGET_INTERVAL:
                return
            self._forgot_at = now
            for name in [
                name for name, cached in self._partitions.items() if cached.expires_at < now and not cached.unsaved
            ]:
                del self._partitions[name]

    @staticmethod
    def _call(backing: Backing, function: Callable[[], object]) -> Call:
        return Call(function, blocking=backing.blocking)

    def _remember(self, name: str, cached: CachedPartition) -> None:
        """Keep the partition in this process. The caller must hold the lock."""
        earlier = self._partitions.get(name)
        if earlier is not None and earlier is not cached:
            # Shared and not copied: it has an entry for each scope.
            earlier.last_refresh.update(cached.last_refresh)
            cached.last_refresh = earlier.last_refresh
        self._partitions[name] = cached
        self._partitions.move_to_end(name)
        while len(self._partitions) > self._max_partitions:
            self._partitions.popitem(last=False)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._partitions.pop(name, None)


def _changed(
    current: CachedPartition | None, change: Callable[[TokenDocument], object], expires_at: float
) -> CachedPartition:
    # A copy, because another thread may be reading the document.
    document = current.document.copy() if current else TokenDocument.empty()
    change(document)
    return CachedPartition(document, None, max(expires_at, current.expires_at if current else 0.0))


def _all(changes: tuple[Callable[[TokenDocument], object], ...]) -> Callable[[TokenDocument], None]:
    def change(document: TokenDocument) -> None:
        for each in changes:
            each(document)

    return change
