"""The local tenant: an Entra-shaped authority that runs in-process or on localhost.

Tests and demonstrations sign users in, redeem codes, refresh, exchange on-behalf-of and call a small Graph against it,
over the same protocol as Microsoft Entra ID and with no cloud account::

    tenant = LocalTenant()
    ada = tenant.add_user("ada@tenant.test", password="ada-password", name="Ada Lovelace")
    web = tenant.add_app("Web", secrets=["web-secret"], redirect_uris=["https://app.test/callback"])
    credential = ClientSecretCredential(
        tenant.tenant_id, web.client_id, "web-secret", authority=tenant.base_url, transport=tenant.transport()
    )

It is for development: it keeps everything in memory, and it believes nothing that a client says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webidentity._lazy_names import loader_of

if TYPE_CHECKING:
    from .aio_transport import AsyncTenantTransport as AsyncTenantTransport
    from .browser import FormPost as FormPost
    from .browser import Page as Page
    from .browser import SignInError as SignInError
    from .browser import TenantBrowser as TenantBrowser
    from .federation import FederatedCredential as FederatedCredential
    from .hosts.emulator import HostEmulator as HostEmulator
    from .hosts.identity import HostIdentity as HostIdentity
    from .keys import SigningKey as SigningKey
    from .model import App as App
    from .model import User as User
    from .request import TenantRequest as TenantRequest
    from .request import TenantResponse as TenantResponse
    from .server import TenantServer as TenantServer
    from .server import serve as serve
    from .tenant import LocalTenant as LocalTenant
    from .transport import RecordedRequest as RecordedRequest
    from .transport import TenantTransport as TenantTransport

__all__ = [
    "LocalTenant",
    "User",
    "App",
    "SigningKey",
    "FederatedCredential",
    "TenantRequest",
    "TenantResponse",
    "TenantTransport",
    "AsyncTenantTransport",
    "RecordedRequest",
    "TenantServer",
    "serve",
    "HostEmulator",
    "HostIdentity",
    "TenantBrowser",
    "Page",
    "FormPost",
    "SignInError",
]

_HOMES = {
    "LocalTenant": "tenant",
    "User": "model",
    "App": "model",
    "SigningKey": "keys",
    "FederatedCredential": "federation",
    "TenantRequest": "request",
    "TenantResponse": "request",
    "TenantTransport": "transport",
    "AsyncTenantTransport": "aio_transport",
    "RecordedRequest": "transport",
    "TenantServer": "server",
    "serve": "server",
    "HostEmulator": "hosts.emulator",
    "HostIdentity": "hosts.identity",
    "TenantBrowser": "browser",
    "Page": "browser",
    "FormPost": "browser",
    "SignInError": "browser",
}

__getattr__ = loader_of(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
