"""The local tenant: an authority in the shape of Microsoft Entra ID that runs in-process or on localhost.

Tests and demonstrations sign users in, redeem codes, refresh tokens, exchange them on-behalf-of and call a small
Microsoft Graph, over the same protocol as Microsoft Entra ID and without a cloud account::

    tenant = LocalTenant(sample_users=True)
    web = tenant.add_app("Web", secrets=["web-secret"], redirect_uris=["https://app.test/callback"])
    credential = ClientSecretCredential(
        tenant.tenant_id, web.client_id, "web-secret", authority=tenant.base_url, transport=tenant.transport()
    )

It is for development only: it keeps everything in memory, and its passwords are no secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webidentity._lazy_names import lazy_names

if TYPE_CHECKING:
    from webidentity.testing._browser import BrowserPage as BrowserPage
    from webidentity.testing._browser import FormPost as FormPost
    from webidentity.testing._browser import SignInError as SignInError
    from webidentity.testing._browser import TenantBrowser as TenantBrowser
    from webidentity.testing._tenant import LocalTenant as LocalTenant
    from webidentity.testing._tenant_server import TenantServer as TenantServer
    from webidentity.testing._tenant_server import serve as serve
    from webidentity.testing.directory._keys import SigningKeyPair as SigningKeyPair
    from webidentity.testing.directory._model import App as App
    from webidentity.testing.directory._model import FederatedCredential as FederatedCredential
    from webidentity.testing.directory._model import RegisteredSite as RegisteredSite
    from webidentity.testing.directory._model import User as User
    from webidentity.testing.hosts._emulator import HostEmulator as HostEmulator
    from webidentity.testing.hosts._identities import HostIdentity as HostIdentity
    from webidentity.testing.transports._messages import TenantRequest as TenantRequest
    from webidentity.testing.transports._messages import TenantResponse as TenantResponse
    from webidentity.testing.transports._tenant_transport import AsyncTenantTransport as AsyncTenantTransport
    from webidentity.testing.transports._tenant_transport import RecordedRequest as RecordedRequest
    from webidentity.testing.transports._tenant_transport import TenantTransport as TenantTransport
else:
    __all__, __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "LocalTenant": "_tenant",
            "User": "directory._model",
            "App": "directory._model",
            "SigningKeyPair": "directory._keys",
            "FederatedCredential": "directory._model",
            "RegisteredSite": "directory._model",
            "TenantRequest": "transports._messages",
            "TenantResponse": "transports._messages",
            "TenantTransport": "transports._tenant_transport",
            "AsyncTenantTransport": "transports._tenant_transport",
            "RecordedRequest": "transports._tenant_transport",
            "TenantServer": "_tenant_server",
            "serve": "_tenant_server",
            "HostEmulator": "hosts._emulator",
            "HostIdentity": "hosts._identities",
            "TenantBrowser": "_browser",
            "BrowserPage": "_browser",
            "FormPost": "_browser",
            "SignInError": "_browser",
        },
    )
