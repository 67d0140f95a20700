"""The backing that is a store: names are hashed and documents encrypted before they reach it."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._store import Row, Store, StoreUnavailableError

if TYPE_CHECKING:
    from webidentity.cache._envelope import KeyRing

_LOGGER = logging.getLogger(__name__)
#: How often a change is applied again because another process has changed the row in the meantime.
_MOST_ATTEMPTS = 1000


class SealedStore:
    """Reads and writes encrypted documents. Calls block if the store's calls do."""

    def __init__(self, store: Store, keys: "KeyRing") -> None:
        self.store = store
        self.keys = keys

    @property
    def blocking(self) -> bool:
        """Whether calls of the store may wait for a disk or a network."""
        return self.store.blocking

    def open(self) -> None:
        """Do nothing. A store opens itself on first use, and may be available again by then."""

    def read(self, partition: Partition, known: CachedPartition | None) -> CachedPartition | None:
        """Return the partition as it is now: ``known`` itself if it has not changed, None if it does not exist."""
        found = self._find(partition)
        if found is None:
            return None
        if known is not None and known.version == found[1].version:
            return known
        return self._decode(*found)

    def change(
        self, partition: Partition, change: Callable[[TokenDocument], object], expires_at: float
    ) -> CachedPartition:
        """Apply the change to the current document, and again whenever another process was faster."""
        current_key, *earlier_keys = partition.stored_keys(self.keys)
        for _ in range(_MOST_ATTEMPTS):
            found = self._find(partition)
            cached = self._decode(*found) if found else None
            document = cached.document if cached else TokenDocument.empty()
            change(document)
            if cached is not None:
                expires_at = max(expires_at, cached.expires_at)
            expected = found[1].version if found and found[0] == current_key else None
            envelope = self.keys.seal(current_key, document.encode())
            version = self.store.save(current_key, envelope, expected=expected, expires_at=expires_at)
            if version is not None:
                for stored_key in earlier_keys:
                    self.store.delete(stored_key)
                return CachedPartition(document, version, expires_at)
        raise StoreUnavailableError(
            "a row of the token cache keeps changing: is save() of the store a compare-and-swap?"
        )

    def claim(self, name: str, expires_at: float) -> bool:
        """Insert the name; False if it is there already."""
        stored_key, *earlier_keys = self.keys.stored_keys(name)
        if any(self.store.load(key) is not None for key in earlier_keys):
            return False
        return self.store.save(stored_key, b"", expected=None, expires_at=expires_at) is not None

    def sweep(self, now: float) -> int:
        """Remove the rows that expired before ``now`` and return how many there were."""
        return self.store.sweep(now)

    def close(self) -> None:
        """Close the store. A later call opens it again."""
        self.store.close()

    def _find(self, partition: Partition) -> tuple[str, Row] | None:
        for stored_key in partition.stored_keys(self.keys):
            row = self.store.load(stored_key)
            if row is not None:
                return stored_key, row
        return None

    def _decode(self, stored_key: str, row: Row) -> CachedPartition | None:
        plaintext = self.keys.open(stored_key, row.value)
        document = None if plaintext is None else TokenDocument.decode(plaintext)
        if document is None:
            _LOGGER.warning(
                "Row %s of the token cache cannot be decrypted and is ignored: it is damaged, or was encrypted with a "
                "SECRET_KEY that is neither the current one nor one of its fallbacks",
                stored_key[:12],
            )
            return None
        return CachedPartition(document, row.version, row.expires_at)
