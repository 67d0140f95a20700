"""The guard that keeps tests off the network."""

import socket

import pytest

from tests.kit.loopback import NetworkRefused


@pytest.mark.parametrize("host", ["192.0.2.1", "169.254.169.254", "8.8.8.8"])
def test_connections_to_other_machines_are_refused(host: str) -> None:
    """Both connecting methods of a socket refuse other machines."""
    with socket.socket() as sock:
        sock.settimeout(0.1)
        with pytest.raises(NetworkRefused):
            sock.connect((host, 80))
        with pytest.raises(NetworkRefused):
            sock.connect_ex((host, 80))


def test_host_names_of_other_machines_are_not_resolved() -> None:
    """The look-up is refused before it sends a request."""
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("login.microsoftonline.com", 443)


def test_this_machine_is_reachable() -> None:
    """End-to-end tests use servers on loopback addresses."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
