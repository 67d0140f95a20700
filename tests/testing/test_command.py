"""``webidentity tenant`` on the command line."""

from __future__ import annotations

import errno
import json
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from flask import Flask

from tests.kit.ports import free_port
from webidentity.cache import SQLiteStore
from webidentity.cli import build_tenant, main
from webidentity.testing import LocalTenant, TenantBrowser, serve
from webidentity_flask import WebIdentity, require_token

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


def test_a_second_tenant_on_the_same_port(capfd):
    """The message names the port, the likely reason, and the command to write instead."""
    with serve(LocalTenant()) as first:
        port = first.port
        assert main(["tenant", "--port", str(port), "--app-port", "5001", "flask", "run"]) == 2
    printed = capfd.readouterr().err
    assert f"port {port} is in use, perhaps by another local tenant" in printed
    assert f"webidentity tenant --port {port + 1} --app-port 5001 flask run" in printed


def test_a_port_that_may_not_be_used(capfd, monkeypatch):
    def bind(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    assert main(["tenant", "--port", "80"]) == 2
    assert "cannot use port 80 (Permission denied). Choose another one with --port" in capfd.readouterr().err


@pytest.mark.parametrize("port", ["80000", "-1", "http"])
def test_a_port_that_does_not_exist(capfd, port):
    with pytest.raises(SystemExit):
        main(["tenant", "--port", port])
    assert "a port is a number from 0 to 65535" in capfd.readouterr().err


def test_the_help_describes_the_command(capsys):
    with pytest.raises(SystemExit):
        main(["tenant", "--help"])
    assert "webidentity tenant flask run" in capsys.readouterr().out


def test_each_start_is_a_new_tenant(capfd):
    """Its keys, codes and refresh tokens are new too: with the same ID, an earlier session would look valid."""
    tenant_ids = set[str]()
    for _ in range(2):
        assert main(["tenant", "--port", str(free_port()), sys.executable, "-c", SHOW_SETTINGS]) == 0
        tenant_ids.add(json.loads(capfd.readouterr().out)["WEBIDENTITY_TENANT_ID"])
    assert len(tenant_ids) == 2


def application_of(tenant: LocalTenant, folder: Path) -> Flask:
    """Return an application that keeps its secret key and its token cache between two starts."""
    app = Flask(__name__)
    app.config.update(tenant.add_site("http://localhost").environment, SECRET_KEY="the-same-at-each-start-0123456789")
    WebIdentity(app, store=SQLiteStore(folder / "tokens.sqlite3"), transport=tenant.transport())

    @app.get("/files")
    @require_token(scopes=["https://graph.microsoft.com/User.Read"])
    def files(token):
        return token.token

    return app


def test_after_a_restart_the_user_signs_in_again(tmp_path):
    """The application keeps sessions and tokens, which the keys of the new start have not signed."""
    tenant = build_tenant()
    client = application_of(tenant, tmp_path).test_client()
    redirect = client.get("/files", headers={"Accept": "text/html"})
    callback = TenantBrowser(tenant).sign_in(redirect.location, "ada@tenant.test")
    assert client.get(callback, follow_redirects=True).status_code == 200
    session = client.get_cookie("session")
    assert session is not None

    restarted = build_tenant()
    client = application_of(restarted, tmp_path).test_client()
    client.set_cookie("session", session.value)
    redirect = client.get("/files", headers={"Accept": "text/html"})
    assert redirect.status_code == 302
    callback = TenantBrowser(restarted).sign_in(redirect.location, "ada@tenant.test")
    page = client.get(callback, follow_redirects=True)
    assert restarted.tenant_id in jwt.decode(page.text, options={"verify_signature": False})["iss"]
