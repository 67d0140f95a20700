"""Where the platform keeps a cache that the programs of one OS user share: azure-identity's places and names.

Nothing is imported or touched until the first call.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._store import StoreUnavailableError

_SERVICE = "Microsoft.Developer.IdentityService"
_LABEL = "MSALCache"
_DEFAULT_CACHE = "msal.cache.nocae"

#: Makes msal-extensions' persistence of a path, for platforms where that is all there is to it.
FileType = Callable[[str], Any]


def open_persistence(options: TokenCachePersistenceOptions, suffix: str) -> tuple[Any, FileType | None]:
    """Return msal-extensions' persistence of the cache, and its type if it is a file that can be replaced.

    :raises ValueError: nothing encrypts here, and the options do not allow to do without.
    :raises NotImplementedError: the platform is none of the three.
    :raises StoreUnavailableError: the folder cannot be made.
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
    """Return the path of the cache's file, in a folder that only the user can read if it has to be made."""
    path = os.path.join(os.path.expanduser(parent), ".IdentityService", name)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"the folder of the token cache {path} cannot be made: {error}") from error
    return path
