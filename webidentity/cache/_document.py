"""The content of one partition, in MSAL's unified cache schema."""

import json
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from azure.core.credentials import AccessTokenInfo

from webidentity._json import as_object, parse_object
from webidentity._protocol.access_token import OpaqueAccessTokenInfo
from webidentity._protocol.token_reply import TokenReply, decode_unverified, granted
from webidentity.cache._access_tokens import AccessTokens, Entry
from webidentity.cache._partition import Partition

_VERSION = 1


class TokenDocument:
    """Access tokens, the refresh token and the ID token of one partition.

    Access tokens for continuous access evaluation (CAE) live longer and can be revoked, so they are kept apart from the
    others. The refresh token is shared by both kinds. ``sessions`` is used by :mod:`webidentity.web`.
    """

    def __init__(self, tokens: dict[str, dict[str, Entry]], cae: dict[str, Entry], sessions: dict[str, Any]) -> None:
        self._access = {False: AccessTokens(tokens.get("AccessToken", {})), True: AccessTokens(cae)}
        #: The other sections.
        self._tokens = {name: section for name, section in tokens.items() if name != "AccessToken"}
        self.sessions = sessions
        self._index: dict[tuple[bool, tuple[str, ...]], AccessTokenInfo] = {}

    @classmethod
    def empty(cls) -> "TokenDocument":
        """Return a document without tokens."""
        return cls({}, {}, {})

    @classmethod
    def decode(cls, data: bytes) -> "TokenDocument | None":
        """Read the output of :meth:`encode`; None if ``data`` is anything else."""
        content = parse_object(data)
        if content is None or content.get("version") != _VERSION:
            return None
        tokens, cae, sessions = (as_object(content.get(name)) for name in ("tokens", "cae", "sessions"))
        return None if tokens is None or cae is None or sessions is None else cls(tokens, cae, sessions)

    def copy(self) -> "TokenDocument":
        """Return a copy that can be changed while other threads read this document."""
        tokens = {name: dict(section) for name, section in self._tokens.items()}
        copied = TokenDocument(tokens, {}, deepcopy(self.sessions))
        copied._access = {cae: tokens.copy() for cae, tokens in self._access.items()}
        return copied

    def encode(self) -> bytes:
        """Return the document as JSON."""
        content = {"version": _VERSION, "tokens": self.sections, "cae": self.cae, "sessions": self.sessions}
        return json.dumps(content, separators=(",", ":")).encode()

    def access_token(self, scopes: tuple[str, ...], *, cae: bool, now: float) -> AccessTokenInfo | None:
        """Return the newest unexpired token whose scopes include these.

        The newest, because a resource may have rejected an older one, and the newest was requested with its claims.

        :param cae: whether the token must be one for continuous access evaluation.
        :param now: the current time (Unix seconds).
        """
        found = self._index.get((cae, scopes))
        if found is not None and found.expires_on > now:
            return found
        entry = self._access[cae].newest(set(scopes), now)
        if entry is None:
            return None
        found = self._index[cae, scopes] = _token_info(entry)
        return found

    @property
    def sections(self) -> dict[str, dict[str, Entry]]:
        """A copy of the entries by MSAL's section names, without the access tokens for continuous access evaluation."""
        access = self._access[False].to_dict()
        return {**({"AccessToken": access} if access else {}), **self._tokens}

    @property
    def cae(self) -> dict[str, Entry]:
        """A copy of the access tokens for continuous access evaluation, by MSAL's keys."""
        return self._access[True].to_dict()

    @property
    def refresh_token(self) -> str | None:
        """The newest refresh token."""
        return next((entry["secret"] for entry in self._section("RefreshToken").values()), None)

    @property
    def id_token(self) -> str | None:
        """The ID token of the last sign-in. It was verified when it was received."""
        return next((entry["secret"] for entry in self._section("IdToken").values()), None)

    def forget_refresh_token(self, token: str) -> None:
        """Remove the refresh token if it is this one, and end the sessions that it kept valid."""
        section = self._section("RefreshToken")
        found = [key for key, entry in section.items() if entry["secret"] == token]
        for key in found:
            del section[key]
        if found and self.sessions:
            # The account may have been disabled. A newer sign-in has another refresh token.
            self.sessions.clear()
            self.forget_tokens()

    def replace_refresh_token(self, earlier: str, later: str) -> None:
        """Replace the refresh token if it is this one. It stays valid for the scopes of the earlier one."""
        section = self._section("RefreshToken")
        for key, entry in section.items():
            if entry["secret"] == earlier:
                section[key] = {**entry, "secret": later}

    def forget_tokens(self) -> None:
        """Remove all tokens. The sessions stay."""
        self._tokens.clear()
        self._access = {False: AccessTokens({}), True: AccessTokens({})}
        self._index.clear()

    def add(self, partition: Partition, scopes: Iterable[str], reply: TokenReply, *, cae: bool, now: int) -> None:
        """Add the tokens of a reply. A new refresh token replaces the previous one.

        The access token is added for those of the scopes that the reply grants.

        :param cae: whether the request was for continuous access evaluation.
        :param now: when the request was sent (Unix seconds).
        """
        base = {
            # As in MSAL: always null for an application.
            "home_account_id": reply.home_account_id if partition.kind == "obo" else partition.home_account_id,
            "environment": partition.environment,
            "client_id": partition.cache_client_id,
        }
        names = granted(scopes, reply.scopes)
        target = " ".join(names)
        for tokens in self._access.values():
            tokens.drop_expired(now)
        entry: Entry = {
            **base,
            "credential_type": "AccessToken",
            "secret": reply.access_token,
            "realm": partition.tenant,
            "target": target,
            "token_type": reply.token_type,
            "cached_at": str(now),
            "expires_on": str(reply.expires_on),
            "extended_expires_on": str(reply.expires_on),
        }
        if reply.refresh_on is not None:
            entry["refresh_on"] = str(reply.refresh_on)
        self._index.clear()
        if names:
            self._access[cae].add(entry_key(entry), entry)
        if reply.refresh_token:
            refresh: Entry = {
                **base,
                "credential_type": "RefreshToken",
                "secret": reply.refresh_token,
                "target": target,
                "last_modification_time": str(now),
            }
            if reply.family_id:
                refresh["family_id"] = reply.family_id
            self._tokens["RefreshToken"] = {entry_key(refresh): refresh}
        if reply.id_token:
            id_token: Entry = {
                **base,
                "credential_type": "IdToken",
                "secret": reply.id_token,
                "realm": partition.tenant,
            }
            self._tokens["IdToken"] = {entry_key(id_token): id_token}
            self._add_account(base, partition, reply.id_token)

    def _add_account(self, base: Entry, partition: Partition, id_token: str) -> None:
        claims = decode_unverified(id_token)
        key = f"{base['home_account_id'] or ''}-{base['environment']}-{partition.tenant}".lower()
        self._tokens["Account"] = {
            key: {
                "home_account_id": base["home_account_id"],
                "environment": base["environment"],
                "realm": partition.tenant,
                "local_account_id": claims.get("oid", claims.get("sub")),
                "username": claims.get("preferred_username") or claims.get("upn") or "",
                "authority_type": "MSSTS",
            }
        }

    def _section(self, name: str) -> dict[str, Entry]:
        return self._tokens.setdefault(name, {})


def entry_key(entry: Entry) -> str:
    """Return the key under which MSAL stores the token, so that other programs of the user find it."""
    kind = entry["credential_type"]
    realm = "" if kind == "RefreshToken" else entry["realm"]
    target = "" if kind == "IdToken" else entry["target"]
    parts = (entry["home_account_id"] or "", entry["environment"], kind, entry["client_id"], realm, target)
    return "-".join(parts).lower()


def _token_info(entry: Entry) -> AccessTokenInfo:
    refresh_on = entry.get("refresh_on")
    return OpaqueAccessTokenInfo(
        entry["secret"],
        int(entry["expires_on"]),
        token_type=entry.get("token_type", "Bearer"),
        refresh_on=None if refresh_on is None else int(refresh_on),
    )
