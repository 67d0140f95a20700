"""ManagedIdentityCredential and proxies: endpoints at loopback and link-local addresses are requested directly."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.core.pipeline.transport import AioHttpTransport, AsyncioRequestsTransport, RequestsTransport

import webidentity
from tests.kit.canned import Canned, Reply
from tests.kit.drivers import Driver
from tests.kit.on_hosts import KINDS, SCOPE, PutOn, credential
from tests.kit.replies import CLIENT, TENANT, token

VARIABLES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


class Proxy:
    """Accepts connections as a proxy, counts them, and closes them."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=20)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that the environment names for all requests."""
    proxy = Proxy()
    for name in VARIABLES:
        monkeypatch.setenv(name, proxy.url)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keyword", [False, True], ids=["environment", "proxies="])
def test_a_loopback_endpoint_is_requested_directly(
    driver: Driver, azure_host: PutOn, proxy: Proxy, kind: str, keyword: bool
) -> None:
    """The default transport does not use the proxy for loopback addresses."""
    host = azure_host(kind)
    options: dict[str, Any] = {"proxies": {"http": proxy.url, "https": proxy.url}} if keyword else {}
    used = credential(driver, **options)
    assert used.get_token(SCOPE).token
    assert host.requests
    assert proxy.visits == 0
    used.close()


class _Requests:
    def transport(self) -> RequestsTransport:
        return RequestsTransport()

    def aio_transport(self) -> AsyncioRequestsTransport:
        return AsyncioRequestsTransport()


@pytest.mark.parametrize("keyword", [False, True], ids=["environment", "proxies="])
def test_a_custom_requests_transport_requests_directly(
    driver: Driver, azure_host: PutOn, proxy: Proxy, keyword: bool
) -> None:
    """azure-core's transport over requests."""
    azure_host("app_service")
    options: dict[str, Any] = {"proxies": {"http": proxy.url}} if keyword else {}
    used = credential(driver, _Requests(), **options)
    assert used.get_token(SCOPE).token
    assert proxy.visits == 0
    used.close()


@pytest.mark.parametrize("reads_environment", [True, False])
def test_a_custom_aiohttp_transport_needs_trust_env_false(
    azure_host: PutOn, proxy: Proxy, reads_environment: bool
) -> None:
    """Only its constructor can disable the proxies of the environment."""
    import asyncio

    azure_host("app_service")

    async def ask() -> None:
        transport = AioHttpTransport(use_env_settings=reads_environment)
        async with webidentity.aio.ManagedIdentityCredential(
            transport=transport, retry_total=0, proxies={"http": proxy.url}
        ) as used:
            await used.get_token(SCOPE)

    if reads_environment:
        with pytest.raises(webidentity.CredentialUnavailableError):
            asyncio.run(ask())
        assert proxy.visits
    else:
        asyncio.run(ask())
        assert proxy.visits == 0


@pytest.mark.parametrize(
    ("endpoint", "direct"),
    [
        ("http://169.254.169.254", True),
        ("http://169.254.131.4:8081", True),
        ("http://[fe80::1]:80", True),
        ("http://host.test", False),
        ("http://10.0.0.4", False),
    ],
)
def test_a_link_local_endpoint_is_requested_directly(
    monkeypatch: pytest.MonkeyPatch, proxy: Proxy, endpoint: str, direct: bool
) -> None:
    """Other addresses go through the proxy."""
    seen: list[Any] = []

    class Watching(Canned):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(dict(kwargs["proxies"]))
            return super().send(request, *args, **kwargs)

    session = requests.Session()
    network = Watching(token("t"))
    session.mount("http://", network)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", endpoint)
    used = webidentity.ManagedIdentityCredential(
        transport=RequestsTransport(session=session), proxies={"http": proxy.url}
    )
    assert used.get_token(SCOPE).token == "t"
    assert (proxy.url not in seen[0].values()) == direct


def test_the_region_is_requested_directly(monkeypatch: pytest.MonkeyPatch, proxy: Proxy) -> None:
    """Other credentials request the region at the same address without a proxy."""
    seen: dict[str, bool] = {}

    class Watching(Canned):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            seen[request.method] = proxy.url in kwargs["proxies"].values()
            return super().send(request, *args, **kwargs)

    session = requests.Session()
    network = Watching(Reply("westus2"), token("t"))
    session.mount("http://", network)
    session.mount("https://", network)
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "tryautodetect")
    transport = RequestsTransport(session=session)
    assert webidentity.ClientSecretCredential(TENANT, CLIENT, "secret", transport=transport).get_token(SCOPE)
    assert seen == {"GET": False, "POST": True}


def test_other_requests_use_the_proxy(azure_host: PutOn, proxy: Proxy) -> None:
    """A request outside the library reaches the proxy, which shows that the tests above can fail."""
    host = azure_host("imds")
    with pytest.raises(requests.ConnectionError):
        requests.get(host.base_url, timeout=5)
    assert proxy.visits == 1
    assert host.requests == []
