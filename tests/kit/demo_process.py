"""The demonstration in a separate process, because Django's settings are global to a process.

Run as a module, this is the separate process: it prints its addresses as one line of JSON, and then reads one command
per line.
"""

import json
import logging
import subprocess
import sys
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from demo_site.demo import Demo
from demo_site.local_tenant import files_of_users

ROOT = Path(__file__).resolve().parents[2]
#: The claims challenge of a stronger sign-in (an authentication context).
STRONGER = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


class DemoProcess:
    """Runs the demonstration on free ports for the duration of a ``with`` block."""

    urls: dict[str, str]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-m", "tests.kit.demo_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self.urls = self._read()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        stderr = self._stop()
        assert error is not None or stderr == "", f"the demonstration wrote to stderr:\n{stderr}"

    def run(self, command: str) -> None:
        """Run a command in the demonstration and wait until it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        assert self._read() == {"done": command}

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the demonstration exited:\n{self._stop()}")
        return json.loads(line)

    def _stop(self) -> str:
        try:
            return self._process.communicate(timeout=60)[1]
        finally:
            self._process.kill()
            self._process.wait()


def main() -> None:
    """Run the demonstration until standard input is closed."""
    logging.basicConfig(level=logging.CRITICAL)
    with Demo() as demo:
        tenant = demo.tenant
        assert tenant is not None
        addresses = demo.addresses
        urls = {"flask": addresses.flask, "django": addresses.django, "api": addresses.api, "tenant": tenant.base_url}
        print(json.dumps(urls), flush=True)
        for line in sys.stdin:
            _execute(demo, line.split())
            print(json.dumps({"done": line.strip()}), flush=True)


def _execute(demo: Any, command: list[str]) -> None:
    tenant = demo.tenant
    directory = tenant._state.directory
    match command:
        case ["stop", name]:
            demo.servers[name].close()
        case ["require-stronger", username]:
            tenant.require_claims(directory.user_named(username), tenant.graph, STRONGER)
        case ["withdraw-consent-of-api"]:
            directory._admin_consents.clear()
        case ["reset-users"]:
            _replace_users(demo)
            api = next(app for app in tenant.apps if app.name == "Files API")
            tenant.grant_admin_consent(api, tenant.graph, ["User.Read"])


def _replace_users(demo: Any) -> None:
    """Give the users new object IDs, so that the tenant and the token caches know nothing about them."""
    tenant, users = demo.tenant, demo.tenant.users
    tenant._state.directory.users.clear()
    for user in users:
        tenant.add_user(user.username, password=user.password, name=user.name, object_id=str(uuid.uuid4()))
    demo.files._files = files_of_users(tenant)._files


if __name__ == "__main__":
    main()
