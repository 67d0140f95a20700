"""The token proxy of an AKS cluster, over real TLS."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from azure.core.exceptions import ServiceRequestError

import webidentity
import webidentity.aio
from tests.kit.certificates import server_certificate
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, TENANT
from webidentity._transport.token_proxy import TokenProxy

SNI = "cluster.ests.aks"


class Proxy:
    """A TLS server that answers as a token endpoint."""

    def __init__(self, certificate: Path) -> None:
        self.paths: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                proxy.paths.append(self.path)
                proxy.forms.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                body = b'{"access_token": "by-proxy", "expires_in": 3600, "token_type": "Bearer"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"


@contextlib.contextmanager
def served(certificate: Path) -> Iterator[Proxy]:
    proxy = Proxy(certificate)
    thread = threading.Thread(target=proxy.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
        thread.join()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "server.pem"
    path.write_bytes(server_certificate(SNI))
    return path


@pytest.fixture
def authority(certificate: Path, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(certificate.read_bytes()[certificate.read_bytes().index(b"-----BEGIN CERTIFICATE") :])
    return path


class NoTransport:
    """Lets the credential create its own transport."""

    def transport(self) -> None: ...

    def aio_transport(self) -> None: ...


def credential(driver: Driver, tmp_path: Path) -> Any:
    token_file = tmp_path / "token"
    token_file.write_text("projected-token\n")
    return driver.credential(
        "WorkloadIdentityCredential",
        NoTransport(),
        tenant_id=TENANT,
        client_id=CLIENT,
        token_file_path=str(token_file),
        enable_azure_proxy=True,
        retry_total=0,
    )


def test_token_requests_go_to_the_proxy(
    driver: Driver, certificate: Path, authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests use the proxy's address and path, its SNI name, and the cluster's certificate authority."""
    with served(certificate) as proxy:
        monkeypatch.setenv("AZURE_KUBERNETES_TOKEN_PROXY", f"{proxy.url}/base")
        monkeypatch.setenv("AZURE_KUBERNETES_SNI_NAME", SNI)
        monkeypatch.setenv("AZURE_KUBERNETES_CA_FILE", str(authority))
        used = credential(driver, tmp_path)
        assert used.get_token("a/.default").token == "by-proxy"
        used.close()
    assert proxy.paths == [f"/base/{TENANT}/oauth2/v2.0/token"]
    assert proxy.forms[0]["client_assertion"] == ["projected-token"]


def test_another_authority_is_not_trusted(
    driver: Driver, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public certificate authorities are not trusted either."""
    other = tmp_path / "other.pem"
    pem = server_certificate("other.ests.aks")
    other.write_bytes(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
    with served(certificate) as proxy:
        monkeypatch.setenv("AZURE_KUBERNETES_TOKEN_PROXY", proxy.url)
        monkeypatch.setenv("AZURE_KUBERNETES_SNI_NAME", SNI)
        monkeypatch.setenv("AZURE_KUBERNETES_CA_DATA", other.read_text())
        used = credential(driver, tmp_path)
        with pytest.raises(ServiceRequestError, match="certificate"):
            used.get_token("a/.default")
        used.close()
    assert proxy.forms == []


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"AZURE_KUBERNETES_SNI_NAME": "x"}, "TOKEN_PROXY is not set"),
        ({"AZURE_KUBERNETES_TOKEN_PROXY": "http://x"}, "https"),
        ({"AZURE_KUBERNETES_TOKEN_PROXY": "https://u@x"}, "without user"),
        ({"AZURE_KUBERNETES_TOKEN_PROXY": "https://x?a=1"}, "query"),
        (
            {
                "AZURE_KUBERNETES_TOKEN_PROXY": "https://x",
                "AZURE_KUBERNETES_CA_FILE": "f",
                "AZURE_KUBERNETES_CA_DATA": "d",
            },
            "mutually exclusive",
        ),
    ],
)
def test_contradictions_are_named(variables: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        TokenProxy.read(variables)


def test_without_a_proxy_the_token_endpoint_is_used() -> None:
    """The proxy was requested but is not configured."""
    assert TokenProxy.read({}) is None


def test_the_proxy_is_off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables alone do not enable the proxy."""
    monkeypatch.setenv("AZURE_KUBERNETES_TOKEN_PROXY", "http://nonsense")
    for package in (webidentity, webidentity.aio):
        used = package.WorkloadIdentityCredential(tenant_id=TENANT, client_id=CLIENT, token_file_path="/f")
        assert used._pipeline._options.get("token_proxy") is None
