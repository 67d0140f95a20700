"""The interface of a store: rows that are replaced by compare-and-swap."""

import inspect
from typing import Any, NamedTuple, Protocol

from webidentity._objects import check_object


class StoreUnavailableError(Exception):
    """The store cannot be read or written at the moment. The message names it and says what to check."""


class Row(NamedTuple):
    """One value in a store.

    :param value: the encrypted bytes.
    :param version: changes with every save. It must never repeat for a key, even after a delete and a new save.
    :param expires_at: Unix seconds after which :meth:`Store.sweep` may remove the row.
    """

    value: bytes
    version: int
    expires_at: float

    def __repr__(self) -> str:
        """Return the row without its value, for logs."""
        return f"Row(version={self.version}, expires_at={self.expires_at})"


class Store(Protocol):
    """Rows by key, for all threads, processes or machines that use the store.

    To write a store of your own, write a class with these methods; it does not have to inherit from this one. Keys and
    values are opaque: the cache has already hashed the keys and encrypted the values. All methods must be safe to call
    from several threads at once. Raise :class:`StoreUnavailableError` when the store cannot be reached: the cache then
    continues with the tokens of this process, and any other exception reaches the caller of ``get_token``.

    A store may also be a :class:`VersionedStore`, which makes reading unchanged rows cheaper, or a :class:`QuickStore`,
    which makes reading cheaper in an event loop. A store that wraps another one passes ``version`` and ``quick_reads``
    on, and the argument ``wait`` of :meth:`QuickStore.load` and :meth:`QuickStore.version`.
    """

    #: Whether calls may wait for a disk or a network. An event loop makes such calls on a thread.
    blocking: bool

    def load(self, key: str) -> Row | None:
        """Return the row; None if there is no row. A row that has expired may be returned or not.

        :param key: a hexadecimal hash of 64 characters.
        :raises StoreUnavailableError: the store cannot be read.
        """
        ...

    def save(self, key: str, value: bytes, *, expected: int | None, expires_at: float) -> int | None:
        """Write the row, unless another thread, process or machine has changed it in the meantime.

        The comparison and the write must be atomic.

        :param key: a hexadecimal hash of 64 characters.
        :param value: the encrypted bytes.
        :param expected: the version that the row must still have; None if there must be no row yet.
        :param expires_at: Unix seconds after which :meth:`sweep` may remove the row.
        :returns: the new version, or None if the row is not as expected and nothing was written.
        :raises StoreUnavailableError: the store cannot be written.
        """
        ...

    def delete(self, key: str, *, expected: int | None = None) -> None:
        """Remove the row if there is one.

        :param expected: remove it only if it still has this version. The comparison and the removal must be atomic.
        :raises StoreUnavailableError: the store cannot be written.
        """
        ...

    def sweep(self, now: float) -> int:
        """Remove the rows that expired before ``now`` and return how many there were.

        The cache calls it about every ten minutes, in one of the processes that use the store, on a thread that no
        caller waits for. Others must be able to write meanwhile. A store that removes expired rows by itself does
        nothing and returns 0.

        :param now: the current time (Unix seconds).
        :raises StoreUnavailableError: the store cannot be written.
        """
        ...

    def close(self) -> None:
        """Close files and connections. A later call of another method opens them again."""
        ...


class VersionedStore(Store, Protocol):
    """A store that can return the version of a row without its value.

    Most reads only find out that a row has not changed since this process last read it. If the store has this method,
    the cache calls it for a row that it knows, and :meth:`Store.load` only if the version is a different one. Without
    it, the cache calls :meth:`Store.load` every time.
    """

    def version(self, key: str) -> int | None:
        """Return the version of the row that :meth:`Store.load` would return now; None if it would return None.

        Every change of a row changes its version, so a row with an unchanged version has its earlier expiry too.

        :param key: a hexadecimal hash of 64 characters.
        :raises StoreUnavailableError: the store cannot be read.
        """
        ...


class QuickStore(VersionedStore, Protocol):
    """A store on this machine, whose rows can usually be read in microseconds.

    An event loop calls :meth:`load` and :meth:`version` with ``wait=False`` itself, which costs much less than a call
    on a thread. A store that would have to wait raises BlockingIOError, and the call is repeated on a thread, without
    ``wait=False``. All other methods are called on a thread if ``blocking`` is true.
    """

    #: Whether reads accept ``wait=False``. A store without this attribute is always read on a thread.
    quick_reads: bool

    def load(self, key: str, *, wait: bool = True) -> Row | None:
        """Return the row, as :meth:`Store.load` does.

        :param wait: whether the call may wait for another process, for the network, or for a file to be opened.
        :raises BlockingIOError: it would have to wait, and ``wait`` is false.
        :raises StoreUnavailableError: the store cannot be read.
        """
        ...

    def version(self, key: str, *, wait: bool = True) -> int | None:
        """Return the version of the row, as :meth:`VersionedStore.version` does.

        :param wait: whether the call may wait for another process, for the network, or for a file to be opened.
        :raises BlockingIOError: it would have to wait, and ``wait`` is false.
        :raises StoreUnavailableError: the store cannot be read.
        """
        ...


def check_store(store: Any) -> None:
    """Check that the argument ``store`` is a store, and that the methods of the optional protocols can be called.

    :raises TypeError: it is something else, or a mistake in it would be noticed by a request or a sweep much later.
    """
    methods = ("load", "save", "delete", "sweep", "close")
    missing = [name for name in methods if not callable(getattr(store, name, None))]
    if isinstance(store, type) or not {"load", "save", "delete"}.difference(missing):
        check_object("store", store, methods, 'a store such as SQLiteStore("tokens.sqlite3")')
    if not hasattr(store, "blocking"):
        missing.append("blocking")
    if missing:
        raise TypeError(f"store: {type(store).__name__} has no {', '.join(missing)}: see webidentity.cache.Store")
    if getattr(store, "quick_reads", False):
        _check_call(store, "load", "QuickStore", wait=False)
        _check_call(store, "version", "QuickStore", wait=False)
    else:
        _check_call(store, "version", "VersionedStore")


def _check_call(store: Any, name: str, protocol: str, **arguments: bool) -> None:
    method = getattr(store, name, None)
    if not callable(method):
        return
    try:
        signature = inspect.signature(method)
    except ValueError:
        # Some methods that are written in C have none.
        return
    try:
        signature.bind("key", **arguments)
    except TypeError:
        call = f"{type(store).__name__}.{name}({', '.join(['key', *(f'{key}={arguments[key]}' for key in arguments)])})"
        raise TypeError(f"store: {call} cannot be called: see webidentity.cache.{protocol}") from None
