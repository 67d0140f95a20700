"""The folder for token caches and secret keys."""

import secrets
import tempfile
from contextlib import ExitStack
from pathlib import Path

#: In the working directory, ignored by git.
_INSTANCE = Path("instance/demo_site")


class StateFolder:
    """Provides a folder and a secret key for each site.

    :param stack: deletes a temporary folder when it is closed.
    :param persistent: whether sessions survive a restart. If False, the folder is temporary.
    """

    def __init__(self, stack: ExitStack, *, persistent: bool) -> None:
        self._persistent = persistent
        if persistent:
            self._folder = _INSTANCE.resolve()
        else:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webidentity-demo-")))

    def folder_for(self, name: str) -> Path:
        """Return the folder of one site. Only its owner can read it."""
        folder = self._folder / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def secret_key(self, name: str) -> str:
        """Return the secret key of one site. It is new at each start, unless the folder is persistent."""
        if not self._persistent:
            return secrets.token_hex(32)
        file = self.folder_for(name) / "secret-key"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(32))
        return file.read_text()
