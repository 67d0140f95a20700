"""Why a host is unavailable, in words that may be logged, and how long it asks to wait."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import AzureError, ServiceRequestError
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

from tests.kit.slow_server import trickling
from webidentity._protocol.unavailability import read_retry_after, reason_of
from webidentity._transport.async_pipeline import AsyncPipeline
from webidentity._transport.pipeline import SyncPipeline

#: 13 September 2020, 12:26:40 UTC.
NOW = 1_600_000_000
OPTIONS: dict[str, Any] = {"retry_total": 0, "read_timeout": 0.2, "connection_timeout": 2}


def sync(url: str) -> Exception:
    """Return the error of azure-core's transport over requests."""
    pipeline = SyncPipeline(**OPTIONS)
    with pytest.raises(AzureError) as caught:
        pipeline.send(HttpRequest("GET", url))
    pipeline.close()
    return caught.value


def aiohttp(url: str) -> Exception:
    """Return the error of azure-core's transport over aiohttp."""

    async def send() -> Exception:
        pipeline = AsyncPipeline(transport=AioHttpTransport(read_timeout=0.2), **OPTIONS)
        with pytest.raises(AzureError) as caught:
            await pipeline.send(HttpRequest("GET", url))
        await pipeline.close()
        return caught.value

    return asyncio.run(send())


@pytest.fixture(params=[sync, aiohttp])
def failing(request: pytest.FixtureRequest) -> Callable[[str], Exception]:
    """Return the error of a request, in each of the HTTP libraries."""
    found: Callable[[str], Exception] = request.param
    return found


def test_a_closed_port(failing: Callable[[str], Exception]) -> None:
    """No program listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert reason_of(failing(f"http://127.0.0.1:{unused.getsockname()[1]}/")) == "connection refused"


def test_a_server_that_does_not_speak_tls(failing: Callable[[str], Exception]) -> None:
    """The scheme of the authority is wrong, or a proxy answers."""
    with trickling([b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as url:
        assert reason_of(failing(url.replace("http:", "https:"))).startswith("TLS failed: ")


def test_a_silent_server(failing: Callable[[str], Exception]) -> None:
    """The connection is open, and nothing is received."""
    with trickling([b""], interval=30) as url:
        assert reason_of(failing(url)) == "no answer in time"


def test_a_server_that_closes_the_connection(failing: Callable[[str], Exception]) -> None:
    """Before it has answered."""
    with trickling([]) as url:
        assert reason_of(failing(url)) == "the connection was closed"


def test_a_host_that_does_not_exist() -> None:
    """The resolver's error is the cause of a cause."""
    inner = RuntimeError("a library's error")
    inner.__cause__ = socket.gaierror(-2, "Name or service not known")
    assert reason_of(ServiceRequestError("secret", error=inner)) == "the name of the host was not found"


def test_an_unknown_error_is_named_by_its_class() -> None:
    """Its text may contain anything. Causes may refer to each other."""
    error = ServiceRequestError("secret")
    error.__cause__ = inner = ValueError("secret")
    inner.__cause__ = error
    assert reason_of(error) == "ServiceRequestError"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("Sun, 13 Sep 2020 12:26:50 GMT", 10.0),
        ("Sun, 13 Sep 2020 12:26:30 GMT", 0.0),
        (None, None),
        ("", None),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("9" * 30, None),
        ("tomorrow", None),
        ("Sun, 13 Sep 99999 12:26:50 GMT", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    """A number of seconds or a date."""
    assert read_retry_after(value, NOW) == expected
