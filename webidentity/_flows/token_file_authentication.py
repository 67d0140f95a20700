"""Client authentication with a federated token in a file that is renewed externally."""

import os
from dataclasses import dataclass, field

from webidentity._flows.client_authentication import ClientAuthentication, assertion_fields
from webidentity._protocol.effects import Call, Flow
from webidentity.cache._partition import digest

#: Identifies one version of the file: modification time in nanoseconds, size and inode.
_Stamp = tuple[int, int, int]


@dataclass
class TokenFileAuthentication(ClientAuthentication):
    """Sends the content of a file as the assertion. The file is read again when it has changed.

    :param path: the file.
    """

    path: str
    _read_last: tuple[_Stamp, str] | None = field(default=None, init=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """The digest of the path: access to the file is what authenticates the client."""
        return digest(f"file {os.path.abspath(self.path)}")

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - not needed for a file
        """Return the form fields with the content of the file.

        :raises OSError: it cannot be read.
        :raises ValueError: it is empty.
        """
        content = yield Call(self._read, blocking=True)
        if not content:
            raise ValueError(f"the token file {self.path} is empty: check that the pod is labelled for Workload ID")
        return assertion_fields(content)

    def renew(self) -> bool:
        """Read the file again at the next token request."""
        self._read_last = None
        return True

    def _read(self) -> str:
        found = os.stat(self.path)
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        last = self._read_last
        if last is None or last[0] != stamp:
            with open(self.path, encoding="utf-8") as file:
                last = self._read_last = (stamp, file.read().strip())
        return last[1]
