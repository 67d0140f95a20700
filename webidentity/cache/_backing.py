"""The interface of what keeps partitions beyond the process: an encrypted store, or the files of a desktop user."""

from collections.abc import Callable, Hashable
from typing import Protocol

from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition


class CachedPartition:
    """A decoded partition in the memory of this process.

    :param version: the version in the backing from which it was decoded; None without a backing.
    :param expires_at: when the partition may be removed and its tokens are no longer returned (Unix seconds).
    """

    __slots__ = ("document", "expires_at", "last_refresh", "unsaved", "version")

    def __init__(self, document: TokenDocument, version: Hashable, expires_at: float) -> None:
        self.document: TokenDocument = document
        self.version: Hashable = version
        self.expires_at: float = expires_at
        #: When a refresh was last tried (Unix seconds), by scopes, so that not every call asks an authority that fails.
        self.last_refresh: dict[Hashable, float] = {}
        #: Changes that could not be written to the backing yet. They are written with the next change.
        self.unsaved: tuple[Callable[[TokenDocument], object], ...] = ()


class Backing(Protocol):
    """Keeps partitions that other processes or programs may read and change too."""

    @property
    def blocking(self) -> bool:
        """Whether calls may wait for a disk or a network. An event loop makes such calls on a thread."""
        ...

    @property
    def quick_reads(self) -> bool:
        """Whether :meth:`read` accepts ``wait=False``, and usually succeeds with it."""
        ...

    @property
    def keeps_expired(self) -> bool:
        """Whether partitions that have expired stay until they are swept."""
        ...

    def open(self) -> None:
        """Get ready. Called before a one-time code is redeemed whose tokens only the cache will have.

        :raises ValueError: the backing can never be used with these settings.
        """
        ...

    def read(self, partition: Partition, known: CachedPartition | None, *, wait: bool = True) -> CachedPartition | None:
        """Return the partition as it is now: ``known`` itself if it has not changed, None if it does not exist.

        :raises BlockingIOError: the call would have to wait, and ``wait`` is false.
        :raises StoreUnavailableError: the backing cannot be read.
        """
        ...

    def change(
        self, partition: Partition, change: Callable[[TokenDocument], object], expires_at: float
    ) -> CachedPartition:
        """Apply the change to the current partition and return the result. ``change`` may be called more than once.

        :raises StoreUnavailableError: the backing cannot be written.
        """
        ...

    def claim(self, name: str, expires_at: float) -> bool:
        """Record the name; False if it has been recorded before.

        :raises ValueError: this backing cannot record names.
        """
        ...

    def sweep_if_due(self, now: float) -> float:
        """Remove the partitions that expired before ``now``, unless another process has done so a short time ago.

        :param now: the current time (Unix seconds).
        :returns: when to call it again (Unix seconds).
        :raises StoreUnavailableError: the backing cannot be written.
        """
        ...

    def close(self) -> None:
        """Close files and connections. A later call opens them again."""
        ...
