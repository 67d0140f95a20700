"""A local tenant on a loopback socket. Kept apart from the tenant, which does not need ``http.server``."""

from __future__ import annotations

from webidentity.testing._tenant import LocalTenant
from webidentity.testing.transports._loopback_server import LoopbackServer


class TenantServer(LoopbackServer):
    """Serves a tenant over HTTP on this machine only, from a background thread."""

    def __init__(self, tenant: LocalTenant, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(tenant, host, port)
        self.tenant = tenant


def serve(tenant: LocalTenant, host: str = "127.0.0.1", port: int = 0) -> TenantServer:
    """A server for a tenant, to use in a ``with`` statement or with ``start()`` and ``close()``.

    Port 0 takes a free one. From ``start()`` on, the tenant's base URL is ``http://localhost:<port>``.
    """
    return TenantServer(tenant, host, port)
