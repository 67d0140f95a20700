"""The backing that is a store: names are hashed and documents encrypted before they reach it."""

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition, digest
from webidentity.cache._store import QuickStore, Row, Store, StoreUnavailableError

if TYPE_CHECKING:
    from webidentity.cache._envelope import KeyRing

_LOGGER = logging.getLogger(__name__)
#: How often a change is applied again because another process has changed the row in the meantime.
_MOST_ATTEMPTS = 1000
#: Rows of claimed names, and how many names each of them has.
_CLAIM_ROWS, _MOST_CLAIMS = 256, 256
_IN_USE = "row"
#: A copy under the current secret's name of a row that is being moved. It counts when the original is gone.
_COPY = "copy"
_DAMAGED = "damaged"
#: Seconds between two sweeps of a store, by any process that uses it.
_SWEEP_INTERVAL = 600.0


class SealedStore:
    """Reads and writes encrypted documents. Calls block if the store's calls do."""

    keeps_expired = True

    def __init__(self, store: Store, keys: "KeyRing") -> None:
        self.store = store
        self.keys = keys
        #: Whether the store can be read without waiting.
        self.quick_reads: bool = getattr(store, "quick_reads", False)
        version: Callable[..., int | None] | None = getattr(store, "version", None)
        # An unrelated attribute may have this name.
        self._version = version if callable(version) else None

    @property
    def blocking(self) -> bool:
        """Whether calls of the store may wait for a disk or a network."""
        return self.store.blocking

    def open(self) -> None:
        """Do nothing. A store opens itself on first use, and may be available again by then."""

    def read(self, partition: Partition, known: CachedPartition | None, *, wait: bool = True) -> CachedPartition | None:
        """Return the partition as it is now: ``known`` itself if it has not changed, None if it does not exist.

        :raises BlockingIOError: the store would have to wait, and ``wait`` is false.
        """
        stored_keys = partition.stored_keys(self.keys)
        # A row that is moved in the meantime gets a name at which nothing was found: look twice if there are several.
        look_again = len(stored_keys) > 1
        for stored_key in stored_keys:
            if known is not None and self._has_version(stored_key, known.version, wait):
                return known
            row = self._load(stored_key, wait)
            if row is None:
                continue
            if known is not None and known.version == (stored_key, row.version):
                return known
            sealed = self._decode(stored_key, row)
            if sealed.state == _IN_USE:
                return sealed.cached(stored_key)
            look_again = look_again or sealed.state == _COPY
        current = self._newest(partition, self._rows(partition, wait), wait) if look_again else None
        return current[1].cached(current[0]) if current else None

    def change(
        self, partition: Partition, change: Callable[[TokenDocument], object], expires_at: float
    ) -> CachedPartition:
        """Apply the change to the current document, and again whenever another process was faster.

        The document is changed where it is, under the name and with the secret of its row, so that workers with other
        orders of the secrets change the same row. After that it is moved to the current secret's row.
        """
        stored_keys = partition.stored_keys(self.keys)
        for _ in range(_MOST_ATTEMPTS):
            rows = self._rows(partition)
            current = self._newest(partition, rows)
            if current is None:
                if len(stored_keys) > 1:
                    # All workers create the row under the same name, with any order of their secrets.
                    self._write(stored_keys, min(stored_keys), _Sealed.nothing(expires_at), expected=None)
                    continue
                stored_key, sealed = min(stored_keys), _Sealed.nothing(expires_at)
            else:
                stored_key, sealed = current
            # A row that cannot be decrypted is replaced.
            document = sealed.document or TokenDocument.empty()
            change(document)
            expires_at = max(expires_at, sealed.expires_at)
            changed = _Sealed(document, _IN_USE, sealed.generation + 1, sealed.version, expires_at)
            expected = rows[stored_key].version if stored_key in rows else None
            version = self._write(stored_keys, stored_key, changed, expected=expected)
            if version is not None:
                changed = changed._replace(version=version)
                others = {key: row.version for key, row in rows.items() if key != stored_key}
                self._move(stored_keys, stored_key, changed, others)
                return CachedPartition(document, (stored_key, version), expires_at)
        raise _keeps_changing()

    def claim(self, name: str, expires_at: float) -> bool:
        """Record the name; False if it has been recorded before.

        The names share a limited number of rows, and each row has a limited number of names: anyone may cause claims.
        The names that expire first are forgotten first.
        """
        claim = digest(name)[:32]
        stored_keys = Partition.shared("claims", int(claim, 16) % _CLAIM_ROWS).stored_keys(self.keys)
        # Under the names of all secrets, in an order that does not depend on which secret is the current one.
        return all(self._record(stored_keys, key, claim, expires_at) for key in sorted(stored_keys))

    def _record(self, stored_keys: Sequence[str], stored_key: str, claim: str, expires_at: float) -> bool:
        """Record a claim in this row; False if the row has it."""
        for _ in range(_MOST_ATTEMPTS):
            row = self.store.load(stored_key)
            sealed = _Sealed.nothing(expires_at) if row is None else self._decode(stored_key, row)
            document = sealed.document or TokenDocument.empty()
            names = document.sessions
            if claim in names:
                return False
            names[claim] = expires_at
            for oldest in sorted(names, key=lambda known: names[known])[: max(0, len(names) - _MOST_CLAIMS)]:
                del names[oldest]
            kept_until = max(expires_at, sealed.expires_at)
            recorded = _Sealed(document, _IN_USE, sealed.generation + 1, sealed.version, kept_until)
            expected = None if row is None else row.version
            if self._write(stored_keys, stored_key, recorded, expected=expected) is not None:
                return True
        raise _keeps_changing()

    def sweep_if_due(self, now: float) -> float:
        """Remove the rows that expired before ``now``, unless another process has done so a short time ago.

        The processes agree by a row that expires when the next sweep is due.

        :returns: when the next sweep is due (Unix seconds).
        """
        due = now + _SWEEP_INTERVAL
        stored_keys = Partition.shared("sweep", 0).stored_keys(self.keys)
        # The same for all orders of the secrets.
        stored_key = min(stored_keys)
        row = self.store.load(stored_key)
        # A clock that was set back must not stop the sweeps.
        if row is not None and now < row.expires_at <= due:
            return row.expires_at
        expected = None if row is None else row.version
        if self._write(stored_keys, stored_key, _Sealed.nothing(due), expected=expected) is not None:
            self.store.sweep(now)
        return due

    def close(self) -> None:
        """Close the store. A later call opens it again."""
        self.store.close()

    def _has_version(self, stored_key: str, version: Hashable, wait: bool) -> bool:
        """Whether the row has this version of a :class:`CachedPartition`. False if that takes as long as loading it."""
        read = self._version
        if read is None or not isinstance(version, tuple) or version[0] != stored_key:
            return False
        return version == (stored_key, read(stored_key) if wait else read(stored_key, wait=False))

    def _load(self, stored_key: str, wait: bool) -> Row | None:
        return self.store.load(stored_key) if wait else cast("QuickStore", self.store).load(stored_key, wait=False)

    def _rows(self, partition: Partition, wait: bool = True) -> "dict[str, _Sealed]":
        rows: dict[str, _Sealed] = {}
        for stored_key in partition.stored_keys(self.keys):
            row = self._load(stored_key, wait)
            if row is not None:
                rows[stored_key] = self._decode(stored_key, row)
        return rows

    def _newest(
        self, partition: Partition, rows: "dict[str, _Sealed]", wait: bool = True
    ) -> "tuple[str, _Sealed] | None":
        """Choose the row in use. ``rows`` is updated if rows were moved while they were read."""
        while rows:
            newest = max(rows, key=lambda stored_key: rows[stored_key].rank)
            if rows[newest].state == _IN_USE or len(partition.stored_keys(self.keys)) == 1:
                return newest, rows[newest]
            # A copy counts only if its original does not exist any more, so look for the original after the copy.
            again = self._rows(partition, wait)
            unchanged = {key: row.version for key, row in again.items()} == {
                key: row.version for key, row in rows.items()
            }
            rows.clear()
            rows.update(again)
            if unchanged:
                return newest, rows[newest]
        return None

    def _write(
        self, stored_keys: Sequence[str], stored_key: str, sealed: "_Sealed", *, expected: int | None
    ) -> int | None:
        envelope = self.keys.seal(stored_key, sealed.encode(), earlier=stored_keys.index(stored_key))
        return self.store.save(stored_key, envelope, expected=expected, expires_at=sealed.expires_at)

    def _move(self, stored_keys: Sequence[str], stored_key: str, changed: "_Sealed", others: dict[str, int]) -> None:
        """Move the row that was just written to the current secret's name, and remove what is left of earlier moves.

        Each step is a compare-and-swap with a version from before the write, so it has no effect if another worker has
        changed a row in the meantime.
        """
        current_key = stored_keys[0]
        try:
            if stored_key != current_key:
                copy = changed._replace(state=_COPY)
                if self._write(stored_keys, current_key, copy, expected=others.pop(current_key, None)) is None:
                    return
                others[stored_key] = changed.version
            for other_key, version in others.items():
                self.store.delete(other_key, expected=version)
        except StoreUnavailableError as error:
            # The change itself is stored. The next one moves the row.
            _LOGGER.warning("A row of the token cache could not be moved to the current SECRET_KEY: %s", error)

    def _decode(self, stored_key: str, row: Row) -> "_Sealed":
        plaintext = self.keys.open(stored_key, row.value)
        sealed = None if plaintext is None else _Sealed.decode(plaintext, row)
        if sealed is None:
            _LOGGER.warning(
                "Row %s of the token cache cannot be decrypted and is ignored: it is damaged, or was encrypted with a "
                "SECRET_KEY that is neither the current one nor one of its fallbacks",
                stored_key[:12],
            )
            return _Sealed(None, _DAMAGED, 0, row.version, row.expires_at)
        return sealed


def _keeps_changing() -> StoreUnavailableError:
    return StoreUnavailableError("a row of the token cache keeps changing: is save() of the store a compare-and-swap?")


class _Sealed(NamedTuple):
    """What a row contains.

    While SECRET_KEY is being changed, a partition may have one row for each secret. At most one of them is in use.

    :param document: None if the row cannot be decrypted.
    :param generation: how often the document was changed. A copy has the generation of its original.
    """

    document: TokenDocument | None
    state: str
    generation: int
    version: int
    expires_at: float

    @classmethod
    def nothing(cls, expires_at: float) -> "_Sealed":
        """Return the content of a row that is being created."""
        return cls(TokenDocument.empty(), _COPY, 0, 0, expires_at)

    @classmethod
    def decode(cls, plaintext: bytes, row: Row) -> "_Sealed | None":
        """Read the output of :meth:`encode`, or a document without a heading; None if it is anything else."""
        state, generation = _IN_USE, 0
        if not plaintext.startswith(b"{"):
            heading, _, plaintext = plaintext.partition(b"\n")
            state, _, number = heading.decode("ascii", "replace").partition(" ")
            if state not in (_IN_USE, _COPY) or not number.isdecimal():
                return None
            generation = int(number)
        document = TokenDocument.decode(plaintext)
        return None if document is None else cls(document, state, generation, row.version, row.expires_at)

    def encode(self) -> bytes:
        """Return the state, the generation and the document as text."""
        document = self.document.encode() if self.document else b""
        return f"{self.state} {self.generation}\n".encode() + document

    @property
    def rank(self) -> tuple[bool, int, bool, float]:
        """Order the rows of a partition: the greatest one counts."""
        return self.state != _DAMAGED, self.generation, self.state == _IN_USE, self.expires_at

    def cached(self, stored_key: str) -> CachedPartition | None:
        """Return the document as it is kept in memory."""
        if self.document is None:
            return None
        return CachedPartition(self.document, (stored_key, self.version), self.expires_at)
