"""The first requests of a worker, while another of its threads is still importing asyncio."""

import subprocess
import sys
import types

import pytest

from webidentity.cache._flights import Flights

_FIRST_REQUESTS = """
import sys, threading
from webidentity.cache._flights import Flights

assert "asyncio" not in sys.modules, "the import has to happen while the flights start"
sys.setswitchinterval(1e-6)
started, errors = threading.Barrier(9), []

def request(number):
    flights = Flights()
    started.wait()
    try:
        for key in range(2000):
            flights.join((number, key))
    except Exception as error:
        errors.append(repr(error))

def import_asyncio():
    started.wait()
    import asyncio

threads = [threading.Thread(target=request, args=(number,)) for number in range(8)]
threads.append(threading.Thread(target=import_asyncio))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit("\\n".join(errors) or None)
"""


def test_a_flight_starts_while_asyncio_is_half_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module is in sys.modules before it has any attributes. No task can be running then."""
    monkeypatch.setitem(sys.modules, "asyncio", types.ModuleType("asyncio"))
    flight, leads = Flights().join("key")
    assert leads
    assert flight.owner[1] is None


def test_threads_start_flights_while_another_imports_asyncio() -> None:
    """A new worker of a site with one async view starts in this way."""
    done = subprocess.run([sys.executable, "-c", _FIRST_REQUESTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
