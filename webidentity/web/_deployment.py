"""Checks at start-up of settings that are wrong on a public site, although they are right during development."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from webidentity._authority import is_loopback
from webidentity.web._settings import Settings, SettingsError


def check_authority(settings: Settings, hosts: Iterable[str], spell: Callable[[str], str]) -> None:
    """Check that a public site does not trust an authority on its own machine, where any program may be one.

    :param hosts: the hosts that the framework accepts.
    :param spell: returns how the framework spells a setting's name.
    :raises SettingsError: it does, and ``allow_local_authority`` is not set.
    """
    hostname = urlsplit(settings.authority).hostname or ""
    if settings.allow_local_authority or not is_loopback(hostname) or not _is_public(settings, hosts):
        return
    raise SettingsError(
        f"{spell('authority')}: a public site would trust {settings.authority}, which is on this machine. Remove the "
        "setting or the environment variable AZURE_AUTHORITY_HOST, or set "
        f"{spell('allow_local_authority')} to True"
    )


def session_cookie_warnings(
    settings: Settings, hosts: Iterable[str], *, secure: bool, same_site: Any
) -> list[tuple[str, str]]:
    """Return the attributes that the session cookie of a public site lacks or should not have: setting and warning.

    Flask and Django spell these settings alike.

    :param secure: whether the cookie has the attribute Secure.
    :param same_site: its attribute SameSite.
    """
    found: list[tuple[str, str]] = []
    if not _is_public(settings, hosts):
        return found
    if not secure:
        message = "SESSION_COOKIE_SECURE is not set: browsers send the session cookie over http too. Set it to True"
        found.append(("SESSION_COOKIE_SECURE", message))
    if str(same_site).lower() == "strict":
        message = (
            'SESSION_COOKIE_SAMESITE is "Strict": browsers do not send the session when the authority redirects back, '
            'so a sign-in replaces the session of another account without asking the user. Set it to "Lax"'
        )
        found.append(("SESSION_COOKIE_SAMESITE", message))
    elif str(same_site).lower() != "lax":
        message = 'SESSION_COOKIE_SAMESITE is not set: other sites can send requests with the session. Set it to "Lax"'
        found.append(("SESSION_COOKIE_SAMESITE", message))
    return found


def _is_public(settings: Settings, hosts: Iterable[str]) -> bool:
    """Return whether browsers on other machines use the site. Entra ID redirects them to https only."""
    names = [urlsplit(settings.base_url).hostname] if settings.base_url else [_hostname(host) for host in hosts]
    # A name without a dot is one of this machine or of its network; an IPv6 address has colons.
    return any(name and (set(name) & set(".:") or name == "*") and not is_loopback(name) for name in names)


def _hostname(host: str) -> str:
    """Return the name of a host that the framework accepts, without a port and the dot of a wildcard."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removeprefix(".").lower()
