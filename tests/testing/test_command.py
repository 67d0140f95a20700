"""``webidentity tenant`` on the command line."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Iterator

import pytest

from tests.kit.ports import free_port
from webidentity.cli import main

SHOW_SETTINGS = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if 'WEBIDENTITY_' in k}))"


@pytest.fixture(autouse=True)
def _own_signal_handler() -> Iterator[None]:
    """The command replaces the process's handler of SIGTERM."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def test_the_command_runs_with_the_settings_of_the_tenant(capfd):
    port = free_port()
    assert main(["tenant", "--port", str(port), "--", sys.executable, "-c", SHOW_SETTINGS]) == 0
    printed = capfd.readouterr()
    settings = json.loads(printed.out)
    assert settings["WEBIDENTITY_AUTHORITY"] == settings["FLASK_WEBIDENTITY_AUTHORITY"] == f"http://localhost:{port}"
    assert f"A local tenant, for development only, is running at http://localhost:{port}" in printed.err
    assert "Sign in as ada@tenant.test with the password ada-password" in printed.err


def test_the_exit_code_is_the_one_of_the_command(capfd):
    assert main(["tenant", "--port", str(free_port()), sys.executable, "-c", "raise SystemExit(3)"]) == 3


def test_a_command_that_does_not_exist(capfd):
    assert main(["tenant", "--port", str(free_port()), "no-such-command"]) == 127
    assert "webidentity: cannot start no-such-command" in capfd.readouterr().err


def test_a_port_in_use(capfd):
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        assert main(["tenant", "--port", str(used.getsockname()[1])]) == 2
    assert "Choose another one with --port" in capfd.readouterr().err


def test_the_help_describes_the_command(capsys):
    with pytest.raises(SystemExit):
        main(["tenant", "--help"])
    assert "webidentity tenant flask run" in capsys.readouterr().out
