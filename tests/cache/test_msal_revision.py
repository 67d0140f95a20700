"""What one change writes into the files that other programs share: no entry too many, and none too few."""

import math
import os
from pathlib import Path
from typing import Any

import pytest

from tests.kit.replies import CLIENT, TENANT, jwt_of
from tests.kit.shared_cache import OPTIONS, PUBLIC, Home, adds, behalf, found, put, refresh_token, user
from webidentity.cache import StoreUnavailableError
from webidentity.cache._document import TokenDocument
from webidentity.cache._persistent import PersistentFiles


@pytest.fixture
def files(home: Home) -> PersistentFiles:
    """A program's view of the user's cache."""
    return PersistentFiles(OPTIONS)


def id_token(name: str = "ada", **claims: Any) -> str:
    return jwt_of(oid=name, preferred_username=f"{name}@tenant.test", **claims)


def test_an_on_behalf_of_token_adds_no_application(home: Home, files: PersistentFiles) -> None:
    """Each assertion has a client id of its own in the file, which would grow with every request of an API."""
    put(files, behalf(), "token")
    assert not home.content().get("AppMetadata")


def test_a_renewed_token_keeps_the_id_token(home: Home, files: PersistentFiles) -> None:
    """A reply without an ID token is not a sign-out. Other programs find the user by these entries."""
    put(files, user(), "first", refresh_token="refresh", id_token=id_token())
    before = home.content()
    put(files, user(), "second", now=2)
    after = home.content()
    assert (after["IdToken"], after["Account"]) == (before["IdToken"], before["Account"])
    assert home.secrets() == ["second"]


def test_a_user_without_a_refresh_token_stays_signed_in(home: Home, files: PersistentFiles) -> None:
    """An authority may issue none. The access token alone is enough to keep the account."""
    put(files, user(), "first", id_token=id_token())
    put(files, user(), "second", "b", now=2)
    assert home.secrets("IdToken") == [id_token()]
    assert len(home.content()["Account"]) == 1


def test_a_user_without_an_id_token_keeps_the_account(home: Home, files: PersistentFiles) -> None:
    """Removing the last access token is not a sign-out while there is a refresh token."""
    put(files, user(), "token", refresh_token="refresh", id_token=id_token())
    files.change(user(), lambda document: document._access[False].drop_expired(math.inf), 0.0)
    assert (home.secrets(), home.secrets("IdToken")) == ([], [id_token()])
    assert len(home.content()["Account"]) == 1


def test_a_new_id_token_replaces_the_earlier_one(home: Home, files: PersistentFiles) -> None:
    """It has the claims of the last sign-in, in the file and for the next reader."""
    put(files, user(), "first", id_token=id_token(), refresh_token="refresh")
    newer = id_token(given_name="Augusta")
    put(files, user(), "second", id_token=newer, refresh_token="rotated", now=2)
    assert home.secrets("IdToken") == [newer]
    cached = PersistentFiles(OPTIONS).read(user(), None)
    assert cached is not None
    assert cached.document.id_token == newer


def test_the_user_is_in_each_file_that_has_tokens(home: Home, files: PersistentFiles) -> None:
    """A program that reads only one of the files finds the account there, although the account itself is not new."""
    put(files, user(), "plain", id_token=id_token(), refresh_token="refresh")
    put(files, user(), "cae", cae=True, now=2)
    assert home.secrets("IdToken", cae=True) == [id_token()]
    assert home.content(cae=True)["Account"] == home.content()["Account"]


def test_an_id_token_belongs_to_one_user_and_one_client(home: Home, files: PersistentFiles) -> None:
    """It is neither returned nor removed for another one."""
    others = [user("grace"), user(client_id="another-client")]
    for partition, name in zip([user(), *others], ("ada", "grace", "ada"), strict=True):
        put(files, partition, "token", id_token=id_token(name, aud=partition.client_id))
    for partition, name in zip([user(), *others], ("ada", "grace", "ada"), strict=True):
        cached = PersistentFiles(OPTIONS).read(partition, None)
        assert cached is not None
        assert cached.document.id_token == id_token(name, aud=partition.client_id)
    files.change(user(), TokenDocument.forget_tokens, 0.0)
    assert home.secrets("IdToken") == [id_token("grace", aud=CLIENT), id_token("ada", aud="another-client")]


def test_a_file_is_written_only_under_its_own_lock(
    home: Home, files: PersistentFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program that writes at the same time would lose its tokens otherwise. The other file is not locked."""
    put(files, user(), "plain")
    locks: list[list[str]] = []
    replace = os.replace

    def observed(source: str, target: str) -> None:
        locks.append(sorted(path.name for path in Path(target).parent.glob("*.lockfile")))
        replace(source, target)

    monkeypatch.setattr(os, "replace", observed)
    put(files, user(), "another", "b")
    put(files, user(), "cae", cae=True)
    assert locks == [["msal.cache.nocae.lockfile"], ["msal.cache.cae.lockfile"]]


def test_a_token_of_another_program_between_look_and_lock_is_kept(
    home: Home, files: PersistentFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change is applied to what the file contains under the lock. The first one of a program looks without it."""
    put(PersistentFiles(OPTIONS), user(), "first", refresh_token="refresh")
    theirs = adds(user(), "theirs", "c")
    looked: list[int] = []

    def change(document: TokenDocument) -> None:
        looked.append(1)
        if len(looked) == 1:
            PersistentFiles(OPTIONS).change(user(), theirs, 0.0)
        adds(user(), "ours", "b")(document)

    files.change(user(), change, 0.0)
    assert sorted(home.secrets()) == ["first", "ours", "theirs"]
    assert refresh_token(files, user()) == "refresh"
    assert found(files, user(), "c") == "theirs"


def test_accounts_of_a_new_file_are_found(home: Home, files: PersistentFiles) -> None:
    """Another program signs in while this one runs."""
    clouds = frozenset({PUBLIC.removeprefix("https://")})
    assert files.accounts(clouds).accounts == ()
    put(PersistentFiles(OPTIONS), user(), "token", id_token=id_token())
    (account,) = files.accounts(clouds).accounts
    assert (account.home_account_id, account.username) == (f"ada.{TENANT}", "ada@tenant.test")


def test_accounts_of_a_folder_that_cannot_be_created_are_an_error(
    home: Home, files: PersistentFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is more helpful than a list without accounts."""
    (home.path / "file").touch()
    monkeypatch.setenv("HOME", str(home.path / "file"))
    with pytest.raises(StoreUnavailableError, match="cannot be created"):
        files.accounts(frozenset({"login.microsoftonline.com"}))
