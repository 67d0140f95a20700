"""The ``webidentity`` command: a local tenant for development."""

import argparse
import errno
import os
import secrets
import shlex
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from webidentity._version import __version__

if TYPE_CHECKING:
    from webidentity.testing import LocalTenant

#: The ports of ``flask run`` and ``manage.py runserver``.
_PORTS = (5000, 8000)
_LAST_PORT = 65535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="webidentity", description="Microsoft Entra ID for Python web developers.")
    parser.add_argument("--version", action="version", version=f"webidentity {__version__}")
    commands = parser.add_subparsers(title="commands", required=True)
    tenant = commands.add_parser(
        "tenant",
        help="run a local tenant, and optionally your web application",
        description="Run a local tenant on this machine until you press Ctrl-C. With a command, for example "
        "'webidentity tenant flask run', run that command with the tenant's settings as environment variables, and "
        "stop when it ends.",
    )
    tenant.add_argument("--port", type=_port, default=8400, help="port of the tenant (default 8400)")
    tenant.add_argument(
        "--app-port",
        type=_port,
        action="append",
        help="port of your application, for its redirect URIs; can be repeated (default 5000 and 8000)",
    )
    tenant.add_argument("command", nargs=argparse.REMAINDER, help="the command that starts your application")
    options = parser.parse_args(arguments)
    command: list[str] = options.command[1:] if options.command[:1] == ["--"] else options.command
    return run_tenant(options.port, options.app_port or _PORTS, command)


def build_tenant() -> "LocalTenant":
    """Return a tenant with two users and an ID of its own.

    Its keys and what it issues are in memory only, but the application may keep its sessions and tokens in files.
    With a new ID they are those of another tenant, and the user signs in again.
    """
    from webidentity.testing import LocalTenant

    return LocalTenant(tenant_id=str(uuid.uuid4()), sample_users=True, show_users=True)


def run_tenant(port: int, app_ports: Sequence[int], command: Sequence[str]) -> int:
    """Serve a local tenant until the command ends, or until Ctrl-C if there is no command."""
    from webidentity.testing import serve

    tenant = build_tenant()
    server = serve(tenant, port=port)
    try:
        server.start()
    except OSError as error:
        print(f"webidentity: {_unusable(error, port, app_ports, command)}", file=sys.stderr)
        return 2
    settings = _register_app(tenant, app_ports)
    print(f"A local tenant, for development only, is running at {tenant.base_url}", file=sys.stderr)
    for user in tenant.users:
        print(f"  Sign in as {user.username} with the password {user.password}", file=sys.stderr)
    try:
        if command:
            return _run(command, settings)
        print("Set these variables for your application:\n", file=sys.stderr)
        for name, value in settings.items():
            print(f"export {name}={value}", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
    return 0


def _port(text: str) -> int:
    if text.isdecimal() and text.isascii() and int(text) <= _LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_LAST_PORT}, not {text!r}")


def _unusable(error: OSError, port: int, app_ports: Sequence[int], command: Sequence[str]) -> str:
    """Return why the tenant cannot use the port, and what to write instead."""
    if error.errno != errno.EADDRINUSE or port == _LAST_PORT:
        return f"cannot use port {port} ({error.strerror}). Choose another one with --port"
    options = ["--port", str(port + 1)]
    for app_port in app_ports if tuple(app_ports) != _PORTS else ():
        options += ["--app-port", str(app_port)]
    instead = shlex.join(["webidentity", "tenant", *options, *command])
    return f"port {port} is in use, perhaps by another local tenant. Stop that one, or run: {instead}"


def _register_app(tenant: "LocalTenant", app_ports: Sequence[int]) -> dict[str, str]:
    """Register the application and return its settings as environment variables, for Flask and for Django."""
    site = tenant.add_site(*(f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in app_ports))
    settings = {**site.environment, "SECRET_KEY": secrets.token_hex(32)}
    # The examples of the documentation call Azure Storage. Microsoft Graph is registered in every tenant.
    tenant.add_app(
        "Azure Storage", identifier_uri="https://storage.azure.com", scopes={"user_impersonation": "Use Storage"}
    )
    return {**settings, **{f"FLASK_{name}": value for name, value in settings.items()}}


def _run(command: Sequence[str], settings: dict[str, str]) -> int:
    try:
        child = subprocess.Popen(list(command), env={**os.environ, **settings})  # noqa: S603 - the user's own command
    except OSError as error:
        print(f"webidentity: cannot start {command[0]} ({error.strerror})", file=sys.stderr)
        return 127

    # A process manager signals this process only, so pass the signal on. Ctrl-C in a terminal reaches both processes.
    def end_child(_signal: int, _frame: object) -> None:
        child.terminate()

    signal.signal(signal.SIGTERM, end_child)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        return child.wait()
