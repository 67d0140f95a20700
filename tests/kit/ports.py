"""TCP ports of this machine."""

import socket
from contextlib import closing


def free_port() -> int:
    """Return a port on which no program listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


def has_ipv6() -> bool:
    """Whether this machine has a loopback address of IPv6."""
    try:
        with closing(socket.create_server(("::1", 0), family=socket.AF_INET6)):
            return True
    except OSError:
        return False
