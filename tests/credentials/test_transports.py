"""Transports of the user: what they need, and when they are opened and closed."""

import asyncio
import json
from functools import partial
from typing import Any, Self

import pytest
from azure.core.pipeline.transport import HttpResponse
from azure.core.rest import HttpRequest

import webidentity
import webidentity.aio
from tests.kit.drivers import Credential, Driver
from tests.kit.replies import CLIENT, TENANT
from webidentity.errors import EntraError


class OlderResponse(HttpResponse):
    """A response of azure-core's older classes: its body and its text are methods."""

    def __init__(self, request: Any, status: int) -> None:
        super().__init__(request, None)
        self.status_code, self.reason, self.headers = status, "Older", {"Content-Type": "application/json"}
        self.content_type = "application/json"

    def body(self) -> bytes:
        content = {"access_token": "token", "expires_in": 3600, "token_type": "Bearer"}
        return json.dumps(content if self.status_code == 200 else {"error": "invalid_client"}).encode()


class OnlySends:
    """A transport with a single method."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)

    def send(self, request: HttpRequest, **_: Any) -> OlderResponse:
        return OlderResponse(request, self.statuses.pop(0))


class OnlySendsLater(OnlySends):
    """The same for coroutines."""

    async def send(self, request: HttpRequest, **_: Any) -> OlderResponse:
        return super().send(request)


class Watched(OnlySends):
    """A transport that can be opened and closed."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(*statuses)
        self.events: list[str] = []

    def __enter__(self) -> Self:
        self.events.append("enter")
        return self

    def __exit__(self, *_: object) -> None:
        self.events.append("exit")

    async def __aenter__(self) -> Self:
        await asyncio.sleep(0)
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()


class WatchedLater(Watched):
    """The same for coroutines."""

    async def send(self, request: HttpRequest, **_: Any) -> OlderResponse:
        return super().send(request)


def of(driver: Driver, transport: OnlySends, **options: Any) -> Credential:
    package = webidentity if driver.name == "sync" else webidentity.aio
    return driver.face(package.ClientSecretCredential(TENANT, CLIENT, "s3cret", transport=transport, **options))


def test_a_transport_needs_only_send(driver: Driver) -> None:
    """Its request is repeated, and the credential can be closed."""
    transport = (OnlySends if driver.name == "sync" else OnlySendsLater)(503, 503, 200)
    credential = of(driver, transport, retry_backoff_factor=0.01)
    assert credential.get_token("scope").token == "token"
    assert transport.statuses == []
    enter(driver, credential)
    credential.close()


def test_an_older_response_of_an_error(driver: Driver) -> None:
    """The error has the response."""
    credential = of(driver, (OnlySends if driver.name == "sync" else OnlySendsLater)(401))
    with pytest.raises(EntraError, match="invalid_client") as raised:
        credential.get_token("scope")
    assert raised.value.status_code == 401


def test_a_transport_is_entered_once_and_closed_once(driver: Driver) -> None:
    """By ``with credential:``, or by the first of several requests."""
    for start in ("with", "requests"):
        transport = (Watched if driver.name == "sync" else WatchedLater)(200, 200, 200)
        credential = of(driver, transport)
        if start == "with":
            enter(driver, credential)
        calls = [partial(start_token, credential, f"scope-{number}") for number in range(3)]
        outcomes = driver.together(calls)
        assert [outcome.token for outcome in outcomes] == ["token"] * 3
        assert transport.events == ["enter"]
        credential.close()
        credential.close()
        assert transport.events == ["enter", "exit"]


def start_token(credential: Credential, scope: str) -> Any:
    """For the calls of ``together``: a token, or a coroutine for it."""
    return credential.raw.get_token(scope)


def enter(driver: Driver, credential: Credential) -> None:
    """``with credential:``, without its end."""
    raw = credential.raw
    credential.wait(raw.__enter__() if driver.name == "sync" else raw.__aenter__())
