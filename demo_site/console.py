"""The command line: starts the servers, prints their addresses, and stops on Ctrl-C."""

import argparse
import logging
import os
import signal
import threading
from collections.abc import Mapping, Sequence

from demo_site.demo import Demo, DemoError
from demo_site.registrations import RegistrationError, Registrations, read_environment

DEFAULT_PORT_BASE = 8400


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run the demonstration until Ctrl-C and return the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    try:
        with Demo(options.port_base, read_environment(environment)) as demo:
            print(describe(demo), flush=True)
            stopped.wait()
    except (DemoError, RegistrationError) as error:
        print(f"demo_site: {error}", flush=True)
        return 1
    return 0


def describe(demo: Demo) -> str:
    """Return the text to print once the demonstration is running: addresses and next steps."""
    addresses = demo.addresses
    rows = [("Flask site", addresses.flask), ("Django site", addresses.django), ("Files API", addresses.api)]
    if demo.tenant is not None:
        rows.append(("Local tenant", demo.tenant.base_url))
        hint = (
            "Open a site and sign in as ada or grace. The sign-in page shows their passwords.\n"
            "Then open the other site: it asks for consent but not for a password."
        )
    else:
        rows.append(("Microsoft Entra ID", f"tenant {demo.registrations.tenant_id}"))
        hint = _registration_hint(demo.registrations, (addresses.flask, addresses.django))
    width = max(len(name) for name, _ in rows)
    table = "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)
    return f"\n{table}\n\n{hint}\nPress Ctrl-C to stop."


def _registration_hint(registrations: Registrations, sites: Sequence[str]) -> str:
    uris = "\n".join(f"  {site}{path}" for site in sites for path in ("/auth/callback", "/"))
    return (
        "Add these redirect URIs to the application registration (platform: Web):\n"
        f"{uris}\n"
        f"The API's registration must expose the scope {registrations.files_scope}\n"
        f"and have the delegated permission {registrations.graph_scope}, with consent granted."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo_site",
        description="Start a local tenant, an API, a Flask site and a Django site on this machine.",
        epilog="Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET to use Microsoft Entra ID instead.",
    )
    parser.add_argument(
        "--port-base",
        type=_port_base,
        default=DEFAULT_PORT_BASE,
        metavar="PORT",
        help="first of four consecutive ports: tenant, API, Flask, Django (default %(default)s; 0 chooses free ports)",
    )
    return parser


def _port_base(text: str) -> int:
    port = int(text)
    if port != 0 and not 1024 <= port <= 65532:
        raise argparse.ArgumentTypeError("must be 0, or a port from 1024 to 65532")
    return port
