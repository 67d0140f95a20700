"""Problems with a file that many programs write: locks, damage, killed programs, read-only folders."""

import json
import logging
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.kit.canned import Canned
from tests.kit.drivers import Driver
from tests.kit.forks import in_a_fork
from tests.kit.replies import CLIENT, TENANT, token, user_token
from tests.kit.shared_cache import OPTIONS, Home, LockClock, add_tokens, found, put, user, write_forever
from webidentity import TokenCachePersistenceOptions
from webidentity.cache import StoreUnavailableError, _lock_file
from webidentity.cache._persistent import PersistentFiles

DAMAGED = [
    "{",
    "[]",
    "null",
    '"text"',
    "\x00\x01",
    '{"AccessToken": []}',
    '{"RefreshToken": {}} trailing',
    "[" * 100_000,
]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that another program holds is given up at once."""
    monkeypatch.setattr(_lock_file, "HOLDER_TIMEOUT", 0.0)


def credential(driver: Driver, network: Canned, **options: Any) -> Any:
    arguments = {"cache_persistence_options": OPTIONS, "retry_total": 0, **options}
    return driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "s3cret", **arguments)


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: content[:20])
def test_a_damaged_file_is_ignored_and_renamed(
    driver: Driver, home: Home, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning names the file and quotes none of its content; a new token is acquired and stored."""
    home.write(content)
    with caplog.at_level(logging.DEBUG):
        assert credential(driver, Canned(token("new"))).get_token("a").token == "new"
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [str(home.file()) in record.getMessage() for record in warnings] == [True]
    assert "trailing" not in caplog.text
    assert home.secrets() == ["new"]
    (aside,) = home.file().parent.glob("*.damaged-*")
    assert aside.read_text() == content
    assert re.fullmatch(r"msal\.cache\.nocae\.damaged-\d{8}T\d{6}Z", aside.name)
    assert credential(driver, Canned()).get_token("a").token == "new"


def test_earlier_damaged_files_are_not_replaced(home: Home) -> None:
    """Two damaged files within a second get different names."""
    files = PersistentFiles(OPTIONS)
    for content in ("first", "second", "third"):
        home.write(content)
        put(files, user(), "token")
    assert sorted(path.read_text() for path in home.file().parent.glob("*.damaged-*")) == ["first", "second", "third"]


def test_a_damaged_file_that_is_only_read_stays(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """There is one warning, not one for every call."""
    home.write("damaged")
    files = PersistentFiles(OPTIONS)
    assert [found(files, user()) for _ in range(3)] == [None] * 3
    assert home.file().read_text() == "damaged"
    assert len(caplog.records) == 1


def test_a_half_written_file_is_read_again_under_the_lock(home: Home, lock_clock: LockClock) -> None:
    """Other programs write in place: while they do, the file is empty or incomplete."""
    put(PersistentFiles(OPTIONS), user(), "token")
    text = home.file().read_text()
    lock = Path(f"{home.file()}.lockfile")

    def finish() -> None:
        home.file().write_text(text)
        lock.unlink()

    lock_clock.meanwhile = finish
    for half in ("", text[: len(text) // 2]):
        lock.touch()
        home.file().write_text(half)
        assert found(PersistentFiles(OPTIONS), user()) == "token"
        assert not lock.exists()


def test_an_empty_file_is_an_empty_cache(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """The file is read without a warning, as in msal-extensions."""
    home.write("")
    files = PersistentFiles(OPTIONS)
    assert found(files, user()) is None
    put(files, user(), "token")
    assert found(files, user()) == "token"
    assert not caplog.records
    assert not list(home.file().parent.glob("*.damaged-*"))


@pytest.mark.usefixtures("impatient")
def test_a_lock_that_is_not_released_is_reported_and_loses_no_token(
    driver: Driver, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets its token, and the credential keeps it. It is written to the file when the lock is released."""
    home.write({"Unknown": 1})
    lock = Path(f"{home.file()}.lockfile")
    lock.write_text(f"{os.getpid()} a program that runs")
    with pytest.raises(StoreUnavailableError, match=re.escape(str(lock))):
        put(PersistentFiles(OPTIONS), user(), "token")
    network = Canned(user_token("first"), user_token("second"))
    options = {"cache_persistence_options": OPTIONS}
    ada = driver.credential(
        "AuthorizationCodeCredential", network, TENANT, CLIENT, "code", "https://app.test/", **options
    )
    assert [ada.get_token("a").token for _ in range(2)] == ["first", "first"]
    assert str(lock) in caplog.text
    assert home.content() == {"Unknown": 1}
    lock.unlink()
    assert ada.get_token("b").token == "second"
    assert [form["grant_type"] for form in network.forms] == ["authorization_code", "refresh_token"]
    assert sorted(home.secrets()) == ["first", "second"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser can write everywhere")
def test_a_folder_that_cannot_be_written_loses_no_token(driver: Driver, home: Home) -> None:
    """The home folder of a container, for example."""
    home.path.chmod(0o500)
    try:
        assert credential(driver, Canned(token("new"))).get_token("a").token == "new"
    finally:
        home.path.chmod(0o700)


@pytest.mark.parametrize("name", ["ClientSecretCredential", "AuthorizationCodeCredential"])
def test_a_home_that_is_not_a_folder_loses_no_token(
    driver: Driver, home: Home, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The program continues with the tokens in memory if it cannot store any."""
    (home.path / "file").touch()
    monkeypatch.setenv("HOME", str(home.path / "file"))
    arguments = ["s3cret"] if name == "ClientSecretCredential" else ["code", "https://app.test/"]
    options = {"cache_persistence_options": OPTIONS}
    network = Canned(user_token("first"))
    made = driver.credential(name, network, TENANT, CLIENT, *arguments, **options)
    assert [made.get_token("a").token for _ in range(2)] == ["first"] * 2
    assert "cannot be created" in caplog.text


def test_tokens_in_memory_stay_when_the_file_cannot_be_read(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """The file is not overwritten."""
    files = PersistentFiles(OPTIONS)
    put(files, user(), "token")
    cached = files.read(user(), None)
    home.file().unlink()
    home.file().mkdir()
    assert [files.read(user(), cached) for _ in range(2)] == [cached, cached]
    assert len(caplog.records) == 1
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        put(files, user(), "token", "b")
    home.file().rmdir()
    put(files, user(), "another", "b")
    assert home.secrets() == ["another"]


def test_four_processes_lose_no_token(home: Home) -> None:
    """Each adds fifty tokens of one user. All are there at the end, and no lock file is left."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        pool.starmap(add_tokens, [(number, 50) for number in range(4)], chunksize=1)
        pool.close()
        pool.join()
    assert sorted(home.secrets()) == sorted(f"{process}-{count}" for process in range(4) for count in range(50))
    assert [path.name for path in home.file().parent.iterdir()] == ["msal.cache.nocae"]


def test_a_program_that_is_killed_while_writing_leaves_a_readable_file(home: Home) -> None:
    """The file contains either the earlier content or the new content."""
    context = multiprocessing.get_context("spawn")
    for _ in range(3):
        writer = context.Process(target=write_forever)
        writer.start()
        deadline = time.monotonic() + 30
        while not home.file().exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        assert writer.pid is not None
        os.kill(writer.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        writer.join(10)
        assert json.loads(home.file().read_text())["AccessToken"]
    put(PersistentFiles(OPTIONS), user("grace"), "after")
    assert "after" in home.secrets()


@pytest.mark.parametrize("library", ["webidentity.cache._lock_file", "msal_extensions"])
def test_a_lock_of_a_killed_program_does_not_keep_tokens_from_being_stored(
    driver: Driver, home: Home, lock_clock: LockClock, library: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The next program waits a second, once. azure-identity uses msal-extensions."""
    home.write({})
    lock = Path(f"{home.file()}.lockfile")
    name = "CrossPlatLock" if library == "msal_extensions" else "lock_file"
    source = (
        f"import os, sys; from {library} import {name}; held = {name}(sys.argv[1]); held.__enter__(); "
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", source, str(lock)], check=False).returncode == -signal.SIGKILL
    assert lock.exists()
    assert credential(driver, Canned(token("first"))).get_token("a").token == "first"
    assert lock_clock.seconds < 2
    assert home.secrets() == ["first"]
    assert not lock.exists()
    assert credential(driver, Canned()).get_token("a").token == "first"
    assert not caplog.records


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_while_a_lock_is_held_does_not_hang_the_child(home: Home) -> None:
    """The child has copies of the locks, but not the threads that would release them."""
    files = PersistentFiles(OPTIONS)
    put(files, user(), "parent")

    def child() -> bool:
        put(files, user(), "child", "b")
        return found(files, user(), "b") == "child"

    with files._changing, files._plain._storage._opening:
        assert in_a_fork(child)
    assert found(files, user(), "b") == "child"


@pytest.mark.skipif(sys.platform != "linux", reason="libsecret exists on Linux only")
@pytest.mark.parametrize("name", ["ClientSecretCredential", "AuthorizationCodeCredential", "OnBehalfOfCredential"])
def test_without_libsecret_nothing_is_written_unencrypted(driver: Driver, home: Home, name: str) -> None:
    """No request is sent unless the caller allows unencrypted storage; the error's cause says what is missing."""
    arguments: dict[str, dict[str, Any]] = {
        "ClientSecretCredential": {"client_secret": "s3cret"},
        "AuthorizationCodeCredential": {"authorization_code": "code", "redirect_uri": "https://app.test/"},
        "OnBehalfOfCredential": {"client_secret": "s3cret", "user_assertion": "assertion"},
    }
    network = Canned()
    made = driver.credential(
        name,
        network,
        tenant_id=TENANT,
        client_id=CLIENT,
        cache_persistence_options=TokenCachePersistenceOptions(),
        **arguments[name],
    )
    assert not home.file().parent.exists()
    with pytest.raises(ValueError, match="allow_unencrypted_storage=True") as caught:
        made.get_token("a")
    assert isinstance(caught.value.__cause__, ImportError | RuntimeError)
    assert not network.sent
    assert not home.file().exists()
