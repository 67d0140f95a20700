"""The limits for replies: their size, their time, and headers that cannot be read."""

import gzip
from collections.abc import Callable
from contextlib import suppress
from itertools import repeat
from typing import Any

import pytest
from azure.core.exceptions import AzureError, ServiceResponseError, ServiceResponseTimeoutError
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from urllib3.exceptions import InvalidHeader

from tests.kit.canned import Canned, Reply
from tests.kit.drivers import Driver
from tests.kit.slow_server import trickling
from webidentity._transport import reply_limits
from webidentity._transport.async_pipeline import AsyncPipeline
from webidentity._transport.pipeline import SyncPipeline, WebRetryPolicy
from webidentity.errors import EntraError

Fetch = Callable[..., Any]
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def fetch(driver: Driver) -> Fetch:
    """Send a GET request through the pipeline of the driver and return the response."""

    def send(network: Canned | None = None, url: str = "https://tenant.test/", **options: Any) -> Any:
        request = HttpRequest("GET", url)
        wait = driver.face(None).wait
        if driver.name == "sync":
            pipeline: Any = SyncPipeline(transport=network and network.transport(), **options)
        else:
            pipeline = AsyncPipeline(transport=network and network.aio_transport(), **options)
        try:
            return wait(pipeline.send(request))
        finally:
            wait(pipeline.close())

    return send


def bomb(size: int, times: int = 1) -> bytes:
    """Return this many bytes, compressed this many times."""
    data = b" " * size
    for _ in range(times):
        data = gzip.compress(data)
    return data


def test_a_long_reply_is_not_read(fetch: Fetch) -> None:
    """The limit is one mebibyte."""
    assert len(fetch(Canned(Reply(b" " * reply_limits.LARGEST_REPLY))).content) == reply_limits.LARGEST_REPLY
    network = Canned(Reply(b" " * (reply_limits.LARGEST_REPLY + 1)), Reply())
    with pytest.raises(EntraError, match="longer than 1048576 bytes"):
        fetch(network)
    assert len(network.sent) == 1


def test_the_decoded_size_counts(fetch: Fetch) -> None:
    """A short compressed reply can be very long."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert fetch(Canned(Reply(bomb(1000), headers=headers))).text() == " " * 1000
    with pytest.raises(EntraError, match="longer than"):
        fetch(Canned(Reply(bomb(100 * 1024 * 1024), headers=headers)))
    with pytest.raises(EntraError, match="longer than"):
        fetch(Canned(Reply(bomb(10_000, 2), headers={**headers, "Content-Encoding": "gzip, gzip"})))


def test_a_transport_of_the_user_that_reads_the_body_is_checked() -> None:
    """It is not asked for a stream, which it may not support."""
    network = Canned(Reply(b" " * (reply_limits.LARGEST_REPLY + 1)))
    pipeline = SyncPipeline(transport=_ReadingTransport(session=network._session()))
    with pytest.raises(EntraError, match="longer than"):
        pipeline.send(HttpRequest("GET", "https://tenant.test/"))


class _ReadingTransport(RequestsTransport):
    def send(self, request: Any, **kwargs: Any) -> Any:
        assert "stream" not in kwargs
        return super().send(request, **kwargs)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((_HEAD, *repeat(b"X", 3000)), id="header"),
        pytest.param((_HEAD, b"Content-Length: 9999\r\n\r\n", *repeat(b" ", 3000)), id="body"),
        pytest.param((_HEAD, b"Transfer-Encoding: chunked\r\n\r\n", *repeat(b"1\r\n \r\n", 3000)), id="chunks"),
        pytest.param((_HEAD, b"\r\n", *repeat(b" ", 3000)), id="without a length"),
    ],
)
def test_the_total_time_of_a_reply_is_limited(fetch: Fetch, pieces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority that sends a byte at a time does not occupy a thread for long."""
    monkeypatch.setattr(reply_limits, "LONGEST_REPLY", 0.3)
    with trickling(pieces) as url, pytest.raises(ServiceResponseTimeoutError):
        fetch(url=url, retry_total=0, read_timeout=0.2)


UNREADABLE = ("soon", "", "nan", "inf", "1e999", "\u00b2", "Mon, 99 Foo 2026 99:99:99 GMT")


@pytest.mark.parametrize("value", UNREADABLE)
@pytest.mark.parametrize("header", ["Retry-After", "retry-after-ms", "x-ms-retry-after-ms"])
def test_an_unreadable_pause_is_ignored(fetch: Fetch, header: str, value: str) -> None:
    """The request is retried as if the header was missing."""
    network = Canned(Reply({}, 503, {header: value}), Reply({"a": 1}))
    assert fetch(network, retry_backoff_factor=0).status_code == 200


@pytest.mark.parametrize("value", UNREADABLE)
def test_an_unreadable_pause_is_ignored_in_a_web_request(value: str) -> None:
    """Its retry policy reads the header too."""
    network = Canned(Reply({}, 503, {"Retry-After": value}), Reply({"a": 1}))
    pipeline = SyncPipeline(transport=network.transport(), retry_policy=WebRetryPolicy())
    assert pipeline.send(HttpRequest("GET", "https://tenant.test/")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "many"},
        {"Content-Length": "-1"},
        {"Content-Length": "9" * 30},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate"},
        {"Content-Encoding": "none-such"},
        {"Content-Type": "application/json; charset=none-such"},
        {"Content-Type": "application/json; charset=\x01"},
        {"Set-Cookie": "=; Expires=never"},
    ],
    ids=lambda headers: str(headers)[:60],
)
def test_unreadable_headers_raise_no_other_errors_than_azure_cores(fetch: Fetch, headers: dict[str, str]) -> None:
    """They are ignored, unless the reply cannot be used at all."""
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
    # No other error may be raised here.
    with trickling([head + b"\r\n{}"], 0) as url, suppress(AzureError):
        assert fetch(url=url, retry_total=0).status_code == 200


def test_errors_that_azure_core_does_not_translate_are_translated(fetch: Fetch) -> None:
    """urllib3 raises this one for contradictory lengths, and requests lets it pass."""
    with pytest.raises(ServiceResponseError, match="not valid HTTP"):
        fetch(Canned(InvalidHeader("Content-Length contained multiple unmatching values")), retry_total=0)


@pytest.mark.parametrize(
    "start", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500]
)
def test_what_is_not_http_is_an_error_of_azure_core(fetch: Fetch, start: bytes) -> None:
    """For example the reply of a server of another protocol."""
    with trickling([start], 0) as url, pytest.raises(AzureError):
        fetch(url=url, retry_total=0)
