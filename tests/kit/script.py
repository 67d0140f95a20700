"""Flows as lists of expected requests and their replies, without a driver and a network."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl

import requests
from azure.core.rest import HttpRequest

from tests.kit.canned import Reply
from webidentity._protocol.effects import Call, Flow, Send, Sleep, Start

T = TypeVar("T")
#: The form fields that the request must have, or a function that checks the request, and the reply.
Step = tuple[dict[str, str] | Callable[[HttpRequest], None], Reply | Exception]


class Response:
    """A reply as a flow receives it."""

    def __init__(self, reply: Reply, request: HttpRequest | None = None) -> None:
        self.request = request
        self.status_code = reply.status
        self.reason = "Canned"
        self.headers = requests.structures.CaseInsensitiveDict(reply.headers)
        self._content = reply.content

    def text(self) -> str:
        return self._content.decode()


def form_of(request: HttpRequest) -> dict[str, str]:
    """Return the form fields of a request."""
    prepared = requests.Request(
        request.method, request.url, data=request._data, headers=dict(request.headers)
    ).prepare()
    body = prepared.body or ""
    return dict(parse_qsl(body if isinstance(body, str) else body.decode(), keep_blank_values=True))


def play(flow: Flow[T], steps: Sequence[Step] = ()) -> T:
    """Run the flow against the steps, all of which must be used, and return its value."""
    left = list(steps)
    value = _run(flow, left)
    assert not left, f"{len(left)} steps were not reached"
    return value


def _run(flow: Flow[T], left: list[Step]) -> T:
    try:
        effect = next(flow)
        while True:
            if isinstance(effect, Call):
                effect = flow.send(effect.function())
                continue
            if isinstance(effect, Start):
                # A flow that another one starts runs at once. Only a caller that waits gets its error.
                try:
                    outcome = _run(effect.flow, left)
                except Exception as error:
                    effect = flow.throw(error) if effect.awaited else flow.send(True)
                else:
                    effect = flow.send(outcome if effect.awaited else True)
                continue
            if isinstance(effect, Sleep):
                effect = flow.send(None)
                continue
            assert isinstance(effect, Send), f"unexpected effect: {effect}"
            assert left, f"no step is left for {form_of(effect.request)}"
            expected, reply = left.pop(0)
            if callable(expected):
                expected(effect.request)
            else:
                form = form_of(effect.request)
                assert {name: form.get(name) for name in expected} == expected
            response = reply if isinstance(reply, Exception) else Response(reply, effect.request)
            effect = flow.throw(response) if isinstance(response, Exception) else flow.send(response)
    except StopIteration as end:
        return end.value
    finally:
        flow.close()
