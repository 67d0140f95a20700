"""The change of one partition in files in MSAL's schema, which leaves all other entries as they are."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from webidentity._json import as_object
from webidentity.cache._access_tokens import Entry
from webidentity.cache._document import TokenDocument, entry_key
from webidentity.cache._msal_entries import OWNER, UNTIL, PartitionEntries, document_of, entries, number, owner_of
from webidentity.cache._partition import Partition


class Revision:
    """A change of one partition, applied to its entries in both files.

    :param plain: the entries in the ``.nocae`` file.
    :param cae: the entries in the ``.cae`` file.
    :param change: changes the document in place.
    :param expires_at: when an on-behalf-of token must be removed (Unix seconds).
    """

    def __init__(
        self,
        partition: Partition,
        plain: PartitionEntries,
        cae: PartitionEntries,
        change: Callable[[TokenDocument], object],
        expires_at: float,
    ) -> None:
        self.document = document_of(plain, cae)
        before = {name: dict(section) for name, section in self.document.sections.items()}
        change(self.document)
        self._sections, self._cae = self.document.sections, self.document.cae
        self._partition = partition
        self._expires_at = expires_at
        self._now = time.time()
        refresh = self._after("RefreshToken")
        known = list(before["RefreshToken"].values())
        self._rotated = next((entry for entry in refresh.values() if entry not in known), None)
        kept = {entry["secret"] for entry in refresh.values()}
        # A predecessor is still valid: it stays in the other file, for programs that read only that one.
        self._invalid = set[str]() if self._rotated else {entry["secret"] for entry in known} - kept
        self._added = {
            name: {key for key, entry in self._after(name).items() if before[name].get(key) != entry}
            for name in ("IdToken", "Account")
        }

    def of(self, content: dict[str, Any], current: PartitionEntries, *, cae: bool) -> dict[str, Any] | None:
        """Return the new content of one file, or None if the file does not have to be written."""
        access = self._cae if cae else self._after("AccessToken")
        added = {key: entry for key, entry in access.items() if current.access.get(key) != entry}
        gone = [key for key in current.access if key not in access]
        invalid = [key for key, entry in current.refresh.items() if entry["secret"] in self._invalid]
        emptied = not (access or self._after("RefreshToken") or self._after("IdToken"))
        # Expired tokens alone are no reason to write the file.
        alive = any(self._is_alive(current.access[key]) for key in gone)
        if not (added or invalid or alive or (emptied and current.id_tokens)):
            return None
        revised = dict(content)
        self._revise_access(revised, added, gone)
        if self._partition.home_account_id is not None:
            if added:
                self._add_user(revised, current)
            _drop(revised, "RefreshToken", invalid)
            if emptied:
                self._forget_user(revised, current)
        if added and self._partition.kind != "obo":
            self._add_client(revised)
        return revised

    def _revise_access(self, content: dict[str, Any], added: Mapping[str, Entry], gone: list[str]) -> None:
        _drop(content, "AccessToken", gone)
        expired = [
            key for key, entry in entries(content, "AccessToken") if OWNER in entry and not self._is_alive(entry)
        ]
        _drop(content, "AccessToken", expired)
        marks: Entry = {}
        if self._partition.home_account_id is None:
            marks[OWNER] = owner_of(self._partition)
        if self._partition.kind == "obo":
            marks[UNTIL] = str(int(self._expires_at))
        _put(content, "AccessToken", {key: {**entry, **marks} for key, entry in added.items()})

    def _add_user(self, content: dict[str, Any], current: PartitionEntries) -> None:
        if self._rotated is not None:
            earlier = sorted(current.refresh.values(), key=lambda entry: number(entry.get("last_modification_time")))
            # azure-identity finds a refresh token only by scopes for which it was acquired.
            scopes = {scope for entry in (*earlier, self._rotated) for scope in str(entry.get("target", "")).split()}
            entry = {**(earlier[-1] if earlier else {}), **self._rotated, "target": " ".join(sorted(scopes))}
            _drop(content, "RefreshToken", list(current.refresh))
            _put(content, "RefreshToken", {entry_key(entry): entry})
        for name, new_keys in self._added.items():
            section = as_object(content.get(name)) or {}
            new = {key: entry for key, entry in self._after(name).items() if key in new_keys or key not in section}
            # Accounts are shared by all clients, and other clients store more fields than we do.
            known = {key: (as_object(section.get(key)) or {}) if name == "Account" else {} for key in new}
            _put(content, name, {key: {**known[key], **entry} for key, entry in new.items()})

    def _forget_user(self, content: dict[str, Any], current: PartitionEntries) -> None:
        _drop(content, "IdToken", list(current.id_tokens))
        others = [entry for name in ("AccessToken", "RefreshToken", "IdToken") for _, entry in entries(content, name)]
        if all(entry.get("home_account_id") != self._partition.home_account_id for entry in others):
            _drop(content, "Account", list(current.accounts))

    def _add_client(self, content: dict[str, Any]) -> None:
        environment, client_id = self._partition.environment, self._partition.cache_client_id
        key = f"appmetadata-{environment}-{client_id}"
        known = as_object((as_object(content.get("AppMetadata")) or {}).get(key)) or {}
        # MSAL tries refresh tokens of other clients only for clients that are marked as members of the family.
        family = (self._rotated or {}).get("family_id")
        if known and family in (None, known.get("family_id")):
            return
        entry: Entry = {"client_id": client_id, "environment": environment, **known}
        _put(content, "AppMetadata", {key: {**entry, "family_id": family} if family else entry})

    def _after(self, section: str) -> dict[str, Entry]:
        return self._sections.get(section, {})

    def _is_alive(self, entry: Entry) -> bool:
        end = number(entry.get("expires_on"))
        return self._now < (min(end, number(entry[UNTIL])) if UNTIL in entry else end)


def _put(content: dict[str, Any], section: str, new: Mapping[str, Entry]) -> None:
    """Put the entries at the end of a copy of the section, in place of earlier ones."""
    kept = {key: entry for key, entry in (as_object(content.get(section)) or {}).items() if key not in new}
    content[section] = {**kept, **new}


def _drop(content: dict[str, Any], section: str, keys: list[str]) -> None:
    """Remove the entries from a copy of the section."""
    if keys:
        content[section] = {k: entry for k, entry in (as_object(content.get(section)) or {}).items() if k not in keys}
