"""UsernamePasswordCredential."""

import warnings
from collections.abc import Iterable
from typing import Any

from webidentity._credentials.interactive import InteractiveConstructor, InteractiveCredential
from webidentity._flows.username_password import UsernamePasswordSignIn
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache


class UsernamePasswordConstructor(InteractiveConstructor, of="UsernamePasswordCredential"):
    """Authenticates a user with a username and a password. Deprecated: it does not support multi-factor authentication.

    It supports accounts of Entra ID, and of organizations whose federation server supports WS-Trust, such as AD FS. The
    application must already have consent. Each credential signs in itself, even if the cache has tokens of the same
    user, so that a wrong password never receives a token.

    :param str client_id: the application's client ID.
    :param str username: the user principal name, typically an e-mail address.
    :param str password: the user's password.
    :keyword str tenant_id: a tenant ID or domain. The default, "organizations", accepts any work or school account.
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: stores tokens in the persistent cache of the OS
        user, which other programs share. By default tokens are cached in memory.
    :keyword TokenCache token_cache: a cache to share with other credentials. By default the credential has its own.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
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
        # Ignored, as in azure-identity: a record must not give access to cached tokens without the password.
        kwargs.pop("authentication_record", None)
        warnings.warn(
            "UsernamePasswordCredential is deprecated, as it doesn't support multifactor authentication (MFA). Use "
            "InteractiveBrowserCredential or DeviceCodeCredential for users, and an identity of its own for a service.",
            DeprecationWarning,
            stacklevel=_level_of_the_caller(),
        )
        if not username or not password:
            raise ValueError("username and password should be those of a work or school account, and must not be empty")
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


class UsernamePasswordCredential(UsernamePasswordConstructor, InteractiveCredential):
    __doc__ = UsernamePasswordConstructor.__doc__


def _level_of_the_caller() -> int:
    """Return the stack level of the first caller outside this package: EnvironmentCredential may be in between."""
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
