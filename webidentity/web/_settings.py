"""The configuration of a site: its settings, and the paths of its routes."""

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from webidentity._authority import SHARED_TENANTS, is_guid, is_host, is_loopback, normalize_authority
from webidentity._protocol.verification import LEEWAY
from webidentity.web._next_url import safe_next

#: Seconds. A larger difference is a clock to repair, not one to accept.
_LONGEST_LEEWAY = 600
#: A string: :mod:`re` compiles it when a site reads its settings, not during the import.
_DOMAIN = r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"


class Routes(NamedTuple):
    """The paths of the sign-in's own routes, without the application's mount point."""

    sign_in: str = "/auth/sign-in"
    callback: str = "/auth/callback"
    sign_out: str = "/auth/sign-out"


class SettingsError(ValueError):
    """A setting is missing, misspelled or malformed. The message names the setting, and never contains a secret.

    :param is_missing: whether required settings are missing.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        #: Whether required settings are missing.
        self.is_missing: bool = is_missing


# Each check takes the value that was given, returns the value to use, and raises a ValueError with the problem.
def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a string, not {type(value).__name__}")
    return value.strip()


def _tenant_id(value: Any) -> str:
    tenant_id = _text(value)
    if tenant_id.lower() in SHARED_TENANTS:
        raise ValueError(f"{tenant_id!r} admits users of any tenant: set the ID of your own tenant")
    if not is_guid(tenant_id) and not re.fullmatch(_DOMAIN, tenant_id, re.ASCII):
        raise ValueError(f"{tenant_id!r} is neither a GUID nor a domain such as contoso.com")
    return tenant_id.lower()


def _client_id(value: Any) -> str:
    client_id = _text(value)
    if not is_guid(client_id):
        raise ValueError(f"{client_id!r} is not a GUID: copy the client ID from the Azure portal")
    # Entra writes it in lower case into tokens.
    return client_id.lower()


def _authority(value: Any) -> str:
    return normalize_authority(_text(value) or None)


def _base_url(value: Any) -> str:
    text = _text(value).rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        hostname = parts.hostname or ""
    except ValueError:
        parts, hostname = urlsplit(""), ""
    if not is_host(hostname) or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("expected a URL such as https://app.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(hostname)):
        raise ValueError("must use https (http is accepted for localhost only)")
    root, callback = f"{parts.scheme}://{parts.netloc.lower()}{parts.path}", Routes().callback
    if root.endswith(callback):
        raise ValueError(f"{text!r} is a redirect URI: without the route, set {root.removesuffix(callback)!r}")
    return root


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        items: list[Any] = value.split()
    else:
        items = list(cast("Any", value)) if isinstance(value, list | tuple) else [None]
    if not all(isinstance(item, str) for item in items):
        raise ValueError("expected a list of strings")
    names = [name for item in items for name in re.split(r"[\s,;]+", item.strip(" \t\n,;"))]
    if names != items:
        raise ValueError(f"expected a list with a string for each item: {json.dumps([name for name in names if name])}")
    return tuple(items)


def _seconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError("expected a positive whole number of seconds")
    return value


def _leeway(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_LEEWAY:
        raise ValueError(f"expected a whole number of seconds from 0 to {_LONGEST_LEEWAY}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected True or False")
    return value


def _path(value: Any) -> str:
    text = _text(value) or "/"
    if safe_next(text) is None:
        raise ValueError("expected a path of this application, such as /goodbye")
    return text


@dataclass(frozen=True, slots=True)
class Settings:
    """An application's registration in Microsoft Entra ID, and how its sessions work. Checked on construction.

    :param tenant_id: the tenant whose users may sign in: a GUID, or a domain such as "contoso.com".
    :param client_id: the application's client ID.
    :param client_secret: one of the application's client secrets.
    :param authority: the cloud, "login.microsoftonline.com" by default.
    :param base_url: scheme, host and mount point at which browsers reach the application, for example
        "https://app.example.com". Required if the framework does not verify the host of requests.
    :param scopes: scopes requested at every sign-in, in addition to openid, profile and offline_access.
    :param audiences: identifiers of this API, in addition to its client ID and ``api://<client ID>``.
    :param session_lifetime: seconds after which an unused session ends.
    :param session_max_age: seconds after which any session ends.
    :param authority_timeout: seconds that a request waits for the authority, in total.
    :param session_check_interval: seconds after which the authority is asked again about the account of a session.
    :param clock_leeway: seconds that the clocks of the authority and of this machine may differ, at most 600.
    :param after_sign_out: the path to open after a sign-out.
    :param allow_local_authority: whether a public site may use an authority on its own machine.
    :param cache_path: file of the token cache. The default is chosen by the framework's adapter.
    :raises SettingsError: a setting is missing or malformed.
    """

    tenant_id: str = field(
        metadata={
            "check": _tenant_id,
            "where": "the directory (tenant) ID on the overview page of the application registration",
        }
    )
    client_id: str = field(
        metadata={
            "check": _client_id,
            "where": "the application (client) ID on the overview page of the application registration",
        }
    )
    client_secret: str = field(
        repr=False,
        metadata={
            "check": _text,
            "where": "the value of a client secret, under certificates and secrets of the application registration",
        },
    )
    authority: str = field(default="", metadata={"check": _authority})
    base_url: str = field(default="", metadata={"check": _base_url})
    scopes: tuple[str, ...] = field(default=(), metadata={"check": _texts})
    audiences: tuple[str, ...] = field(default=(), metadata={"check": _texts})
    session_lifetime: int = field(default=8 * 3600, metadata={"check": _seconds})
    session_max_age: int = field(default=7 * 24 * 3600, metadata={"check": _seconds})
    authority_timeout: int = field(default=8, metadata={"check": _seconds})
    session_check_interval: int = field(default=3600, metadata={"check": _seconds})
    clock_leeway: int = field(default=LEEWAY, metadata={"check": _leeway})
    after_sign_out: str = field(default="/", metadata={"check": _path})
    allow_local_authority: bool = field(default=False, metadata={"check": _flag})
    cache_path: str = field(default="", metadata={"check": str})

    def __post_init__(self) -> None:
        for name, value in _checked({item.name: getattr(self, item.name) for item in fields(self)}).items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the values, so that unpickling checks them again."""
        return Settings, tuple(getattr(self, item.name) for item in fields(self))

    @classmethod
    def read(cls, values: Mapping[str, Any], spell: Callable[[str], str], hint: str = "") -> "Settings":
        """Return settings that are written in a framework's configuration.

        :param values: the settings by lower-case name. None stands for the default.
        :param spell: returns how the framework spells a setting's name, for error messages.
        :param hint: where to set a missing setting: the rest of a sentence that starts with "Set it".
        :raises SettingsError: a setting is missing, misspelled or malformed.
        """
        return cls(**_checked(values, spell, hint))


def _checked(values: Mapping[str, Any], spell: Callable[[str], str] = str, hint: str = "") -> dict[str, Any]:
    """Return the value of every setting, or raise a SettingsError that names the wrong one."""
    known = {item.name: item for item in fields(Settings)}
    for name in values:
        if name not in known:
            raise _misspelled(name, list(known), spell)
    given = {name: value for name, value in values.items() if value is not None}
    _require([item for item in known.values() if item.default is MISSING], given, spell, hint)
    checked: dict[str, Any] = {}
    for name, item in known.items():
        try:
            checked[name] = item.metadata["check"](given.get(name, item.default))
        except ValueError as error:
            raise SettingsError(f"{spell(name)}: {error}") from None
    return checked


def _require(required: list[Field[Any]], given: Mapping[str, Any], spell: Callable[[str], str], hint: str) -> None:
    missing = [item for item in required if not str(given.get(item.name) or "").strip()]
    if missing:
        first, *others = missing
        also = f" Also missing: {', '.join(spell(item.name) for item in others)}." if others else ""
        where = f" Set {'them' if others else 'it'} {hint}" if hint else ""
        text = f"{spell(first.name)} is missing: {first.metadata['where']}.{also}{where}"
        raise SettingsError(text, is_missing=True)


def _misspelled(name: str, known: list[str], spell: Callable[[str], str]) -> SettingsError:
    close = difflib.get_close_matches(name, known, 1)
    meant = f" Did you mean {spell(close[0])}?" if close else ""
    names = ", ".join(spell(item) for item in known)
    return SettingsError(f"{spell(name)} is not a setting of webidentity.{meant} The settings are: {names}")
