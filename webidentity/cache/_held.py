"""What this process holds of a partition."""

from collections.abc import Callable, Hashable

from webidentity.cache._document import TokenDocument


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
