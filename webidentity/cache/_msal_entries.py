"""The entries of a partition in a file in MSAL's schema."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from webidentity._json import as_object, as_text
from webidentity.cache._access_tokens import Entry
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition, digest

#: Our own field, for tokens that require the same client authentication: digest of the partition's name.
OWNER = "webidentity_partition"
#: Our own field: when an on-behalf-of token must be removed, because the user assertion expires before the token.
UNTIL = "webidentity_until"
#: Fields of tokens that are bound to a key or to request parameters, which a partition does not contain.
_BOUND = ("key_id", "ext_cache_key")


@dataclass(slots=True)
class PartitionEntries:
    """The entries of one partition in one file, by the file's own keys. Malformed entries are ignored."""

    access: dict[str, Entry] = field(default_factory=dict[str, Entry])
    refresh: dict[str, Entry] = field(default_factory=dict[str, Entry])
    id_tokens: dict[str, Entry] = field(default_factory=dict[str, Entry])
    accounts: dict[str, Entry] = field(default_factory=dict[str, Entry])

    @classmethod
    def of(cls, partition: Partition, content: dict[str, Any]) -> "PartitionEntries":
        """Find the partition's entries."""
        if partition.home_account_id is None:
            owner = owner_of(partition)
            return cls(_by_age(content, lambda entry: entry.get(OWNER) == owner))

        def is_users(entry: Entry, *, realm: bool = True) -> bool:
            return (
                entry.get("home_account_id") == partition.home_account_id
                and entry.get("environment") in partition.environments
                and (not realm or _same(entry.get("realm"), partition.tenant))
            )

        def is_clients(entry: Entry) -> bool:
            return _same(entry.get("client_id"), partition.cache_client_id) and as_text(entry.get("secret")) is not None

        return cls(
            _by_age(content, lambda entry: OWNER not in entry and is_users(entry) and is_clients(entry)),
            # In Entra ID a refresh token is valid for all tenants.
            {k: e for k, e in entries(content, "RefreshToken") if is_users(e, realm=False) and is_clients(e)},
            {k: e for k, e in entries(content, "IdToken") if is_users(e) and is_clients(e)},
            {k: e for k, e in entries(content, "Account") if is_users(e)},
        )

    @property
    def is_empty(self) -> bool:
        """Whether there are no tokens."""
        return not (self.access or self.refresh or self.id_tokens)


def document_of(plain: PartitionEntries, cae: PartitionEntries) -> TokenDocument:
    """Return the entries of both files as one document, with the newest refresh token first."""
    refresh = [*((f"cae {key}", entry) for key, entry in cae.refresh.items()), *plain.refresh.items()]
    refresh.sort(key=lambda item: number(item[1].get("last_modification_time")), reverse=True)
    sections = {
        "AccessToken": dict(plain.access),
        "RefreshToken": dict(refresh),
        "IdToken": {**cae.id_tokens, **plain.id_tokens},
        "Account": {**cae.accounts, **plain.accounts},
    }
    return TokenDocument(sections, dict(cae.access), {})


def entries(content: dict[str, Any], section: str) -> Iterator[tuple[str, Entry]]:
    """Iterate over the section's entries, ignoring values that are not objects."""
    for key, value in (as_object(content.get(section)) or {}).items():
        entry = as_object(value)
        if entry is not None:
            yield key, entry


def owner_of(partition: Partition) -> str:
    """Return the mark of the partition's tokens. It covers client, authority, tenant, assertion and authentication."""
    return digest(partition.name)


def number(value: object) -> int:
    """Return a number, which MSAL writes as text; 0 if the value is not a number."""
    try:
        return int(value) if isinstance(value, int | str) else 0
    except ValueError:
        return 0


def _by_age(content: dict[str, Any], is_ours: Callable[[Entry], bool]) -> dict[str, Entry]:
    """Return the access tokens, newest last. In the file MSAL replaces an entry in place, so its order is no help."""
    found = [(key, entry) for key, entry in entries(content, "AccessToken") if is_ours(entry) and _is_usable(entry)]
    found.sort(key=lambda item: number(item[1].get("cached_at")))
    return dict(found)


def _is_usable(entry: Entry) -> bool:
    return (
        as_text(entry.get("secret")) is not None
        and isinstance(entry.get("target"), str)
        and number(entry.get("expires_on")) > 0
        and ("refresh_on" not in entry or number(entry["refresh_on"]) > 0)
        and _same(entry.get("token_type", "Bearer"), "bearer")
        and not any(name in entry for name in _BOUND)
    )


def _same(value: object, lowered: str) -> bool:
    return isinstance(value, str) and value.lower() == lowered
