"""Where each platform keeps the cache: we call msal-extensions as azure-identity does."""

import sys
from pathlib import Path
from typing import Any

import azure.identity._persistent_cache as peer
import msal_extensions
import pytest
from msal_extensions.persistence import BasePersistence, FilePersistence, PersistenceNotFound

from tests.kit.shared_cache import OPTIONS, Home, found, put, user
from webidentity import TokenCachePersistenceOptions
from webidentity.cache import StoreUnavailableError
from webidentity.cache._persistent import PersistentFiles
from webidentity.cache._platform_storage import open_persistence

KINDS = ("FilePersistenceWithDataProtection", "KeychainPersistence", "LibsecretPersistence")


@pytest.mark.parametrize("suffix", [".nocae", ".cae"])
@pytest.mark.parametrize("name", ["msal.cache", "my-tool"])
@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_places_and_names_are_those_of_azure_identity(
    home: Home, platform: str, name: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, service, account, schema, attributes and label."""
    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
    for kind in KINDS:

        def record(*args: Any, kind: str = kind, **kwargs: Any) -> None:
            asked.append((kind, args, kwargs))

        monkeypatch.setattr(msal_extensions, kind, record)
    monkeypatch.setattr(sys, "platform", platform)
    open_persistence(TokenCachePersistenceOptions(name=name), suffix)
    peer._get_persistence(allow_unencrypted=False, account_name="MSALCache", cache_name=f"{name}{suffix}")
    ours, theirs = asked
    assert ours == theirs


@pytest.mark.parametrize("platform", ["win32", "sunos5"])
def test_an_unsupported_platform_is_reported(home: Home, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is that of azure-identity; Windows without LOCALAPPDATA is unsupported too."""
    monkeypatch.delenv("LOCALAPPDATA")
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(NotImplementedError, match="not available"):
        PersistentFiles(OPTIONS).read(user(), None)


class Vault(BasePersistence):
    """Like a keychain: the text is not in a file, and the modification time of a file signals changes."""

    texts: dict[str, str]

    def __init__(self, signal: str, *args: Any, **kwargs: Any) -> None:
        self._signal = FilePersistence(signal)

    def save(self, content: str) -> None:
        if "refused" in content:
            raise RuntimeError("the vault is locked, and quotes secrets")
        self.texts[self.get_location()] = content
        self._signal.touch()

    def load(self) -> str:
        if self.get_location() not in self.texts:
            raise PersistenceNotFound
        return self.texts[self.get_location()]

    def time_last_modified(self) -> float:
        return self._signal.time_last_modified()

    def get_location(self) -> str:
        return self._signal.get_location()


@pytest.fixture
def vault(home: Home, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The content of the vault, by the path of the signal file."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(msal_extensions, "KeychainPersistence", Vault)
    monkeypatch.setattr(Vault, "texts", {}, raising=False)
    return Vault.texts


def test_a_text_in_a_vault_is_replaced_through_it(home: Home, vault: dict[str, str]) -> None:
    """No token is written to a file, and the signal file shows changes of other programs."""
    files, others = PersistentFiles(OPTIONS), PersistentFiles(OPTIONS)
    put(files, user(), "token")
    assert found(others, user()) == "token"
    put(others, user(), "another", "b")
    assert (found(files, user(), "b"), found(files, user())) == ("another", "token")
    assert home.file().read_text() == ""
    assert list(vault) == [str(home.file())]


def test_a_vault_without_its_signal_file_is_not_overwritten(home: Home, vault: dict[str, str]) -> None:
    """The folder was deleted, but not the vault."""
    put(PersistentFiles(OPTIONS), user(), "token")
    home.file().unlink()
    put(PersistentFiles(OPTIONS), user(), "another", "b")
    assert found(PersistentFiles(OPTIONS), user()) == "token"


def test_unreadable_content_of_a_vault_is_not_changed(home: Home, vault: dict[str, str]) -> None:
    """It cannot be renamed, so it is not changed, and the program keeps its tokens in memory."""
    put(PersistentFiles(OPTIONS), user(), "token")
    (path,) = vault
    vault[path] = "not a cache"
    Path(path).touch()
    files = PersistentFiles(OPTIONS)
    assert found(files, user()) is None
    with pytest.raises(StoreUnavailableError, match="another name"):
        put(files, user(), "token")
    assert vault == {path: "not a cache"}


def test_an_error_of_the_platform_is_named_but_not_quoted(vault: dict[str, str]) -> None:
    """Its text may contain what was to be written."""
    with pytest.raises(StoreUnavailableError, match=r"cannot be written: RuntimeError$"):
        put(PersistentFiles(OPTIONS), user(), "refused")
