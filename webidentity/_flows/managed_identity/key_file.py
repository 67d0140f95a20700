"""The key file of Azure Arc, which a challenge names: only programs that can read it may acquire tokens."""

import os
import re
import sys

from webidentity._protocol.redaction import scrub
from webidentity.errors import EntraError

#: Where the agent writes it on Linux. Tests use a different folder.
LINUX_FOLDER = "/var/opt/azcmagent/tokens"
_SUFFIX = ".key"
_LARGEST = 4096
_CHALLENGE = re.compile(r'basic +realm *= *(?:"([^",=]+)"|([^",=\s]+))', re.IGNORECASE | re.ASCII)
_LONGEST_CHALLENGE = 1000


def read_key_file(path: str) -> str:
    """Return the content of the file that a challenge names.

    The challenge comes over an unauthenticated connection. The file is read only if its path is that of a key of the
    agent: otherwise an attacker could have this program send the content of any file.

    :raises EntraError: the path is not that of a key, or the file cannot be read.
    """
    try:
        content = _read(_checked(path))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise EntraError(
            f"The key file path is invalid: {scrub(path)!r}: {reason}. The user that runs this program must be a "
            "member of the group himds on Linux, or an administrator or a member of Hybrid agent extension "
            "applications on Windows."
        ) from None
    if not content or not content.isascii() or not content.isprintable():
        raise EntraError(f"The key file path is invalid: {scrub(path)!r}: the content of the file is not a key")
    return content


def _folder() -> str:
    platform: str = sys.platform
    if platform.startswith("linux"):
        return LINUX_FOLDER
    if platform.startswith("win"):
        data = os.environ.get("PROGRAMDATA")
        if not data:
            raise ValueError("the environment variable PROGRAMDATA is not set")
        return os.path.join(data, "AzureConnectedMachineAgent", "Tokens")
    raise ValueError(f"Azure Arc MSI is not supported on this platform {platform}")


def _checked(path: str) -> str:
    """Return the resolved path."""
    folder = _folder()
    # The path must stay in the folder, also after symbolic links and '..' are resolved.
    resolved = os.path.realpath(path)
    expected = os.path.join(os.path.realpath(folder), os.path.basename(path))
    if os.path.normcase(resolved) != os.path.normcase(expected):
        raise ValueError(f"Unexpected file path from HIMDS service: it is not in {folder}")
    if not resolved.endswith(_SUFFIX):
        raise ValueError(f"The file path must have a '{_SUFFIX}' extension")
    if not os.path.isfile(resolved):
        raise ValueError("The file path does not exist")
    return resolved


def _read(path: str) -> str:
    with open(path, "rb") as file:
        # One byte more than the limit: the file may grow after a check of its size.
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"The file size must be less than or equal to {_LARGEST} bytes")
    return content.decode("latin-1").strip()


def key_file_of(header: str | None) -> str:
    """Return the path of the key file.

    :param header: the value of ``WWW-Authenticate``.
    :raises EntraError: it is missing, or is not the challenge of Azure Arc.
    """
    if not header:
        raise EntraError("Did not receive a value from WWW-Authenticate header: the Azure Arc agent sent no challenge")
    found = _CHALLENGE.fullmatch(header.strip()) if len(header) <= _LONGEST_CHALLENGE else None
    if found is None:
        raise EntraError(
            "Did not receive a correct value from WWW-Authenticate header: "
            f"{scrub(header[:_LONGEST_CHALLENGE])!r} instead of 'Basic realm=<file>'. Check that IDENTITY_ENDPOINT is "
            "that of the Azure Arc agent."
        )
    return found[1] or found[2]
