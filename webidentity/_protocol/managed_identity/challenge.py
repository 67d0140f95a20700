"""The challenge of Azure Arc, which names a file that only authorized programs can read (RFC 7235, RFC 7617)."""

import re

from webidentity._protocol.redaction import scrub
from webidentity.errors import EntraError

_CHALLENGE = re.compile(r'basic +realm *= *(?:"([^",=]+)"|([^",=\s]+))', re.IGNORECASE | re.ASCII)
_LONGEST = 1000


def key_file_of(header: str | None) -> str:
    """Return the path of the key file.

    :param header: the value of ``WWW-Authenticate``.
    :raises EntraError: it is missing, or is not the challenge of Azure Arc.
    """
    if not header:
        raise EntraError("Did not receive a value from WWW-Authenticate header: the Azure Arc agent sent no challenge")
    found = _CHALLENGE.fullmatch(header.strip()) if len(header) <= _LONGEST else None
    if found is None:
        raise EntraError(
            f"Did not receive a correct value from WWW-Authenticate header: {scrub(header[:_LONGEST])!r} instead of "
            "'Basic realm=<file>'. Check that IDENTITY_ENDPOINT is that of the Azure Arc agent."
        )
    return found[1] or found[2]
