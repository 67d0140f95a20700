"""The proof that a file holds: a federated token that somebody else renews."""

import os
from dataclasses import dataclass, field

from webidentity._flows.client_authentication import ClientAuthentication, assertion_fields
from webidentity._protocol.effects import Call, Flow
from webidentity.cache._partition import digest

#: What tells one content of the file from the next: time of change in nanoseconds, size, inode.
_Stamp = tuple[int, int, int]


@dataclass
class TokenFileAuthentication(ClientAuthentication):
    """Sends the content of a file, read again whenever the file has changed.

    :param path: the file, which a rotation replaces.
    """

    path: str
    _held: tuple[_Stamp, str] | None = field(default=None, init=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """The digest of the path: whoever may read the file has the proof."""
        return digest(f"file {os.path.abspath(self.path)}")

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - the file knows
        """Return the content of the file.

        :raises OSError: it cannot be read.
        :raises ValueError: it is empty.
        """
        content = yield Call(self._read, blocking=True)
        if not content:
            raise ValueError(f"the token file {self.path} is empty: is the pod labelled for Workload ID?")
        return assertion_fields(content)

    def renew(self) -> bool:
        """Have the file read again."""
        self._held = None
        return True

    def _read(self) -> str:
        found = os.stat(self.path)
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        held = self._held
        if held is None or held[0] != stamp:
            with open(self.path, encoding="utf-8") as file:
                held = self._held = (stamp, file.read().strip())
        return held[1]
