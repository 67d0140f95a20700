"""A local tenant on a loopback socket. Kept apart from the tenant, which does not need ``http.server``."""

from __future__ import annotations

from webidentity.testing._tenant import LocalTenant
from webidentity.testing.transports._loopback_server import LoopbackServer


class TenantServer(LoopbackServer):
    """Serves a tenant over HTTP on a loopback address, from a background thread."""

    def __init__(self, tenant: LocalTenant, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(tenant, host, port)
        self.tenant = tenant


def serve(tenant: LocalTenant, host: str = "127.0.0.1", port: int = 0) -> TenantServer:
    """A server for a tenant. Use it in a ``with`` statement, or call ``start()`` and ``close()``.

    Port 0 picks a free port. ``start()`` sets the tenant's base URL to ``http://localhost:<port>``.
    """
    return TenantServer(tenant, host, port)
