"""Tests of ``python -m demo_site`` as a command."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from demo_site.servers import listen

ROOT = Path(__file__).resolve().parents[2]
ENTRA = {
    "AZURE_TENANT_ID": "11111111-2222-3333-4444-555555555555",
    "AZURE_CLIENT_ID": "66666666-7777-8888-9999-000000000000",
    "AZURE_CLIENT_SECRET": "canary-secret",
}


@pytest.fixture
def start(tmp_path):
    """Start the command in an empty directory."""
    processes = []

    def start(*arguments, **environment):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "DEMO_"))}
        process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-m", "demo_site", *arguments],
            cwd=tmp_path,
            env={**inherited, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def read_until(process, last):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(last):
            return "".join(lines)
    raise AssertionError(f"the demonstration exited: {''.join(lines)}{process.stderr.read()}")


def stop(process):
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)
    return process.returncode, *rest


def test_addresses_are_printed_and_ctrl_c_stops_without_output(start):
    process = start("--port-base", "0")
    text = read_until(process, "Press Ctrl-C")
    urls = dict(re.findall(r"^  (.+?) {2,}(http://localhost:\d+)$", text, re.MULTILINE))
    assert list(urls) == ["Flask site", "Django site", "Files API", "Local tenant"]
    for name in ("Flask site", "Django site"):
        with urlopen(f"{urls[name]}/") as page:
            assert name in page.read().decode()
            css = re.search(r'href="(/static/[^"]+\.css)"', urlopen_text(f"{urls[name]}/"))
            assert css is not None
            assert ".route" in urlopen_text(f"{urls[name]}{css[1]}")
    assert "engine-1843" not in text
    assert stop(process) == (0, "", "")


def urlopen_text(url):
    with urlopen(url) as response:
        return response.read().decode()


@pytest.mark.parametrize("offset", range(4))
def test_port_in_use(start, offset):
    base, taken = free_ports(offset)
    with taken:
        process = start("--port-base", str(base))
        out, err = process.communicate(timeout=60)
    advice = "stop the other process, or choose other ports: make demo ARGS='--port-base 8500'"
    assert out == f"demo_site: port {base + offset} is in use: {advice}\n"
    assert (process.returncode, err) == (1, "")


def free_ports(offset):
    """Return the first of four consecutive ports and a listener that occupies one of them."""
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base = probe.getsockname()[1]
        with ExitStack() as stack, suppress(OSError, OverflowError):
            listeners = [stack.enter_context(listen(base + number)) for number in range(4)]
            taken = listeners.pop(offset)
            stack.pop_all()
            for listener in listeners:
                listener.close()
            return base, taken
    raise AssertionError("no free ports")


def test_entra_id_is_configured_by_the_environment(start, tmp_path):
    process = start("--port-base", "0", **ENTRA)
    text = read_until(process, "Press Ctrl-C")
    flask, django, _ = re.findall(r"http://localhost:\d+$", text, re.MULTILINE)
    for site in (flask, django):
        assert f"  {site}/auth/callback\n  {site}/\n" in text
    assert f"api://{ENTRA['AZURE_CLIENT_ID']}/Files.Read" in text
    assert "https://graph.microsoft.com/User.Read" in text
    assert "Local tenant" not in text
    assert "canary" not in text
    assert "Microsoft Entra ID" in urlopen_text(f"{flask}/")
    assert stop(process) == (0, "", "")
    keys = list(tmp_path.glob("instance/demo_site/*/secret-key"))
    assert len(keys) == 3
    assert all(key.stat().st_mode & 0o777 == 0o600 and len(key.read_text()) == 64 for key in keys)


def test_incomplete_registration(start):
    process = start(AZURE_TENANT_ID="t")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "")
    assert out.startswith("demo_site: AZURE_CLIENT_ID and AZURE_CLIENT_SECRET not set, but AZURE_TENANT_ID set")
    assert out.count("\n") == 1


@pytest.mark.parametrize("base", ["80", "65533", "many"])
def test_invalid_port(start, base):
    process = start("--port-base", base)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--port-base" in err
