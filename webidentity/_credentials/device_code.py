"""DeviceCodeCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._credentials.interactive import DEVELOPER_TOOLS, InteractiveConstructor, InteractiveCredential
from webidentity._flows.device_code import DeviceCodeSignIn, PromptCallback
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache
from webidentity.record import AuthenticationRecord


class DeviceCodeConstructor(InteractiveConstructor, of="DeviceCodeCredential"):
    """Authenticates a user who enters a code in a browser on any device (device code flow, RFC 8628).

    ``get_token`` shows the user a URL and a code, and waits for the sign-in. Later calls acquire tokens silently, from
    the cache or with the refresh token, until the authority requires the user again. If several threads or tasks call
    at the same time, the user is asked once.

    :param str client_id: client ID of the application that the user signs in to. By default that of Microsoft's
        developer tools.
    :keyword int timeout: the number of seconds to wait for the user, at most the lifetime of the code, which is the
        default.
    :keyword prompt_callback: a callable that shows the user how to sign in. It is called with the verification URI
        (str), the user code (str) and the time at which the code expires (aware ``datetime`` in UTC). The async
        credential also accepts a coroutine function. By default the authority's message is printed.
    :keyword str tenant_id: a tenant ID or domain. The default, "organizations", accepts any work or school account.
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword AuthenticationRecord authentication_record: the account of an earlier sign-in. Tokens of this account are
        acquired silently from the cache. Its client ID, tenant and authority take precedence over the arguments.
    :keyword bool disable_automatic_authentication: whether ``get_token`` raises
        :class:`~webidentity.AuthenticationRequiredError` instead of asking the user to sign in.
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword TokenCachePersistenceOptions cache_persistence_options: stores tokens in the persistent cache of the OS
        user, which other programs share. By default tokens are cached in memory.
    :keyword TokenCache token_cache: a cache to share with other credentials. By default the credential has its own.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
    :raises ValueError: an argument is malformed.
    """

    def __init__(
        self,
        client_id: str = DEVELOPER_TOOLS,
        *,
        timeout: int | None = None,
        prompt_callback: PromptCallback | None = None,
        tenant_id: str | None = None,
        authority: str | None = None,
        authentication_record: AuthenticationRecord | None = None,
        disable_automatic_authentication: bool = False,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        self._set_up_user(
            lambda client: DeviceCodeSignIn(client, prompt_callback, timeout),
            client_id=client_id,
            tenant_id=tenant_id,
            authority=authority,
            authentication_record=authentication_record,
            disable_automatic_authentication=disable_automatic_authentication,
            additionally_allowed_tenants=additionally_allowed_tenants,
            cache_persistence_options=cache_persistence_options,
            token_cache=token_cache,
            **kwargs,
        )


class DeviceCodeCredential(DeviceCodeConstructor, InteractiveCredential):
    __doc__ = DeviceCodeConstructor.__doc__
