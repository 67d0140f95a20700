"""The constructor of InteractiveBrowserCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._flows.browser_sign_in import BrowserSignIn
from webidentity._protocol.redirect_uri import LoopbackRedirect
from webidentity._transport.browser import open_browser
from webidentity._transport.redirect_listener import RedirectListener
from webidentity.arguments.user import DEVELOPER_TOOLS, UserArguments
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache
from webidentity.record import AuthenticationRecord

_ANY_PORT = "http://localhost"


class InteractiveBrowserArguments(UserArguments):
    """Authenticates a user in the browser of this machine, with the authorization code grant and PKCE.

    ``get_token`` opens the authority's sign-in page, listens on the loopback interface for the browser to come back,
    and shows in it how the sign-in ended. From then on tokens come silently, from the cache and by refresh token, until
    only the user can help again. However many threads or tasks ask at the same time, one page is opened.

    :keyword str client_id: the application that users sign in to; by default that of Microsoft's developer tools.
    :keyword str redirect_uri: a redirect URI of the application on this machine, such as "http://localhost:8400", which
        this program must be able to listen on. By default ``http://localhost`` with a free port from 8400 on.
    :keyword str login_hint: the username to suggest on the sign-in page.
    :keyword int timeout: seconds to wait for the user; 300 by default.
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
    :raises ValueError: the redirect URI is not one of this machine, or another argument is malformed.
    """

    def __init__(
        self,
        *,
        client_id: str = DEVELOPER_TOOLS,
        redirect_uri: str | None = None,
        login_hint: str | None = None,
        timeout: int = 300,
        tenant_id: str | None = None,
        authority: str | None = None,
        authentication_record: AuthenticationRecord | None = None,
        disable_automatic_authentication: bool = False,
        additionally_allowed_tenants: Iterable[str] | None = None,
        cache_persistence_options: TokenCachePersistenceOptions | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        redirect = LoopbackRedirect.parse(redirect_uri or _ANY_PORT)
        self._set_up_user(
            lambda client: BrowserSignIn(
                client, redirect, RedirectListener, open_browser, login_hint=login_hint, timeout=timeout
            ),
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
