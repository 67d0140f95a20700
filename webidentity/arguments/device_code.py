"""The constructor of DeviceCodeCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._flows.device_code import DeviceCodeSignIn, PromptCallback
from webidentity.arguments.user import DEVELOPER_TOOLS, UserArguments
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache
from webidentity.record import AuthenticationRecord


class DeviceCodeArguments(UserArguments):
    """Authenticates a user who signs in on another device, by entering a code there (RFC 8628).

    ``get_token`` tells the user the address and the code, and waits. From then on tokens come silently, from the cache
    and by refresh token, until only the user can help again. However many threads or tasks ask at the same time, the
    user is asked once.

    :param str client_id: the application that users sign in to; by default that of Microsoft's developer tools.
    :keyword int timeout: seconds to wait for the user; by default as long as the code lives, which also prevails.
    :keyword prompt_callback: called with the verification URI (str), the user code (str) and the time at which the code
        expires (aware ``datetime`` in UTC) to tell the user; with asyncio it may be a coroutine function. By default
        the authority's sentence is printed.
    :keyword str tenant_id: a tenant ID or domain; by default "organizations", any work or school account.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword AuthenticationRecord authentication_record: the account of an earlier sign-in, to go on silently with what
        the cache has of it. Its client, tenant and authority outweigh those given.
    :keyword bool disable_automatic_authentication: whether ``get_token`` raises
        :class:`~webidentity.AuthenticationRequiredError` where it would ask the user.
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCachePersistenceOptions cache_persistence_options: keeps tokens where other programs of the OS user
        keep theirs; by default they end with the process.
    :keyword TokenCache token_cache: a cache to share with other credentials; by default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
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
