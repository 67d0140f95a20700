"""The state of a tenant: its settings, codes, tokens and sessions, in bounded tables in memory."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from webidentity.testing.directory._directory import Directory
from webidentity.testing.directory._keys import TenantKeys
from webidentity.testing.directory._model import App, FederatedCredential, User

V = TypeVar("V")


class BoundedTable(Generic[V]):
    """A dictionary that drops its oldest entry when it is full."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._entries: OrderedDict[str, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._entries))

    def get(self, key: str) -> V | None:
        """The entry with this key, or None."""
        return self._entries.get(key)

    def put(self, key: str, value: V) -> None:
        """Add or replace an entry."""
        self._entries.pop(key, None)
        while len(self._entries) >= self._limit:
            self._entries.popitem(last=False)
        self._entries[key] = value

    def drop(self, key: str) -> None:
        """Remove an entry, if it exists."""
        self._entries.pop(key, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A user's authorization of a client at one sign-in. The code and its refresh tokens refer to it."""

    grant_id: str = field(repr=False)
    user: User
    client: App
    scope: str
    sid: str = field(repr=False)
    auth_time: int
    epoch: int
    acrs: frozenset[str] = frozenset()
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """An authorization code, with the values that must be presented to redeem it."""

    authorization: Authorization
    redirect_uri: str
    expires_at: float
    nonce: str | None = field(default=None, repr=False)
    code_challenge: str | None = field(default=None, repr=False)
    code_challenge_method: str = "plain"
    wants_auth_time: bool = False
    redeemed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDeviceCode:
    """A device code. It is pending until a user approves or declines it, or until it expires."""

    value: str = field(repr=False)
    user_code: str = field(repr=False)
    client: App
    scope: str
    claims_text: str | None
    issued_at: float
    expires_at: float
    interval: int
    authorization: Authorization | None = None
    declined: bool = False
    redeemed: bool = False
    polled_at: float | None = None

    @property
    def answered(self) -> bool:
        """Whether a user has approved or declined it."""
        return self.declined or self.authorization is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedRefreshToken:
    """A refresh token. It is valid for every resource that its user has consented to for its client."""

    authorization: Authorization
    expires_at: float
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """An account in a browser's single sign-on session."""

    user: User
    sid: str = field(repr=False)
    auth_time: int
    epoch: int
    acrs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """The accounts that a browser has signed in with, newest first."""

    accounts: tuple[SignedIn, ...]


@dataclass(slots=True, kw_only=True)
class TenantState:
    """The complete state of one tenant. Hold ``lock`` while handling a request."""

    tenant_id: str
    domain: str
    base_url: str
    clock: Callable[[], float]
    directory: Directory
    keys: TenantKeys
    show_users: bool = False
    access_token_lifetime: int = 3600
    refresh_token_lifetime: int = 90 * 24 * 3600
    code_lifetime: int = 600
    device_code_lifetime: int = 900
    device_code_interval: int = 5
    refresh_in: int | None = None
    single_use_refresh_tokens: bool = False
    single_use_assertions: bool = False
    slow_down: bool = False
    require_pkce: bool = False
    federated: dict[str, tuple[FederatedCredential, ...]] = field(
        default_factory=dict[str, "tuple[FederatedCredential, ...]"], repr=False
    )
    used_assertions: BoundedTable[bool] = field(default_factory=BoundedTable[bool], repr=False)
    codes: BoundedTable[IssuedCode] = field(default_factory=BoundedTable[IssuedCode], repr=False)
    device_codes: BoundedTable[IssuedDeviceCode] = field(default_factory=BoundedTable[IssuedDeviceCode], repr=False)
    user_codes: BoundedTable[str] = field(default_factory=BoundedTable[str], repr=False)
    refresh_tokens: BoundedTable[IssuedRefreshToken] = field(
        default_factory=BoundedTable[IssuedRefreshToken], repr=False
    )
    sessions: BoundedTable[BrowserSession] = field(default_factory=BoundedTable[BrowserSession], repr=False)
    revoked_grants: BoundedTable[bool] = field(default_factory=BoundedTable[bool], repr=False)
    token_epochs: BoundedTable[int] = field(default_factory=BoundedTable[int], repr=False)
    form_key: bytes = field(default=b"", repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def issuer(self) -> str:
        """The ``iss`` claim of every token."""
        return f"{self.base_url}/{self.tenant_id}/v2.0"

    def now(self) -> int:
        """The tenant's time, in whole seconds since the epoch."""
        return int(self.clock())

    def is_revoked(self, user: User, uti: str | None, issued_at: float) -> bool:
        """Whether the user was revoked after this access token was issued."""
        epoch = self.token_epochs.get(uti) if uti else None
        if epoch is not None:
            return epoch != self.directory.epoch(user)
        revoked_at = self.directory.revoked_at(user)
        return revoked_at is not None and issued_at < revoked_at


def new_session_id() -> str:
    """A random session id, a GUID as Entra's are."""
    text = secrets.token_hex(16)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
