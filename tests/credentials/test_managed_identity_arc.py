"""ManagedIdentityCredential and Azure Arc: the files that a challenge may name, and the identity of the token."""

from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity
from tests.kit.drivers import Driver
from tests.kit.on_hosts import SCOPE, PutOn, claims_of, credential
from tests.kit.records import all_logs
from webidentity._flows.managed_identity import key_file
from webidentity._flows.managed_identity.key_file import read_key_file
from webidentity.errors import EntraError
from webidentity.testing import HostEmulator

KEY = "canary-key-file"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The agent's folder, and another folder beside it."""
    monkeypatch.setattr("sys.platform", "linux")
    folder = tmp_path / "tokens"
    folder.mkdir()
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(key_file, "LINUX_FOLDER", str(folder))
    return folder


def test_a_key_is_read(folder: Path) -> None:
    """The key is read without the newline at its end."""
    (folder / "a.key").write_text(f"{KEY}\n")
    assert read_key_file(str(folder / "a.key")) == KEY
    (folder / "a.key").write_text("k" * 4096)
    assert read_key_file(str(folder / "a.key")) == "k" * 4096


def test_the_folder_may_be_a_symbolic_link(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real path of the file is compared."""
    (folder / "a.key").write_text(KEY)
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    monkeypatch.setattr(key_file, "LINUX_FOLDER", str(tmp_path / "link"))
    assert read_key_file(str(tmp_path / "link" / "a.key")) == KEY


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("{root}/other/a.key", "Unexpected file path"),
        ("{root}/tokens/../other/a.key", "Unexpected file path"),
        ("{root}/tokens/sub/a.key", "Unexpected file path"),
        ("{root}/tokens/link.key", "Unexpected file path"),
        ("{root}/tokens/sublink/a.key", "Unexpected file path"),
        ("a.key", "Unexpected file path"),
        ("~/a.key", "Unexpected file path"),
        ("", "Unexpected file path"),
        ("{root}/tokens/a\0.key", "invalid"),
        ("{root}/tokens", "Unexpected file path|extension"),
        ("{root}/tokens/a.txt", "'.key' extension"),
        ("{root}/tokens/a.key.txt", "'.key' extension"),
        ("{root}/tokens/missing.key", "does not exist"),
        ("{root}/tokens/folder.key", "does not exist"),
        ("{root}/tokens/large.key", "4096 bytes"),
        ("{root}/tokens/empty.key", "not a key"),
        ("{root}/tokens/lines.key", "not a key"),
        ("{root}/tokens/binary.key", "not a key"),
    ],
)
def test_other_files_are_not_read(folder: Path, tmp_path: Path, path: str, problem: str) -> None:
    """Otherwise a program on the port could receive any file of this user."""
    for name in ("other/a.key", "tokens/a.txt", "tokens/a.key.txt"):
        (tmp_path / name).write_text(KEY)
    (folder / "sub").mkdir()
    (folder / "sub" / "a.key").write_text(KEY)
    (folder / "folder.key").mkdir()
    (folder / "link.key").symlink_to(tmp_path / "other" / "a.key")
    (folder / "sublink").symlink_to(tmp_path / "other", target_is_directory=True)
    (folder / "large.key").write_text(KEY.ljust(4097, "k"))
    (folder / "empty.key").write_text("\n")
    (folder / "lines.key").write_text(f"{KEY}\r\nX-Injected: 1")
    (folder / "binary.key").write_bytes(KEY.encode() + b"\xff\x00")
    with pytest.raises(EntraError, match=problem) as caught:
        read_key_file(path.format(root=tmp_path))
    assert "The key file path is invalid" in str(caught.value)
    assert KEY not in f"{caught.value!r} {caught.value} {caught.value.__cause__}"


def test_an_unreadable_key_is_explained(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the group that may read the file, and does not show its content."""

    def refuse(_: str) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(key_file, "_read", refuse)
    (folder / "a.key").write_text(KEY)
    with pytest.raises(EntraError, match=r"Permission denied.*himds"):
        read_key_file(str(folder / "a.key"))


def test_windows_has_another_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below PROGRAMDATA."""
    monkeypatch.setattr("sys.platform", "win32")
    there = tmp_path / "AzureConnectedMachineAgent" / "Tokens"
    there.mkdir(parents=True)
    (there / "a.key").write_text(KEY)
    (folder / "a.key").write_text(KEY)
    monkeypatch.delenv("PROGRAMDATA", raising=False)
    with pytest.raises(EntraError, match="PROGRAMDATA is not set"):
        read_key_file(str(there / "a.key"))
    monkeypatch.setenv("PROGRAMDATA", str(tmp_path))
    assert read_key_file(str(there / "a.key")) == KEY
    with pytest.raises(EntraError, match="Unexpected file path"):
        read_key_file(str(folder / "a.key"))


def test_other_platforms_have_no_agent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other platforms trust no folder."""
    (folder / "a.key").write_text(KEY)
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(EntraError, match="not supported on this platform darwin"):
        read_key_file(str(folder / "a.key"))


def challenge(host: HostEmulator, header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the agent send this challenge."""
    monkeypatch.setattr(host.host, "challenge", lambda: ("WWW-Authenticate", header))


@pytest.mark.parametrize(
    "header", ["Basic realm=/etc/passwd", "Basic realm=/proc/self/environ", "Negotiate", "Basic x=y"]
)
def test_a_challenge_for_another_file_is_refused(
    driver: Driver, azure_host: PutOn, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    """The credential raises an authentication error, which ends a chain."""
    host = azure_host("arc")
    challenge(host, header, monkeypatch)
    used = credential(driver)
    with pytest.raises(ClientAuthenticationError) as caught:
        used.get_token(SCOPE)
    assert not isinstance(caught.value, webidentity.CredentialUnavailableError)
    assert len(host.requests) == 1
    used.close()


def test_a_refused_key_is_not_sent_again(driver: Driver, azure_host: PutOn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error and the logs do not contain the key."""
    host = azure_host("arc")
    file = host.host.key_folder / "mine.key"
    file.write_text(KEY)
    challenge(host, f"Basic realm={file}", monkeypatch)
    with all_logs() as logs:
        used = credential(driver, logging_enable=True)
        with pytest.raises(webidentity.EntraError, match="HTTP 401") as caught:
            used.get_token(SCOPE)
    assert [request.headers.get("Authorization") for request in host.requests] == [None, f"Basic {KEY}"]
    assert KEY not in f"{caught.value} {caught.value!r} {logs.texts}"
    used.close()


@pytest.mark.parametrize("by", ["client_id", "object_id", "resource_id"])
def test_an_old_agent_is_detected(driver: Driver, azure_host: PutOn, by: str) -> None:
    """It ignores the requested identity and would return a token of the machine."""
    host = azure_host("arc")
    shop = host.add_identity("shop")
    used = credential(driver, identity_config={by: getattr(shop, by).upper()})
    assert claims_of(used.get_token(SCOPE))["azp"] == shop.client_id
    host.host.knows_user_assigned = False
    with pytest.raises(webidentity.EntraError, match="did not confirm the requested user-assigned") as caught:
        used.get_token("https://graph.microsoft.com/.default")
    assert not isinstance(caught.value, webidentity.CredentialUnavailableError)
    used.close()


def test_a_token_of_another_identity_is_refused(
    driver: Driver, azure_host: PutOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is refused if the host answers with another identity for any reason."""
    host = azure_host("arc")
    shop, other = host.add_identity("shop"), host.add_identity("other")
    monkeypatch.setattr(host.host, "identity", lambda _: other)
    used = credential(driver, client_id=shop.client_id)
    with pytest.raises(webidentity.EntraError, match="did not confirm"):
        used.get_token(SCOPE)
    used.close()
