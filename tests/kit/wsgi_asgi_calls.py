"""Calls of WSGI and ASGI applications without a server."""

import asyncio
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from tests.kit.http_browser import Call, SiteReply


def wsgi_call(application: Any) -> Call:
    """Return a function that calls a WSGI application (PEP 3333)."""

    def call(method: str, url: str, headers: Mapping[str, str], body: bytes) -> SiteReply:
        parts = urlsplit(url)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
            "QUERY_STRING": parts.query,
            "SERVER_NAME": parts.hostname,
            "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": parts.netloc,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": parts.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        started: list[Any] = []

        def start_response(status: str, fields: list[tuple[str, str]], *_: Any) -> None:
            started[:] = [int(status[:3]), fields]

        chunks = application(environ, start_response)
        try:
            text = b"".join(chunks).decode()
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return SiteReply(started[0], started[1], text)

    return call


def asgi_call(application: Any) -> Call:
    """Return a function that calls an ASGI application. Each call has its own event loop."""

    def call(method: str, url: str, headers: Mapping[str, str], body: bytes) -> SiteReply:
        return asyncio.run(_asgi(application, method, url, headers, body))

    return call


async def _asgi(application: Any, method: str, url: str, headers: Mapping[str, str], body: bytes) -> SiteReply:
    parts = urlsplit(url)
    fields = {"Host": parts.netloc, "Content-Length": str(len(body)), **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": unquote_to_bytes(parts.path).decode(),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items()],
        "server": (parts.hostname, parts.port or 443),
        "client": ("127.0.0.1", 50000),
    }
    requests = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        if requests:
            return requests.pop()
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return SiteReply(
        sent[0]["status"], [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]], text
    )
