"""The settings of an application: read, checked, and refused with a name at start-up."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast
from urllib.parse import urlsplit

from webidentity._authority import SHARED_TENANTS, is_loopback, normalize_authority
from webidentity.web._next_url import safe_next


class SettingsError(ValueError):
    """A setting is missing, misspelt or malformed; the message names it."""


_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the application is known to Microsoft Entra ID.

    :param tenant_id: the tenant whose users may sign in.
    :param client_id: the application's id.
    :param client_secret: one of the application's client secrets.
    :param authority: the cloud, "login.microsoftonline.com" unless set.
    :param base_url: scheme, host and mount point under which browsers reach the application, for example
        "https://app.example.com". Required when the framework does not check the host of requests.
    :param scopes: scopes asked for at every sign-in, beside openid, profile and offline_access.
    :param audiences: identifiers under which callers may ask for this API, beside its client id.
    :param session_lifetime: seconds after which an unused session ends.
    :param session_max_age: seconds after which any session ends.
    :param after_sign_out: path to show when the user has signed out.
    :param cache_path: file of the token cache; the framework's adapter has a default.
    """

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    authority: str = ""
    base_url: str = ""
    scopes: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    session_lifetime: int = 8 * 3600
    session_max_age: int = 7 * 24 * 3600
    after_sign_out: str = "/"
    cache_path: str = ""

    @classmethod
    def read(cls, values: Mapping[str, Any], spell: Callable[[str], str], hint: str = "") -> "Settings":
        """Return the settings.

        :param values: settings by lower-case name.
        :param spell: how the framework spells a setting, for messages.
        :param hint: where settings are set, for the message that some are missing.
        :raises SettingsError: one is missing, misspelt or malformed.
        """
        known = {item.name for item in fields(cls)}
        for name in values:
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), 1)
                meant = f" Did you mean {spell(close[0])}?" if close else ""
                raise SettingsError(
                    f"{spell(name)} is not a setting of webidentity.{meant} "
                    f"The settings are: {', '.join(spell(item) for item in sorted(known))}"
                )
        missing = [name for name in _WHERE if not str(values.get(name) or "").strip()]
        if missing:
            first, *others = missing
            too = f" Missing too: {', '.join(spell(name) for name in others)}." if others else ""
            raise SettingsError(f"{spell(first)} is missing: {_WHERE[first]}.{too} {hint}".strip())
        return _Reader(values, spell).settings()


_WHERE = {
    "tenant_id": "the directory (tenant) id, on the overview page of the application registration",
    "client_id": "the application (client) id, on the overview page of the application registration",
    "client_secret": "the value of a client secret, under certificates and secrets of the application registration",
}


class _Reader:
    """Converts each value, or says which setting is wrong."""

    def __init__(self, values: Mapping[str, Any], spell: Callable[[str], str]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}
        self._spell = spell

    def settings(self) -> Settings:
        return Settings(
            tenant_id=self._tenant_id(),
            client_id=self._client_id(),
            client_secret=self._text("client_secret"),
            authority=self._checked("authority", self._text("authority") or None, normalize_authority),
            base_url=self._base_url(),
            scopes=self._texts("scopes"),
            audiences=self._texts("audiences"),
            session_lifetime=self._seconds("session_lifetime", 8 * 3600),
            session_max_age=self._seconds("session_max_age", 7 * 24 * 3600),
            after_sign_out=self._after_sign_out(),
            cache_path=str(self._values.get("cache_path", "")),
        )

    def _error(self, name: str, problem: str) -> SettingsError:
        return SettingsError(f"{self._spell(name)}: {problem}")

    def _text(self, name: str) -> str:
        value = self._values.get(name, "")
        if not isinstance(value, str):
            raise self._error(name, f"expected a string, not {type(value).__name__}")
        return value.strip()

    def _tenant_id(self) -> str:
        tenant_id = self._text("tenant_id")
        if tenant_id.lower() in SHARED_TENANTS:
            raise self._error("tenant_id", f"{tenant_id!r} lets users of any tenant in: name the one tenant")
        if not (_GUID.fullmatch(tenant_id) or _DOMAIN.fullmatch(tenant_id)):
            raise self._error("tenant_id", f"{tenant_id!r} is neither a GUID nor a domain such as contoso.com")
        return tenant_id.lower()

    def _client_id(self) -> str:
        client_id = self._text("client_id")
        if not _GUID.fullmatch(client_id):
            raise self._error("client_id", f"{client_id!r} is not the GUID that the portal shows")
        # Entra writes it in lower case into tokens.
        return client_id.lower()

    def _checked(self, name: str, value: Any, check: Callable[[Any], str]) -> str:
        try:
            return check(value)
        except ValueError as error:
            raise self._error(name, str(error)) from None

    def _texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name, ())
        if isinstance(value, str):
            return tuple(value.split())
        items: list[Any] = list(cast("Any", value)) if isinstance(value, list | tuple) else [None]
        if not all(isinstance(item, str) for item in items):
            raise self._error(name, "expected a list of strings")
        return tuple(items)

    def _seconds(self, name: str, default: int) -> int:
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self._error(name, "expected a positive whole number of seconds")
        return value

    def _base_url(self) -> str:
        text = self._text("base_url").rstrip("/")
        try:
            parts = urlsplit(text)
            hostname = parts.hostname or ""
        except ValueError:
            parts, hostname = urlsplit(""), ""
        if text and (not hostname or parts.query or parts.fragment or parts.username is not None):
            raise self._error("base_url", "expected a URL such as https://app.example.com")
        if text and parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(hostname)):
            raise self._error("base_url", "must use https (http is accepted for localhost only)")
        return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}" if text else ""

    def _after_sign_out(self) -> str:
        text = self._text("after_sign_out") or "/"
        if safe_next(text) is None:
            raise self._error("after_sign_out", "expected a path of this application, such as /goodbye")
        return text
