"""The guard that keeps tests off the network."""

import socket

import pytest

from tests.kit.loopback import NetworkRefused


@pytest.mark.parametrize("host", ["192.0.2.1", "169.254.169.254", "8.8.8.8"])
def test_other_machines_are_refused(host: str) -> None:
    """Neither call of a socket leaves this machine."""
    with socket.socket() as sock:
        sock.settimeout(0.1)
        with pytest.raises(NetworkRefused):
            sock.connect((host, 80))
        with pytest.raises(NetworkRefused):
            sock.connect_ex((host, 80))


def test_names_of_other_machines_are_not_looked_up() -> None:
    """A look-up is refused before it asks anybody."""
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("login.microsoftonline.com", 443)


def test_this_machine_is_reachable() -> None:
    """Servers on loopback are what end-to-end tests talk to."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
