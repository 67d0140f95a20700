"""A canned network: azure-core's own transports over an adapter that replies from a list and records requests."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import requests
from azure.core.pipeline.transport import AsyncioRequestsTransport, RequestsTransport
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse


@dataclass(frozen=True)
class Reply:
    """A reply of the network. A dict is sent as JSON."""

    body: dict[str, Any] | str | bytes = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json; charset=utf-8"})

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Sent:
    """A request as it left the pipeline."""

    method: str
    url: str
    headers: dict[str, str]
    form: dict[str, str]
    body: str = ""
    #: Seconds, for the connection and for reading.
    timeout: Any = None


Answer = Callable[[Sent], Reply | Exception]


class Canned(BaseAdapter):
    """Answers requests in order from the replies, or from ``answer``; an exception among them is raised.

    :param latency: seconds that each answer takes.
    :param before: called before each answer, to wait for something.
    """

    def __init__(
        self,
        *replies: Reply | Exception,
        answer: Answer | None = None,
        latency: float = 0.0,
        before: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self.before = before
        self.sent: list[Sent] = []
        self._replies = list(replies)
        self._answer = answer
        self._latency = latency
        self._lock = threading.Lock()

    @property
    def forms(self) -> list[dict[str, str]]:
        """The form fields of each request."""
        return [sent.form for sent in self.sent]

    def add(self, *replies: Reply | Exception) -> None:
        """Add further replies."""
        self._replies.extend(replies)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        text = request.body or ""
        body = text.decode() if isinstance(text, bytes) else text
        sent = Sent(
            request.method,
            request.url,
            dict(request.headers),
            dict(parse_qsl(body, keep_blank_values=True)),
            body,
            kwargs.get("timeout"),
        )
        with self._lock:
            self.sent.append(sent)
            if self._answer is None:
                assert self._replies, f"no reply is left for {sent.method} {sent.url}"
                reply = self._replies.pop(0)
        if self._answer is not None:
            reply = self._answer(sent)
        if self.before is not None:
            self.before()
        if self._latency:
            time.sleep(self._latency)
        if isinstance(reply, Exception):
            raise reply
        return _response(request, reply)

    def close(self) -> None:
        """Do nothing: a session closes its adapters, and several sessions share this one."""

    def transport(self) -> RequestsTransport:
        """Return azure-core's sync transport over these answers."""
        return RequestsTransport(session=self._session())

    def aio_transport(self) -> AsyncioRequestsTransport:
        """Return azure-core's async transport over these answers."""
        return AsyncioRequestsTransport(session=self._session())

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", self)
        session.mount("http://", self)
        return session


def _response(request: Any, reply: Reply) -> requests.Response:
    raw = HTTPResponse(
        body=BytesIO(reply.content), headers=reply.headers, status=reply.status, reason="Canned", preload_content=False
    )
    response = requests.Response()
    response.status_code = reply.status
    response.reason = "Canned"
    response.headers.update(reply.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = raw
    response.request = request
    response.url = request.url
    return response


def lines_of(values: Iterable[Any]) -> str:
    """Return the values as one text that can be searched for secrets."""
    return "\n".join(str(value) for value in values)
