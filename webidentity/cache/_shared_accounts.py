"""The accounts in the shared cache, and the refresh tokens that a family of clients may redeem."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from webidentity._json import as_text
from webidentity.cache._access_tokens import Entry
from webidentity.cache._msal_entries import entries, number

#: The family of Microsoft's own applications, the only one that exists.
_FAMILY = "1"

Content = dict[str, Any]


class FamilyToken(NamedTuple):
    """A refresh token that all clients of the family may redeem."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        """Return the token without its secret, for logs."""
        return f"FamilyToken(client_id={self.client_id!r})"


class SharedAccount(NamedTuple):
    """An account that one of the user's programs has signed in.

    :param usernames: first the username in its home tenant, then those in other tenants; "" if none is known.
    :param family_tokens: newest first.
    """

    home_account_id: str
    usernames: tuple[str, ...]
    family_tokens: tuple[FamilyToken, ...]

    @property
    def username(self) -> str:
        """The first username."""
        return self.usernames[0]

    @property
    def tenant(self) -> str:
        """The home tenant of the account; "" if the account id does not contain it."""
        return _home_of(self.home_account_id)

    def tokens_for_others_than(self, client_id: str) -> tuple[str, ...]:
        """Return the refresh tokens of other clients than this one."""
        return tuple(token.secret for token in self.family_tokens if token.client_id.lower() != client_id.lower())


class SharedAccounts(NamedTuple):
    """The accounts of one cloud.

    :param outsiders: the ids, in lower case, of clients that are known not to belong to the family.
    """

    accounts: tuple[SharedAccount, ...]
    outsiders: frozenset[str]

    @classmethod
    def of(cls, contents: Iterable[Content], environments: frozenset[str]) -> "SharedAccounts":
        """Find the accounts of a cloud in the content of several files. Malformed entries are ignored."""
        found = list(contents)
        tokens = _family_tokens(found, environments)
        accounts = (
            SharedAccount(home_account_id, usernames, tokens.get(home_account_id, ()))
            for home_account_id, usernames in _usernames(found, environments).items()
        )
        return cls(tuple(accounts), _outsiders(found, environments))

    def find(self, home_account_id: str) -> SharedAccount | None:
        """Return the account with this id, or None."""
        return next((account for account in self.accounts if account.home_account_id == home_account_id), None)

    def may_be_in_family(self, client_id: str) -> bool:
        """Whether the client may redeem a refresh token of the family: it is a member, or its membership is unknown."""
        return client_id.lower() not in self.outsiders


def _usernames(contents: list[Content], environments: frozenset[str]) -> dict[str, tuple[str, ...]]:
    named: dict[str, list[str]] = {}
    for entry in _of_cloud(contents, "Account", environments):
        home_account_id = as_text(entry.get("home_account_id"))
        if home_account_id is None:
            continue
        names, name = named.setdefault(home_account_id, []), as_text(entry.get("username"))
        if name is None or name in names:
            continue
        is_home = str(entry.get("realm")).lower() == _home_of(home_account_id)
        names.insert(0 if is_home else len(names), name)
    return {home_account_id: tuple(names) or ("",) for home_account_id, names in named.items()}


def _family_tokens(contents: list[Content], environments: frozenset[str]) -> dict[str, tuple[FamilyToken, ...]]:
    found: dict[str, dict[FamilyToken, int]] = {}
    for entry in _of_cloud(contents, "RefreshToken", environments):
        owner, client_id, secret = (as_text(entry.get(name)) for name in ("home_account_id", "client_id", "secret"))
        if entry.get("family_id") != _FAMILY or owner is None or client_id is None or secret is None:
            continue
        token, age = FamilyToken(client_id, secret), number(entry.get("last_modification_time"))
        ages = found.setdefault(owner, {})
        ages[token] = max(age, ages.get(token, age))
    return {owner: tuple(sorted(ages, key=lambda token: ages[token], reverse=True)) for owner, ages in found.items()}


def _outsiders(contents: list[Content], environments: frozenset[str]) -> frozenset[str]:
    members: dict[str, bool] = {}
    for entry in _of_cloud(contents, "AppMetadata", environments):
        client_id = as_text(entry.get("client_id"))
        if client_id is not None:
            key = client_id.lower()
            members[key] = members.get(key, False) or entry.get("family_id") == _FAMILY
    return frozenset(client_id for client_id, is_member in members.items() if not is_member)


def _of_cloud(contents: list[Content], section: str, environments: frozenset[str]) -> Iterator[Entry]:
    for content in contents:
        for _, entry in entries(content, section):
            environment = entry.get("environment")
            if isinstance(environment, str) and environment in environments:
                yield entry


def _home_of(home_account_id: str) -> str:
    """Return the tenant of an account id "<object id>.<tenant id>"; "" if the id has another form."""
    object_id, _, tenant_id = home_account_id.partition(".")
    return tenant_id.lower() if object_id and "." not in tenant_id else ""
