"""The backing that is the cache shared by the programs of one desktop user."""

import math
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from webidentity._fork import renew_after_fork
from webidentity.cache._backing import CachedPartition
from webidentity.cache._document import TokenDocument
from webidentity.cache._msal_entries import UNTIL, PartitionEntries, document_of, number
from webidentity.cache._msal_file import MsalFile, Snapshot
from webidentity.cache._msal_revision import Revision
from webidentity.cache._partition import Partition
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._shared_accounts import SharedAccounts
from webidentity.cache._store import StoreUnavailableError


class PersistentFiles:
    """Two files in MSAL's schema, as azure-identity has them: one is for tokens for continuous access evaluation (CAE).

    Both files are read. The tokens of one reply are written to one of them, with one write.
    """

    blocking = True
    quick_reads = False
    keeps_expired = False

    def __init__(self, options: TokenCachePersistenceOptions) -> None:
        self._options = options
        self._plain = MsalFile(options, ".nocae")
        self._cae = MsalFile(options, ".cae")
        self._changing = threading.Lock()
        #: The files that the last change has written. The next one probably writes the same, and locks them at once.
        self._usual: frozenset[MsalFile] = frozenset()
        #: The accounts that were found last by cloud, with the versions of the two files.
        self._accounts: dict[frozenset[str], tuple[tuple[int, int], SharedAccounts]] = {}
        renew_after_fork(self)

    def __reduce__(self) -> tuple[type["PersistentFiles"], tuple[object, ...]]:
        """Pickle without tokens."""
        return type(self), (self._options,)

    def after_fork(self) -> None:
        """Continue in a forked child with a copy of what the parent had read."""
        self._changing = threading.Lock()

    def open(self) -> None:
        """Find the platform's storage. A folder that cannot be created is reported by the first write.

        :raises ValueError: encryption is not available, and the options do not allow storage without it.
        """
        with suppress(StoreUnavailableError):
            self._plain.open()
            self._cae.open()

    def read(
        self,
        partition: Partition,
        known: CachedPartition | None,
        *,
        wait: bool = True,  # noqa: ARG002 - required by Backing
    ) -> CachedPartition | None:
        """Return the partition as it is now: ``known`` itself if neither file has changed."""
        plain, cae = self._plain.read(), self._cae.read()
        version = (plain.version, cae.version)
        if known is not None and known.version == version:
            return known
        found = PartitionEntries.of(partition, plain.content), PartitionEntries.of(partition, cae.content)
        if all(entries.is_empty for entries in found):
            return None
        return CachedPartition(document_of(*found), version, _expiry(partition, *found))

    def accounts(self, environments: frozenset[str]) -> SharedAccounts:
        """Return the accounts of one cloud that the user's programs have signed in.

        :param environments: the hosts of the cloud.
        :raises ValueError: encryption is not available, and the options do not allow storage without it.
        :raises StoreUnavailableError: the folder of the cache cannot be created.
        """
        self._plain.open()
        self._cae.open()
        plain, cae = self._plain.read(), self._cae.read()
        version = (plain.version, cae.version)
        known = self._accounts.get(environments)
        if known is None or known[0] != version:
            known = version, SharedAccounts.of((plain.content, cae.content), environments)
            self._accounts = {**self._accounts, environments: known}
        return known[1]

    def change(
        self, partition: Partition, change: Callable[[TokenDocument], object], expires_at: float
    ) -> CachedPartition:
        """Apply the change and write the file that it affects, without losing what other programs write meanwhile."""
        with self._changing:
            cached, touched = self._try(partition, change, expires_at, self._usual)
            # If that was another file: it alone, and both only if another program's change makes that necessary.
            locked = touched
            while cached is None:
                cached, touched = self._try(partition, change, expires_at, locked)
                locked |= touched
            self._usual = touched
            return cached

    def claim(self, name: str, expires_at: float) -> bool:  # noqa: ARG002 - required by Backing
        """Raise an error: names cannot be recorded in files of other programs.

        :raises ValueError: always.
        """
        raise ValueError(
            "names can be claimed only in a cache with a store; this cache is for programs of a desktop user"
        )

    def sweep_if_due(self, now: float) -> float:  # noqa: ARG002 - required by Backing
        """Do nothing. The next write removes expired tokens."""
        return math.inf

    def close(self) -> None:
        """Do nothing. No file stays open."""

    def _try(
        self,
        partition: Partition,
        change: Callable[[TokenDocument], object],
        expires_at: float,
        locked: frozenset[MsalFile],
    ) -> tuple[CachedPartition | None, frozenset[MsalFile]]:
        """Write if all files that must be written are locked.

        :returns: the result, or None if a lock is missing; and the files that must be written.
        """
        with ExitStack() as stack:

            def look(file: MsalFile) -> Snapshot:
                return stack.enter_context(file.locked()) if file in locked else file.read()

            plain, cae = look(self._plain), look(self._cae)
            found = PartitionEntries.of(partition, plain.content), PartitionEntries.of(partition, cae.content)
            until = max(expires_at, _expiry(partition, *found))
            revision = Revision(partition, *found, change, until)
            revised = {
                self._plain: (plain, revision.of(plain.content, found[0], cae=False)),
                self._cae: (cae, revision.of(cae.content, found[1], cae=True)),
            }
            touched = frozenset(file for file, (_, content) in revised.items() if content is not None)
            if not touched <= locked:
                return None, touched
            versions = [
                snapshot.version if content is None else file.write(content, over=snapshot).version
                for file, (snapshot, content) in revised.items()
            ]
            return CachedPartition(revision.document, tuple(versions), until), touched


def _expiry(partition: Partition, *found: PartitionEntries) -> float:
    """Return when the partition expires: for on-behalf-of when the user assertion does, otherwise never."""
    if partition.kind != "obo":
        return math.inf
    return float(max((number(entry.get(UNTIL)) for entries in found for entry in entries.access.values()), default=0))
