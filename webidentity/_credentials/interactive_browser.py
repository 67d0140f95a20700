"""InteractiveBrowserCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._credentials.interactive import DEVELOPER_TOOLS, InteractiveConstructor, InteractiveCredential
from webidentity._flows.browser_sign_in import BrowserSignIn
from webidentity._protocol.authorization import LoopbackRedirect
from webidentity._transport.browser import open_browser
from webidentity._transport.redirect_listener import RedirectListener
from webidentity.cache._persistence_options import TokenCachePersistenceOptions
from webidentity.cache._token_cache import TokenCache
from webidentity.record import AuthenticationRecord

_ANY_PORT = "http://localhost"


class InteractiveBrowserConstructor(InteractiveConstructor, of="InteractiveBrowserCredential"):
    """Authenticates a user in the browser of this machine (authorization code flow with PKCE).

    ``get_token`` opens the authority's sign-in page, receives the redirect on the loopback interface, and shows the
    result of the sign-in in the browser. Later calls acquire tokens silently, from the cache or with the refresh token,
    until the authority requires the user again. If several threads or tasks call at the same time, one page is opened.

    :keyword str client_id: client ID of the application that the user signs in to. By default that of Microsoft's
        developer tools.
    :keyword str redirect_uri: a redirect URI of the application on this machine, such as "http://localhost:8400". The
        credential listens on its port. By default ``http://localhost`` with the first free port from 8400 on.
    :keyword str login_hint: the username to suggest on the sign-in page.
    :keyword int timeout: the number of seconds to wait for the user.
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
    :raises ValueError: ``redirect_uri`` is not on this machine, or an argument is malformed.
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


class InteractiveBrowserCredential(InteractiveBrowserConstructor, InteractiveCredential):
    __doc__ = InteractiveBrowserConstructor.__doc__
