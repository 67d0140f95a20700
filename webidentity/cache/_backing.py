"""What stands behind the cache and outlives the process: a sealed store, or the files of the user's other programs."""

from collections.abc import Callable, Hashable
from typing import Protocol

from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition


class CachedPartition:
    """A decoded partition, and the version of what it came from (None without a backing).

    :param expires_at: when the partition may be forgotten and is no longer served (Unix seconds).
    """

    __slots__ = ("document", "expires_at", "last_refresh", "unsaved", "version")

    def __init__(self, document: TokenDocument, version: Hashable, expires_at: float) -> None:
        self.document = document
        self.version = version
        self.expires_at = expires_at
        #: When a refresh of these scopes was last tried, so that a failing authority is not asked at every call.
        self.last_refresh: dict[Hashable, float] = {}
        #: Changes that the backing could not take yet; they go with the next one.
        self.unsaved: tuple[Callable[[TokenDocument], object], ...] = ()


class Backing(Protocol):
    """Partitions that others may read and change too. All calls may wait if ``blocking`` says so."""

    @property
    def blocking(self) -> bool:
        """Whether a call may wait for a disk or a network, so that an event loop calls it on a thread."""
        ...

    def open(self) -> None:
        """Get ready. Called before something is spent that only the cache will have afterwards.

        :raises ValueError: it can never be used with these settings.
        """
        ...

    def read(self, partition: Partition, known: CachedPartition | None) -> CachedPartition | None:
        """Return the partition as it is now; ``known`` itself if it has not changed, None if there is nothing."""
        ...

    def change(
        self, partition: Partition, change: Callable[[TokenDocument], object], expires_at: float
    ) -> CachedPartition:
        """Apply the change to what is there and return the outcome; ``change`` may be called more than once.

        :raises StoreUnavailableError: it cannot be written.
        """
        ...

    def claim(self, name: str, expires_at: float) -> bool:
        """Remember the name; False if it was remembered already.

        :raises ValueError: this backing cannot promise that.
        """
        ...

    def sweep(self, now: float) -> int:
        """Remove what expired before ``now`` and return how much it was."""
        ...

    def close(self) -> None:
        """Release what is held open; a later call opens it again."""
        ...
