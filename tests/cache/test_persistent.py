"""The files that programs of one desktop user share: which entries belong to a partition, and what a write keeps."""

import copy
import json
import math
import os
import pickle
from typing import Any

import pytest

from tests.kit.clock import Clock
from tests.kit.replies import CLIENT, OTHER_TENANT, TENANT, jwt_of
from tests.kit.shared_cache import (
    FAR,
    OPTIONS,
    PUBLIC,
    Home,
    adds,
    application,
    behalf,
    found,
    put,
    refresh_token,
    user,
)
from webidentity import TokenCachePersistenceOptions
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition
from webidentity.cache._persistent import PersistentFiles


@pytest.fixture
def files(home: Home) -> PersistentFiles:
    """A program's view of the user's cache."""
    return PersistentFiles(OPTIONS)


PARTITIONS = [
    user(),
    user("grace"),
    user(tenant=OTHER_TENANT),
    user(authority="https://login.chinacloudapi.cn"),
    user(authority="https://localhost:8443"),
    user(authority="https://localhost:8444"),
    user(client_id="another-client"),
    application(),
    application("another secret"),
    behalf(),
    behalf("another assertion"),
    behalf(authentication="another secret"),
]


@pytest.mark.parametrize("owner", PARTITIONS, ids=lambda each: each.name)
def test_a_token_is_found_only_by_its_own_partition(files: PersistentFiles, owner: Partition) -> None:
    """Other programs find the token only with the same account, client, cloud, secret and assertion."""
    put(files, owner, "token")
    for reader in (files, PersistentFiles(OPTIONS)):
        assert {each.name: found(reader, each) for each in PARTITIONS} == {
            each.name: "token" if each == owner else None for each in PARTITIONS
        }


def test_partitions_do_not_replace_each_other(files: PersistentFiles) -> None:
    """Only an application's token replaces one that was acquired with another secret: MSAL has one key for both."""
    for number, partition in enumerate(PARTITIONS):
        put(files, partition, f"token-{number}")
    replaced = {application().name, behalf().name}
    for number, partition in enumerate(PARTITIONS):
        assert found(files, partition) == (None if partition.name in replaced else f"token-{number}")


@pytest.mark.parametrize("alias", ["login.windows.net", "sts.windows.net", "login.microsoft.com"])
def test_all_hosts_of_a_cloud_share_tokens(files: PersistentFiles, alias: str) -> None:
    """MSAL stores a token under the host that was used, without an explicit port."""
    put(files, user(authority=f"https://{alias}"), "token", refresh_token="refresh")
    assert found(files, user(authority=f"{PUBLIC}:443")) == "token"
    assert refresh_token(files, user()) == "refresh"


def test_tokens_for_continuous_access_evaluation_have_a_separate_file(home: Home, files: PersistentFiles) -> None:
    """Its tokens are never returned to other callers. The refresh token is used for both kinds."""
    put(files, user(), "cae", cae=True, refresh_token="refresh")
    assert not home.file().exists()
    assert home.secrets(cae=True) == ["cae"]
    assert (found(files, user()), found(files, user(), cae=True)) == (None, "cae")
    assert refresh_token(files, user()) == "refresh"
    put(files, user(), "plain", now=2, refresh_token="rotated")
    assert (home.secrets("RefreshToken"), home.secrets("RefreshToken", cae=True)) == (["rotated"], ["refresh"])
    assert refresh_token(files, user()) == "rotated"


def test_an_invalid_refresh_token_is_removed_from_both_files(home: Home, files: PersistentFiles) -> None:
    """The refresh token in the other file is tried next."""
    put(files, user(), "plain", refresh_token="older", now=1)
    put(files, user(), "cae", refresh_token="newer", cae=True, now=2)
    assert refresh_token(files, user()) == "newer"
    files.change(user(), lambda document: document.forget_refresh_token("newer"), 0.0)
    assert refresh_token(files, user()) == "older"
    assert (home.secrets("RefreshToken"), home.secrets("RefreshToken", cae=True)) == (["older"], [])


def test_a_refresh_token_is_used_for_all_tenants_of_its_account(files: PersistentFiles) -> None:
    """Access tokens are valid for one tenant only."""
    put(files, user(), "token", refresh_token="refresh")
    assert refresh_token(files, user(tenant=OTHER_TENANT)) == "refresh"
    assert found(files, user(tenant=OTHER_TENANT)) is None
    assert refresh_token(files, user("grace")) is None
    assert refresh_token(files, user(client_id="another-client")) is None


def test_a_rotated_refresh_token_keeps_fields_of_other_programs(home: Home, files: PersistentFiles) -> None:
    """The scopes by which azure-identity finds it, and fields that only other programs know."""
    put(files, user(), "first", "a", refresh_token="refresh")
    content = home.content()
    next(iter(content["RefreshToken"].values()))["family_id"] = "1"
    home.write(content)
    put(files, user(), "second", "b", refresh_token="rotated", now=2)
    (entry,) = home.content()["RefreshToken"].values()
    assert (entry["secret"], entry["target"], entry["family_id"]) == ("rotated", "a b", "1")
    assert sorted(home.secrets()) == ["first", "second"]


def foreign() -> dict[str, Any]:
    """Return content of another program, with entries that are unknown here."""
    return {
        "AccessToken": {
            "k1": {
                "secret": "x",
                "home_account_id": f"ada.{TENANT}",
                "client_id": "other",
                "deep": {"a": [1, None, 2.5]},
            },
            "k2": "no entry at all",
            "k3": {"secret": None, "home_account_id": f"ada.{TENANT}", "client_id": CLIENT},
            "k4": {"expires_on": "1", "secret": "expired", "client_id": "other", "home_account_id": None},
        },
        "RefreshToken": {"r": {"secret": "y", "home_account_id": "another", "client_id": CLIENT, "family_id": "1"}},
        "Account": {
            f"ada.{TENANT}-login.microsoftonline.com-{TENANT}": {"account_source": "broker", "username": "ada"}
        },
        "AppMetadata": {f"appmetadata-login.microsoftonline.com-{CLIENT}": {"family_id": "1"}},
        "atext": {"z": {"ü": "é"}},
        "Unknown": ["a", {"b": 12345678901234567890}],
    }


@pytest.mark.parametrize("cae", [False, True])
def test_entries_of_other_programs_stay_as_they_are(home: Home, files: PersistentFiles, cae: bool) -> None:
    """Unknown sections, entries and fields are kept when tokens are added, changed and removed."""
    before = foreign()
    home.write(before, cae=cae)
    id_token = jwt_of(oid="ada", preferred_username="ada@tenant.test")
    for partition in (user(), application(), behalf()):
        put(files, partition, "token", cae=cae, refresh_token="refresh", id_token=id_token)
        put(files, partition, "newer", cae=cae, refresh_token="rotated", id_token=id_token)
        assert found(files, partition, cae=cae) == "newer"
    after = home.content(cae=cae)
    assert after["Account"].pop(f"ada.{TENANT}-login.microsoftonline.com-{TENANT}")["account_source"] == "broker"
    del before["Account"][f"ada.{TENANT}-login.microsoftonline.com-{TENANT}"]
    for name, section in before.items():
        if isinstance(section, dict):
            assert {key: after[name][key] for key in section} == section
        else:
            assert after[name] == section
    for partition in (user(), application(), behalf()):
        files.change(partition, TokenDocument.forget_tokens, 0.0)
        assert files.read(partition, None) is None
    after = home.content(cae=cae)
    assert after["AccessToken"] == before["AccessToken"]
    assert after["RefreshToken"] == before["RefreshToken"]
    assert not after.get("IdToken")


MALFORMED: list[dict[str, Any]] = [
    {"secret": None},
    {"secret": 7},
    {"target": None},
    {"expires_on": "soon"},
    {"expires_on": None},
    {"refresh_on": "soon"},
    {"token_type": "pop"},
    {"token_type": None},
    {"key_id": "a key"},
    {"ext_cache_key": "more"},
    {"home_account_id": None},
    {"home_account_id": ["ada"]},
    {"environment": None},
    {"realm": None},
    {"client_id": None},
    {"webidentity_partition": "another"},
]


@pytest.mark.parametrize("fields", MALFORMED, ids=str)
def test_an_entry_that_may_not_belong_to_the_user_is_not_returned(
    home: Home, files: PersistentFiles, fields: dict[str, Any]
) -> None:
    """It is malformed, or bound to something that is unknown here. The next write keeps it."""
    put(files, user(), "token")
    content = home.content()
    (key,) = content["AccessToken"]
    content["AccessToken"]["other"] = {**content["AccessToken"].pop(key), **fields}
    home.write(content)
    assert found(files, user()) is None
    put(files, user(), "new", "b")
    assert home.content()["AccessToken"]["other"] == content["AccessToken"]["other"]


def test_entries_of_other_msal_libraries_are_read(home: Home, files: PersistentFiles) -> None:
    """Numbers instead of text, and no token_type: other MSAL libraries write such entries."""
    put(files, user(), "token")
    content = home.content()
    (entry,) = content["AccessToken"].values()
    entry["expires_on"] = int(entry["expires_on"])
    del entry["token_type"]
    del entry["cached_at"]
    home.write(content)
    assert found(files, user()) == "token"


def test_the_newest_of_several_tokens_is_returned(home: Home, files: PersistentFiles) -> None:
    """MSAL replaces a token in place, so the order in the file does not matter."""
    put(files, user(), "newer", "a b", now=20)
    put(files, user(), "other", "a c", now=10)
    assert found(PersistentFiles(OPTIONS), user()) == "newer"


def test_an_application_has_no_account(home: Home, files: PersistentFiles) -> None:
    """MSAL looks for null. On-behalf-of tokens do not appear among the signed-in accounts either."""
    id_token = jwt_of(oid="ada", preferred_username="ada@tenant.test")
    for partition in (application(), behalf()):
        put(files, partition, "token", home_account_id=f"ada.{TENANT}", id_token=id_token, refresh_token="refresh")
    content = home.content()
    assert {entry["client_id"]: entry["home_account_id"] for entry in content["AccessToken"].values()} == {
        CLIENT: None,
        behalf().cache_client_id: f"ada.{TENANT}",
    }
    assert not [name for name in ("Account", "IdToken", "RefreshToken") if content.get(name)]


def test_the_file_contains_no_client_secret_and_no_assertion(home: Home, files: PersistentFiles) -> None:
    """The file does not contain a plain digest of the secret either: it would be the same in every file."""
    authentication = "0f" * 32
    put(files, application(authentication), "token")
    put(files, behalf("eyJ.the-assertion", authentication), "token")
    text = home.file().read_text()
    assert authentication not in text
    assert "the-assertion" not in text


def test_on_behalf_of_tokens_expire_with_the_assertion(home: Home, files: PersistentFiles, clock: Clock) -> None:
    """A token that lives longer than the assertion is not found, and the next write removes it."""
    now = clock()
    files.change(behalf(), adds(behalf(), "token", now=int(now)), now + 600)
    cached = PersistentFiles(OPTIONS).read(behalf(), None)
    assert cached is not None
    assert cached.expires_at == int(now + 600)
    clock.advance(601)
    assert home.secrets() == ["token"]
    put(files, application(), "new")
    assert home.secrets() == ["new"]


def test_one_reply_is_one_write_of_one_file(
    home: Home, files: PersistentFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One write stores the tokens, the account and the metadata of a reply; a change without effect writes nothing."""
    replaced: list[str] = []
    replace = os.replace

    def counting(source: str, target: str) -> None:
        replaced.append(os.path.basename(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", counting)
    id_token = jwt_of(oid="ada", preferred_username="ada@tenant.test")
    put(files, user(), "plain", refresh_token="r1", id_token=id_token)
    put(files, user(), "cae", cae=True, refresh_token="r2", id_token=id_token, now=2)
    put(files, user(), "again", refresh_token="r3", id_token=id_token, now=3)
    assert replaced == ["msal.cache.nocae", "msal.cache.cae", "msal.cache.nocae"]
    files.change(user(), lambda _: None, 0.0)
    assert len(replaced) == 3
    assert not [path.name for path in home.file().parent.iterdir() if path.name not in replaced]


def test_an_unchanged_file_is_not_read_again(
    home: Home, files: PersistentFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cached content is used until the modification time of the file changes."""
    put(files, user(), "token")
    cached = files.read(user(), None)
    assert cached is not None
    monkeypatch.setattr("webidentity.cache._msal_file.parse_object", lambda text: pytest.fail("parsed"))
    assert files.read(user(), cached) is cached
    assert found(files, user()) == "token"
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(home.path))
    other = PersistentFiles(OPTIONS)
    put(other, user("grace"), "token")
    assert files.read(user(), cached) is not cached
    home.file().unlink()
    assert files.read(user(), cached) is None


def test_a_change_after_another_programs_change_reads_the_file_once(
    home: Home, files: PersistentFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the lock: the file that was written last is locked at once, and only one lock is held at a time."""
    other, parsed = PersistentFiles(OPTIONS), list[int]()
    put(files, user(), "first")
    put(other, user("grace"), "token")
    parse = "webidentity.cache._msal_file.parse_object"
    monkeypatch.setattr(parse, lambda text: parsed.append(1) or json.loads(text))
    put(files, user(), "second")
    assert parsed == [1]
    put(files, user(), "third", cae=True)
    assert (found(files, user()), found(files, user(), cae=True)) == ("second", "third")
    assert found(files, user("grace")) == "token"


def test_a_cache_with_another_name_is_separate(home: Home, files: PersistentFiles) -> None:
    """Another name is another pair of files. Unknown options are ignored, as in azure-identity."""
    options = TokenCachePersistenceOptions(allow_unencrypted_storage=True, name="my-tool", something_new=1)
    put(files, user(), "token")
    mine = PersistentFiles(options)
    assert found(mine, user()) is None
    put(mine, user(), "mine")
    assert found(files, user()) == "token"
    assert home.file(name="my-tool").exists()
    assert repr(options) == "TokenCachePersistenceOptions(name='my-tool', allow_unencrypted_storage=True)"


def test_deleting_keeps_the_account_while_another_client_needs_it(home: Home, files: PersistentFiles) -> None:
    """The last client removes it."""
    id_token = jwt_of(oid="ada", preferred_username="ada@tenant.test")
    other = user(client_id="another-client")
    for partition in (user(), other):
        put(files, partition, "token", id_token=id_token, refresh_token="refresh")
    files.change(user(), TokenDocument.forget_tokens, 0.0)
    assert len(home.content()["Account"]) == 1
    assert (found(files, user()), found(files, other)) == (None, "token")
    files.change(other, TokenDocument.forget_tokens, 0.0)
    assert home.content()["Account"] == {}
    files.change(other, TokenDocument.forget_tokens, 0.0)


def test_a_change_does_not_affect_a_document_that_was_read(files: PersistentFiles) -> None:
    """Another thread may be reading it."""
    put(files, user(), "first", refresh_token="refresh")
    cached = files.read(user(), None)
    assert cached is not None
    before = copy.deepcopy(json.loads(cached.document.encode()))
    put(files, user(), "second", refresh_token="rotated")
    files.change(user(), TokenDocument.forget_tokens, 0.0)
    assert json.loads(cached.document.encode()) == before


def test_names_cannot_be_claimed(files: PersistentFiles) -> None:
    """The sign-ins of a site need a store."""
    with pytest.raises(ValueError, match="store"):
        files.claim("name", 1.0)
    assert files.sweep_if_due(1.0) == math.inf
    files.close()


def test_pickling_includes_the_options_but_no_token(files: PersistentFiles) -> None:
    """The copy reads the same files."""
    put(files, user(), "the-token", expires_on=FAR)
    pickled = pickle.dumps(files)
    assert b"the-token" not in pickled
    assert found(pickle.loads(pickled), user()) == "the-token"
