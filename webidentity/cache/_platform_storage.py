"""One cache in the secure storage of the platform: a text that is read, locked and replaced as a whole."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from importlib import import_module
from typing import Any

from webidentity._fork import renew_after_fork
from webidentity.cache._lock_file import lock_file
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._store import StoreUnavailableError

#: Changes with the content: modification time in nanoseconds, size, inode. None while there is no file.
Stamp = tuple[int, int, int] | None

_REPLACE_ATTEMPTS = 20
_SERVICE = "Microsoft.Developer.IdentityService"
_LABEL = "MSALCache"
_DEFAULT_CACHE = "msal.cache.nocae"

#: Constructs msal-extensions' persistence from a path, on platforms where the cache is one file.
FileType = Callable[[str], Any]


class UnreadableTextError(Exception):
    """The content is not text, or cannot be decrypted."""


class PlatformStorage:
    """Keeps one text where the platform keeps its user's secrets, with msal-extensions.

    Nothing is imported or touched before :meth:`open`.

    :param suffix: the end of the cache's name, ``.nocae`` or ``.cae``.
    """

    def __init__(self, options: TokenCachePersistenceOptions, suffix: str) -> None:
        self._options = options
        self._suffix = suffix
        self._persistence: Any = None
        self._file_type: FileType | None = None
        self._path = ""
        self._opening = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Continue in a forked child with what the parent had opened."""
        self._opening = threading.Lock()

    def open(self) -> None:
        """Find the platform's storage. Later calls do nothing.

        :raises ValueError: encryption is not available, and the options do not allow storage without it.
        :raises NotImplementedError: the platform has no such storage.
        :raises StoreUnavailableError: the folder cannot be created.
        """
        with self._opening:
            if self._persistence is None:
                persistence, self._file_type = open_persistence(self._options, self._suffix)
                # Follow a symbolic link: otherwise a save would replace the link, not the file it points to.
                self._path = os.path.realpath(persistence.get_location())
                self._persistence = persistence

    @property
    def name(self) -> str:
        """The path of the file that contains the text, or whose modification time signals its changes."""
        return self._path or f"{self._options.name}{self._suffix}"

    def stamp(self) -> Stamp:
        """Return a value that changes with the content.

        :raises StoreUnavailableError: the file cannot be read.
        """
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable("read", error) from error
        return found.st_mtime_ns, found.st_size, found.st_ino

    def load(self) -> str | None:
        """Return the text; None if nothing was saved yet.

        :raises UnreadableTextError: the content is not text, or cannot be decrypted.
        :raises StoreUnavailableError: the storage cannot be read.
        """
        kinds: Any = import_module("msal_extensions.persistence")
        try:
            text: str = self._persistence.load()
        except kinds.PersistenceNotFound:
            return None
        except (kinds.PersistenceDecryptionError, UnicodeError) as error:
            raise UnreadableTextError from error
        except Exception as error:  # the platforms' errors have no common base
            raise self._unavailable("read", error) from error
        return text

    def save(self, text: str) -> None:
        """Replace the text; atomically if it is in a file. The caller must hold the lock.

        :raises StoreUnavailableError: the storage cannot be written.
        """
        try:
            if self._file_type is None:
                self._persistence.save(text)
            else:
                # A second file first, so that a process killed here leaves the earlier content.
                draft = f"{self._path}.new"
                _remove(draft)
                self._file_type(draft).save(text)
                _patiently(lambda: os.replace(draft, self._path))
        except Exception as error:  # the platforms' errors have no common base
            raise self._unavailable("written", error) from error

    def set_aside(self) -> str:
        """Rename an unreadable file and return its new path. The caller must hold the lock.

        :raises StoreUnavailableError: the content is not in a file, or the file cannot be renamed.
        """
        if self._file_type is None:
            raise StoreUnavailableError(
                f"the token cache {self.name} has content that cannot be read. It was not changed. Delete it with the "
                "platform's own tool, or choose another name in TokenCachePersistenceOptions"
            )
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        free = (f"{self._path}.damaged-{moment}{end}" for end in ("", *(f"-{number}" for number in range(2, 1000))))
        target = next(path for path in free if not os.path.lexists(path))
        try:
            _patiently(lambda: os.rename(self._path, target))
        except OSError as error:
            raise self._unavailable("moved", error) from error
        return target

    @contextlib.contextmanager
    def lock(self) -> Generator[None]:
        """Keep other programs from writing.

        :raises StoreUnavailableError: the lock cannot be acquired.
        """
        path = f"{self._persistence.get_location()}.lockfile"
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(lock_file(path))
            except OSError as error:
                raise StoreUnavailableError(
                    f"the token cache {self.name} cannot be locked ({_reason(error)}): is its folder writable? If no "
                    f"program is using the cache, remove the lock file {path}, which a killed program left behind"
                ) from error
            yield

    def _unavailable(self, what: str, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(f"the token cache {self.name} cannot be {what}: {_reason(error)}")


def open_persistence(options: TokenCachePersistenceOptions, suffix: str) -> tuple[Any, FileType | None]:
    """Return msal-extensions' persistence of the cache, and its type if the cache is a file that can be replaced.

    The places and names are those of azure-identity.

    :raises ValueError: encryption is not available, and the options do not allow storage without it.
    :raises NotImplementedError: the platform is neither Windows, macOS nor Linux.
    :raises StoreUnavailableError: the folder cannot be created.
    """
    extensions: Any = import_module("msal_extensions")
    name = f"{options.name}{suffix}"
    if sys.platform.startswith("win") and "LOCALAPPDATA" in os.environ:
        path = _in_folder(os.environ["LOCALAPPDATA"], name)
        protected: FileType = extensions.FilePersistenceWithDataProtection
        return protected(path), protected
    if sys.platform.startswith("darwin"):
        account = _LABEL if name == _DEFAULT_CACHE else name
        return extensions.KeychainPersistence(_in_folder("~", name), _SERVICE, account), None
    if sys.platform.startswith("linux"):
        path = _in_folder("~", name)
        try:
            return extensions.LibsecretPersistence(path, name, {"MsalClientID": _SERVICE}, label=_LABEL), None
        except Exception as error:
            if not options.allow_unencrypted_storage:
                raise ValueError(
                    "Cache encryption is impossible because libsecret dependencies are not installed or are unusable, "
                    "for example because no display is available (as in an SSH session). The chained exception has "
                    'more information. Specify "allow_unencrypted_storage=True" to store the cache unencrypted '
                    "instead of raising this exception."
                ) from error
        plain: FileType = extensions.FilePersistence
        return plain(path), plain
    raise NotImplementedError("A persistent cache is not available in this environment.")


def _in_folder(parent: str, name: str) -> str:
    """Return the path of the cache's file. A missing folder is created, readable for the user only."""
    path = os.path.join(os.path.expanduser(parent), ".IdentityService", name)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"the folder of the token cache {path} cannot be created: {error}") from error
    return path


def _reason(error: Exception) -> str:
    """Describe the error without text of a library, which may contain secrets."""
    name, text = type(error).__name__, error.strerror if isinstance(error, OSError) else None
    return f"{name}: {text}" if text else name


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def _patiently(move: Callable[[], None]) -> None:
    """Move a file; retry for a second on Windows, which refuses while another program has the file open."""
    for _ in range(_REPLACE_ATTEMPTS - 1):
        try:
            return move()
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(0.05)
    return move()
