"""The constructor of UsernamePasswordCredential."""

import warnings
from collections.abc import Iterable
from typing import Any

from webidentity._flows.username_password import UsernamePasswordSignIn
from webidentity.arguments.user import UserArguments
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class UsernamePasswordArguments(UserArguments):
    """Authenticates a user with a username and a password. Deprecated: it cannot satisfy multi-factor authentication.

    Accounts of Entra ID, and of organizations whose federation server speaks WS-Trust, such as AD FS. The application
    must have consent already. Each credential signs in itself, also where a cache has tokens of the same user: who does
    not know the password is not served.

    :param str client_id: the application's client ID.
    :param str username: the user principal name, typically an e-mail address.
    :param str password: the user's password.
    :keyword str tenant_id: a tenant ID or domain; by default "organizations", any work or school account.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: keeps tokens where other programs of the OS user
        keep theirs; by default they end with the process.
    :keyword TokenCache token_cache: a cache to share with other credentials; by default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
    :raises ValueError: an argument is empty or malformed.
    """

    def __init__(
        self,
        client_id: str,
        username: str,
        password: str,
        *,
        tenant_id: str | None = None,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        # Not taken, as by the peer: nobody is served who has not shown that the password is right.
        kwargs.pop("authentication_record", None)
        warnings.warn(
            "UsernamePasswordCredential is deprecated, as it doesn't support multifactor authentication (MFA). Use "
            "InteractiveBrowserCredential or DeviceCodeCredential for users, and an identity of its own for a service.",
            DeprecationWarning,
            stacklevel=_level_of_the_caller(),
        )
        if not username or not password:
            raise ValueError("username and password should be those of a work or school account, neither is empty")
        if not (_is_text(username) and _is_text(password)):
            raise ValueError("username and password should be text, without halves of surrogate pairs")
        self._set_up_user(
            lambda client: UsernamePasswordSignIn(client, username, password),
            client_id=client_id,
            tenant_id=tenant_id,
            authority=authority,
            additionally_allowed_tenants=additionally_allowed_tenants,
            cache_persistence_options=cache_persistence_options,
            token_cache=token_cache,
            **kwargs,
        )


def _level_of_the_caller() -> int:
    """Return the stack level of the program's own line: EnvironmentCredential may be in between."""
    from inspect import currentframe

    here = currentframe()
    level, frame = 1, here.f_back if here is not None else None
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "webidentity":
        level, frame = level + 1, frame.f_back
    return level


def _is_text(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:
        return False
