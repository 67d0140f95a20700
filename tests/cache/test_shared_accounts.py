"""The accounts that other programs of the user have signed in."""

from typing import Any

from webidentity.cache._shared_accounts import SharedAccounts

CLOUD = frozenset({"login.microsoftonline.com", "login.windows.net"})
HOME, OTHER = "home-tenant", "other-tenant"
ADA = f"ada.{HOME}"


def file(section: str, *entries: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a file. Entries belong to the cloud unless they name another one."""
    return {
        section: {
            str(number): {"environment": "login.microsoftonline.com", **entry} for number, entry in enumerate(entries)
        }
    }


def usernames(*entries: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found = SharedAccounts.of([file("Account", *entries)], CLOUD)
    return {account.home_account_id: account.usernames for account in found.accounts}


def test_the_name_in_the_home_tenant_comes_first() -> None:
    """A guest has other names elsewhere. The tenant's case does not matter, and no name is listed twice."""
    guest = {"home_account_id": ADA, "realm": OTHER, "username": "guest"}
    home = {"home_account_id": ADA, "realm": HOME.upper(), "username": "ada"}
    second = {"home_account_id": ADA, "realm": "third-tenant", "username": "second"}
    assert usernames(guest, home, second, guest) == {ADA: ("ada", "guest", "second")}
    assert usernames(home, guest) == {ADA: ("ada", "guest")}


def test_an_account_without_a_name_is_listed() -> None:
    """It can be found by its tenant. An entry without an account id is ignored."""
    assert usernames({"home_account_id": ADA, "username": None}, {"username": "x"}) == {ADA: ("",)}


def test_accounts_of_other_clouds_are_left_out() -> None:
    """All hosts of one cloud are equivalent."""
    entries = [
        {"home_account_id": f"{name}.{HOME}", "environment": environment}
        for name, environment in (
            ("a", "login.windows.net"),
            ("b", "login.chinacloudapi.cn"),
            ("c", None),
            ("d", ["x"]),
        )
    ]
    assert list(usernames(*entries)) == [f"a.{HOME}"]


def test_the_tenant_is_a_part_of_the_account_id() -> None:
    """Ids of another form have none."""
    ids = (f"ada.{HOME.upper()}", "ada", f".{HOME}", "a.b.c", "")
    found = SharedAccounts.of([file("Account", *({"home_account_id": each} for each in ids if each))], CLOUD)
    assert [account.tenant for account in found.accounts] == [HOME, "", "", ""]


def test_an_account_is_found_by_its_id() -> None:
    """Exactly."""
    found = SharedAccounts.of([file("Account", {"home_account_id": ADA}, {"home_account_id": "grace.x"})], CLOUD)
    account = found.find("grace.x")
    assert account is not None
    assert account.home_account_id == "grace.x"
    assert found.find("GRACE.X") is None


def test_clients_that_are_known_not_to_be_members_are_outsiders() -> None:
    """Unknown clients may be members. One file that names the client as a member is enough."""
    files = [
        file("AppMetadata", {"client_id": "Member", "family_id": "1"}, {"client_id": "Outsider", "family_id": None}),
        file("AppMetadata", {"client_id": "member"}, {"client_id": "outsider", "family_id": "2"}, {"family_id": "1"}),
        file("AppMetadata", {"client_id": "elsewhere", "environment": "login.chinacloudapi.cn"}),
    ]
    found = SharedAccounts.of(files, CLOUD)
    assert found.outsiders == {"outsider"}
    assert [found.may_be_in_family(each) for each in ("MEMBER", "OutSider", "unknown", "elsewhere")] == [
        True,
        False,
        True,
        True,
    ]


def test_refresh_tokens_of_the_family_are_ordered_by_age() -> None:
    """The newest first; each once, with its latest age; without the tokens of the client itself."""
    token = {"home_account_id": ADA, "client_id": "editor", "secret": "s1", "family_id": "1"}
    entries = [
        {**token, "last_modification_time": "10"},
        {**token, "client_id": "shell", "secret": "s2", "last_modification_time": "20"},
        {**token, "last_modification_time": "30"},
        {**token, "last_modification_time": "5"},
        {**token, "secret": "s3", "family_id": None},
        {**token, "secret": None},
        {**token, "client_id": None},
        {**token, "home_account_id": None},
    ]
    files = [file("Account", {"home_account_id": ADA}), file("RefreshToken", *entries)]
    (account,) = SharedAccounts.of(files, CLOUD).accounts
    assert [each.secret for each in account.family_tokens] == ["s1", "s2"]
    assert account.tokens_for_others_than("EDITOR") == ("s2",)
    assert account.tokens_for_others_than("another") == ("s1", "s2")
    assert "s1" not in repr(account)
