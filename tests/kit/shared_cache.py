"""The shared cache of a new desktop user, and programs that use it. Importable by a new process."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kit.replies import CLIENT, TENANT
from webidentity import TokenCachePersistenceOptions
from webidentity._protocol.token_reply import TokenReply
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._persistent import PersistentFiles

PUBLIC = "https://login.microsoftonline.com"
FAR = 4_000_000_000
#: libsecret is tried first; test machines do not have it.
OPTIONS = TokenCachePersistenceOptions(allow_unencrypted_storage=True)

Change = Callable[[TokenDocument], None]


def user(name: str = "ada", *, authority: str = PUBLIC, tenant: str = TENANT, client_id: str = CLIENT) -> Partition:
    """Return a user's partition."""
    return Partition.user(client_id=client_id, authority=authority, tenant=tenant, home_account_id=f"{name}.{TENANT}")


def application(authentication: str = "secret") -> Partition:
    """Return an application's partition."""
    return Partition.app(client_id=CLIENT, authority=PUBLIC, tenant=TENANT, authentication=authentication)


def behalf(assertion: str = "assertion", authentication: str = "secret") -> Partition:
    """Return the partition of an assertion."""
    return Partition.on_behalf_of(
        client_id=CLIENT, authority=PUBLIC, tenant=TENANT, assertion=assertion, authentication=authentication
    )


def adds(partition: Partition, token: str, scope: str = "a", *, cae: bool = False, now: int = 1, **more: Any) -> Change:
    """Return the change that adds the tokens of a reply."""
    fields: dict[str, Any] = {"home_account_id": partition.home_account_id, **more}
    expires_on = fields.pop("expires_on", FAR)

    def change(document: TokenDocument) -> None:
        document.add(partition, [scope], TokenReply(token, expires_on, None, "Bearer", (), **fields), cae=cae, now=now)

    return change


def put(files: PersistentFiles, partition: Partition, token: str, scope: str = "a", **more: Any) -> None:
    """Store the tokens of a reply."""
    files.change(partition, adds(partition, token, scope, **more), float(FAR))


def found(files: PersistentFiles, partition: Partition, scope: str = "a", *, cae: bool = False) -> str | None:
    """Return the token that a credential would return."""
    cached = files.read(partition, None)
    token = cached.document.access_token((scope,), cae=cae, now=1) if cached else None
    return token.token if token else None


def refresh_token(files: PersistentFiles, partition: Partition) -> str | None:
    """Return the refresh token that a credential would redeem."""
    cached = files.read(partition, None)
    return cached.document.refresh_token if cached else None


class Home:
    """A user's home folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, *, cae: bool = False, name: str = "msal.cache") -> Path:
        """Return the path of the cache."""
        return self.path / ".IdentityService" / f"{name}{'.cae' if cae else '.nocae'}"

    def content(self, *, cae: bool = False) -> dict[str, Any]:
        """Return the content of the file."""
        content: dict[str, Any] = json.loads(self.file(cae=cae).read_text())
        return content

    def write(self, content: object, *, cae: bool = False) -> None:
        """Write in place, as other programs do with msal-extensions."""
        path = self.file(cae=cae)
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=4))

    def secrets(self, section: str = "AccessToken", *, cae: bool = False) -> list[str]:
        """Return the secrets of a section."""
        return [entry["secret"] for entry in self.content(cae=cae).get(section, {}).values()]


def add_tokens(process: int, count: int) -> None:
    """Add tokens of one user with one write each. Runs in a separate process."""
    files = PersistentFiles(OPTIONS)
    for number in range(count):
        put(files, user(), f"{process}-{number}", f"scope-{process}-{number}")


def write_forever() -> None:
    """Write until the process is killed."""
    files = PersistentFiles(OPTIONS)
    padding = "x" * 200_000
    for number in range(1_000_000):
        put(files, user(), f"{number}-{padding}", f"scope-{number % 10}")


class LockClock:
    """Replaces ``time`` in the lock file's module: only waiting for the lock advances it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        #: What other programs do while this one waits.
        self.meanwhile: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        """Return the time: the computer was started long before the program."""
        return 1000.0 + self.seconds

    def time(self) -> float:
        """Return the time of the files, in Unix seconds."""
        return time.time() + self.seconds

    def sleep(self, seconds: float) -> None:
        """Wait for the lock."""
        self.seconds += seconds
        self.meanwhile()
