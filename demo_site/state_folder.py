"""Where the demonstration keeps what must outlive a request: token caches and secret keys."""

import secrets
import tempfile
from contextlib import ExitStack
from pathlib import Path

#: In the working directory; git-ignored.
_INSTANCE = Path("instance/demo_site")


class StateFolder:
    """A folder for each site.

    :param lasting: whether sessions should survive a restart. Otherwise all of it goes when the stack is closed.
    """

    def __init__(self, stack: ExitStack, *, lasting: bool) -> None:
        self._lasting = lasting
        if lasting:
            self._folder = _INSTANCE.resolve()
        else:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webidentity-demo-")))

    def of(self, name: str) -> Path:
        """Return the folder of one site, readable by its owner alone."""
        folder = self._folder / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def secret_key(self, name: str) -> str:
        """Return the secret key of one site: new at each start, unless its sessions are to survive one."""
        if not self._lasting:
            return secrets.token_hex(32)
        file = self.of(name) / "secret-key"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(32))
        return file.read_text()
