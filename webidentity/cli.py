"""The ``webidentity`` command."""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from webidentity._version import __version__

if TYPE_CHECKING:
    from webidentity.testing import LocalTenant

_PEOPLE = (("ada", "Ada Lovelace"), ("grace", "Grace Hopper"))
_PORTS = (5000, 8000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="webidentity", description="Microsoft Entra ID for Python web developers.")
    parser.add_argument("--version", action="version", version=f"webidentity {__version__}")
    commands = parser.add_subparsers(title="commands", required=True)
    tenant = commands.add_parser(
        "tenant",
        help="run a local tenant, and a web application that signs in to it",
        description="Run a local tenant on this machine. With a command, for example 'webidentity tenant flask run', "
        "run that command with the tenant's settings in its environment, and end with it.",
    )
    tenant.add_argument("--port", type=int, default=8400, help="port of the tenant (default 8400)")
    tenant.add_argument(
        "--app-port",
        type=int,
        action="append",
        help="port of your application, for its redirect URI; may be repeated (default 5000 and 8000)",
    )
    tenant.add_argument("command", nargs=argparse.REMAINDER, help="the command that starts your application")
    options = parser.parse_args(arguments)
    command: list[str] = options.command[1:] if options.command[:1] == ["--"] else options.command
    return run_tenant(options.port, options.app_port or _PORTS, command)


def run_tenant(port: int, app_ports: Sequence[int], command: Sequence[str]) -> int:
    """Serve a local tenant until the command ends, or without one until interrupted."""
    from webidentity.testing import LocalTenant, serve

    tenant = LocalTenant(show_users=True)
    for name, full_name in _PEOPLE:
        tenant.add_user(f"{name}@tenant.test", password=f"{name}-password", name=full_name)
    server = serve(tenant, port=port)
    try:
        server.start()
    except OSError as error:
        print(
            f"webidentity: port {port} cannot be used ({error.strerror}): choose another with --port", file=sys.stderr
        )
        return 2
    settings = _register_app(tenant, app_ports)
    print(f"The local tenant is at {tenant.base_url}, for development only.", file=sys.stderr)
    for name, _ in _PEOPLE:
        print(f"  Sign in as {name}@tenant.test with the password {name}-password.", file=sys.stderr)
    try:
        if command:
            return _run(command, settings)
        print("Settings for your application:\n", file=sys.stderr)
        for name, value in settings.items():
            print(f"export {name}={value}", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
    return 0


def _register_app(tenant: "LocalTenant", app_ports: Sequence[int]) -> dict[str, str]:
    """Register the application and return its settings as environment variables, for Flask and for Django."""
    client_secret = secrets.token_urlsafe(24)
    roots = [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in app_ports]
    uris = [f"{root}{path}" for root in roots for path in ("/auth/callback", "/")]
    app = tenant.add_app("Your application", secrets=[client_secret], redirect_uris=uris)
    settings = {
        "WEBIDENTITY_AUTHORITY": tenant.base_url,
        "WEBIDENTITY_TENANT_ID": tenant.tenant_id,
        "WEBIDENTITY_CLIENT_ID": app.client_id,
        "WEBIDENTITY_CLIENT_SECRET": client_secret,
        "SECRET_KEY": secrets.token_hex(32),
    }
    # What the documentation's examples ask for, beside Microsoft Graph, which every tenant has.
    tenant.add_app(
        "Azure Storage", identifier_uri="https://storage.azure.com", scopes={"user_impersonation": "Use Storage"}
    )
    return {**settings, **{f"FLASK_{name}": value for name, value in settings.items()}}


def _run(command: Sequence[str], settings: dict[str, str]) -> int:
    try:
        child = subprocess.Popen(list(command), env={**os.environ, **settings})  # noqa: S603 - the user's own command
    except OSError as error:
        print(f"webidentity: {command[0]} cannot be started ({error.strerror})", file=sys.stderr)
        return 127

    # A process manager ends the command with this one; a terminal's Ctrl-C reaches both.
    def end_child(_signal: int, _frame: object) -> None:
        child.terminate()

    signal.signal(signal.SIGTERM, end_child)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        return child.wait()
