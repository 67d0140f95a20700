"""One file in MSAL's unified schema, which other programs read and write too."""

import itertools
import json
import logging
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from webidentity._json import as_object, parse_object
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._platform_storage import PlatformStorage, Stamp, UnreadableTextError
from webidentity.cache._store import StoreUnavailableError

_LOGGER = logging.getLogger(__name__)

#: The sections that are read here. Other sections are kept as they are.
SECTIONS = ("AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata")
#: Nanoseconds within which a file system may record the same time for two changes.
_COARSE = 2_500_000_000

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The content at one moment. It is never changed."""

    content: Content = field(repr=False)
    #: Changes with every content that was read or written here.
    version: int
    stamp: Stamp
    #: Whether the stamp was old enough when it was read, so that every later change has a different one.
    settled: bool
    #: The content is not a token cache.
    damaged: bool = False
    #: There is no content: no cache yet, or another program is writing it in place.
    blank: bool = False


class MsalFile:
    """Reads the file when it has changed, and replaces it as a whole.

    :param suffix: ``.nocae`` or ``.cae``: tokens for continuous access evaluation are in a separate file.
    """

    def __init__(self, options: TokenCachePersistenceOptions, suffix: str) -> None:
        self._storage = PlatformStorage(options, suffix)
        self._versions = itertools.count(1)
        self._snapshot = Snapshot({}, 0, None, settled=False)
        self._out_of_reach = False

    def open(self) -> None:
        """Find the file. See :meth:`PlatformStorage.open`."""
        self._storage.open()

    def read(self) -> Snapshot:
        """Return the current content. If it cannot be read, log a warning and return the content that was read last."""
        try:
            self._storage.open()
            stamp = self._storage.stamp()
            if stamp != self._snapshot.stamp:
                self._snapshot = self._load_calmly(stamp) if stamp is not None else self._empty()
        except StoreUnavailableError as error:
            if not self._out_of_reach:
                _LOGGER.warning("Tokens of the shared cache are not available: %s", error)
            self._out_of_reach = True
        else:
            self._out_of_reach = False
        return self._snapshot

    @contextmanager
    def locked(self) -> Generator[Snapshot]:
        """Keep other programs from writing, and provide the current content.

        :raises StoreUnavailableError: the file cannot be locked or read.
        """
        self._storage.open()
        with self._storage.lock():
            stamp = self._storage.stamp()
            known = self._snapshot
            if stamp is None or stamp != known.stamp or not known.settled:
                found = self._load(stamp)
                if stamp != known.stamp:
                    self._complain(found)
                self._snapshot = known = found
            yield known

    def write(self, content: Content, *, over: Snapshot) -> Snapshot:
        """Replace the content ``over`` that :meth:`locked` provided. The caller must still hold the lock.

        :raises StoreUnavailableError: the file cannot be written.
        """
        # No indentation, which takes Python ten times as long. ASCII, because others may read it in any encoding.
        text = json.dumps(content, separators=(",", ":"))
        if over.damaged:
            _LOGGER.info("The damaged token cache was renamed to %s", self._storage.set_aside())
        self._storage.save(text)
        stamp = self._storage.stamp()
        self._snapshot = written = Snapshot(content, next(self._versions), stamp, _is_settled(stamp))
        return written

    def _load_calmly(self, stamp: Stamp) -> Snapshot:
        """Load without the lock, and again with it if another program may be writing the file."""
        found = self._load(stamp)
        if not found.damaged and not found.blank:
            return found
        try:
            with self._storage.lock():
                found = self._load(self._storage.stamp())
        except StoreUnavailableError:
            _LOGGER.debug("The token cache was read without its lock", exc_info=True)
        self._complain(found)
        return found

    def _load(self, stamp: Stamp) -> Snapshot:
        """Return the content. The stamp was read before, so that a change in between is noticed later."""
        settled = _is_settled(stamp)
        try:
            text = self._storage.load()
        except UnreadableTextError:
            return Snapshot({}, next(self._versions), stamp, settled, damaged=True)
        if text is None or not text.strip():
            return Snapshot({}, next(self._versions), stamp, settled, blank=True)
        content = parse_object(text)
        if content is None or any(as_object(content.get(name, {})) is None for name in SECTIONS):
            return Snapshot({}, next(self._versions), stamp, settled, damaged=True)
        return Snapshot(content, next(self._versions), stamp, settled)

    def _complain(self, found: Snapshot) -> None:
        if found.damaged:
            _LOGGER.warning(
                "The token cache %s is ignored: it is damaged, or not a token cache. It will be renamed before a new "
                "one is written.",
                self._storage.name,
            )

    def _empty(self) -> Snapshot:
        return Snapshot({}, next(self._versions), None, settled=False)


def _is_settled(stamp: Stamp) -> bool:
    return stamp is not None and time.time_ns() - stamp[0] > _COARSE
