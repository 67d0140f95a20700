"""Compares requests and errors of azure-identity's ManagedIdentityCredential and ours on the same emulated hosts.

An unlisted difference fails, and so does a listed one that is gone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import azure.identity
import azure.identity.aio
import pytest

import webidentity
import webidentity.aio
from webidentity.testing import HostEmulator

SCOPE = "https://vault.azure.net/.default"
KINDS = ("imds", "app_service", "arc", "azure_ml", "cloud_shell", "service_fabric")
LIBRARIES: dict[str, Any] = {
    "webidentity": webidentity,
    "webidentity aio": webidentity.aio,
    "azure-identity": azure.identity,
    "azure-identity aio": azure.identity.aio,
}
#: Headers with which callers identify themselves to a host.
TELLING = ("metadata", "secret", "x-identity-header", "authorization")


@dataclass
class Seen:
    """The requests of one library, without random values, and the outcome."""

    requests: list[Any]
    outcome: str


def play(library: str, host: HostEmulator, **ids: Any) -> Seen:
    """Request one token."""
    host.requests.clear()
    package = LIBRARIES[library]
    try:
        made = package.ManagedIdentityCredential(retry_total=0, **ids)
        if library.endswith("aio"):
            got = asyncio.run(_ask(made))
        else:
            with made:
                got = made.get_token(SCOPE)
        outcome = "token" if got.token else "nothing"
    except Exception as error:
        outcome = _kind(error)
    return Seen([_told(request) for request in host.requests], outcome)


async def _ask(made: Any) -> Any:
    async with made:
        return await made.get_token(SCOPE)


def _kind(error: Exception) -> str:
    names = [kind.__name__ for kind in type(error).__mro__]
    for name in ("CredentialUnavailableError", "ClientAuthenticationError", "HttpResponseError", "ServiceRequestError"):
        if name in names:
            return name
    return names[0]


def _told(request: Any) -> tuple[str, dict[str, str], dict[str, str], list[str]]:
    headers = sorted(name.lower() for name in request.headers if name.lower() in TELLING)
    return request.method, request.query, request.form, headers


@pytest.fixture
def put_on(monkeypatch: pytest.MonkeyPatch, azure_host: Callable[..., HostEmulator]) -> Callable[..., HostEmulator]:
    """Do the same as azure_host, and patch the folder of Azure Arc's key files for azure-identity."""

    def put_on(kind: str, **options: Any) -> HostEmulator:
        host = azure_host(kind, **options)
        if kind == "arc":
            folder = str(host.host.key_folder)
            monkeypatch.setattr("azure.identity._credentials.azure_arc._get_key_file_path", lambda: folder)
            prefixes = {"linux": folder, "win32": folder}
            monkeypatch.setattr("msal.managed_identity._supported_arc_platforms_and_their_prefixes", prefixes)
        return host

    return put_on


IDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "none": lambda _: {},
    "client_id": lambda shop: {"client_id": shop.client_id},
    "client_id in the mapping": lambda shop: {"identity_config": {"client_id": shop.client_id}},
    "object_id": lambda shop: {"identity_config": {"object_id": shop.object_id}},
    "resource_id": lambda shop: {"identity_config": {"resource_id": shop.resource_id}},
    "unknown": lambda _: {"client_id": "00000000-0000-0000-0000-000000000000"},
    "two": lambda shop: {"client_id": shop.client_id, "identity_config": {"object_id": shop.object_id}},
}
AS_GIVEN = "azure-identity's async class sends the caller's name of the ID; ours sends the host's name"
MACHINE = "azure-identity's async class sends no Metadata header, which Azure Automation requires"
ABSENT = "azure-identity's async class raises ClientAuthenticationError for a missing identity, which ends a chain"
#: Host, ID, the library that differs, and why.
DIFFERENT_REQUESTS: dict[tuple[str, str, str], str] = {
    **{(kind, "resource_id", "azure-identity aio"): AS_GIVEN for kind in ("imds", "app_service", "azure_ml")},
    **{
        ("app_service", by, "azure-identity aio"): MACHINE
        for by in ("none", "client_id", "client_id in the mapping", "object_id", "resource_id", "unknown")
    },
    ("azure_ml", "client_id in the mapping", "azure-identity aio"): AS_GIVEN,
}
DIFFERENT_OUTCOMES = {(kind, "unknown", "azure-identity aio"): ABSENT for kind in ("app_service", "arc", "azure_ml")}


@pytest.mark.parametrize("library", [library for library in LIBRARIES if library.startswith("azure")])
@pytest.mark.parametrize("by", IDS)
@pytest.mark.parametrize("kind", KINDS)
def test_requests_and_outcomes(put_on: Callable[..., HostEmulator], kind: str, by: str, library: str) -> None:
    """Each host and each kind of ID has the same requests and outcome, unless the table lists a difference."""
    host = put_on(kind)
    ids = IDS[by](host.add_identity("shop"))
    ours, ours_aio, theirs = (
        play("webidentity", host, **ids),
        play("webidentity aio", host, **ids),
        play(library, host, **ids),
    )
    assert ours == ours_aio
    key = (kind, by, library)
    assert (ours.requests != theirs.requests) == (key in DIFFERENT_REQUESTS), (ours.requests, theirs.requests)
    assert (ours.outcome != theirs.outcome) == (key in DIFFERENT_OUTCOMES), (ours.outcome, theirs.outcome)


FAILURES: dict[str, Callable[[HostEmulator], Any]] = {
    "400": lambda host: host.fail(400),
    "403": lambda host: host.fail(403),
    "403 unreachable": lambda host: host.fail(403, body='{"error": "the network is unreachable"}'),
    "500": lambda host: host.fail(500),
    "a page": lambda host: host.fail(200, body="<html>"),
    "a page, 502": lambda host: host.fail(502, body="<html>"),
    "no token": lambda host: host.fail(200, body="{}"),
    "no lifetime": lambda host: host.fail(200, body='{"access_token": "t", "resource": "r"}'),
    "no connection": lambda host: host.close(),
}


@dataclass
class Difference:
    """The exception that azure-identity raises in these cases instead of ours, and why."""

    theirs: str
    reason: str
    kinds: tuple[str, ...]
    failures: tuple[str, ...]
    libraries: tuple[str, ...]


SYNC, AIO = ("azure-identity",), ("azure-identity aio",)
#: The hosts for which azure-identity's sync class uses msal.
BY_MSAL = ("imds", "app_service", "arc", "azure_ml", "service_fabric")
NOT_IMDS = tuple(kind for kind in KINDS if kind != "imds")
UNAVAILABLE, REFUSED = "CredentialUnavailableError", "ClientAuthenticationError"
EVERY = 'azure-identity\'s sync class turns every refusal into "unavailable", so a chain hides the reason'
RAW = "azure-identity raises the error of the HTTP or JSON library, which ends a chain"
DIFFERENCES = [
    Difference(UNAVAILABLE, EVERY, BY_MSAL, ("403", "500", "no token", "no lifetime"), SYNC),
    Difference(UNAVAILABLE, EVERY, ("service_fabric",), ("400",), SYNC),
    Difference(REFUSED, ABSENT, ("app_service", "arc", "azure_ml", "cloud_shell"), ("400",), AIO),
    Difference(REFUSED, ABSENT, NOT_IMDS, ("403 unreachable",), AIO),
    Difference(REFUSED, ABSENT, ("cloud_shell",), ("400", "403 unreachable"), SYNC),
    Difference("JSONDecodeError", RAW, ("app_service", "azure_ml", "service_fabric"), ("a page", "a page, 502"), SYNC),
    Difference("AttributeError", RAW, ("service_fabric",), ("403 unreachable",), SYNC),
    Difference("ServiceRequestError", RAW, NOT_IMDS, ("no connection",), AIO),
    Difference("ServiceRequestError", RAW, ("app_service", "arc", "azure_ml", "cloud_shell"), ("no connection",), SYNC),
    Difference("NewConnectionError", RAW, ("service_fabric",), ("no connection",), SYNC),
]
DIFFERENT_FAILURES = {
    (kind, failure, library): each.theirs
    for each in DIFFERENCES
    for kind in each.kinds
    for failure in each.failures
    for library in each.libraries
}


@pytest.mark.parametrize("library", [library for library in LIBRARIES if library.startswith("azure")])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", KINDS)
def test_failures(put_on: Callable[..., HostEmulator], kind: str, failure: str, library: str) -> None:
    """Each failure raises the same class, unless the table lists a difference."""
    outcomes: dict[str, str] = {}
    for name in ("webidentity", "webidentity aio", library):
        host = put_on(kind)
        FAILURES[failure](host)
        outcomes[name] = play(name, host).outcome
        host.close()
    assert outcomes["webidentity"] == outcomes["webidentity aio"]
    key = (kind, failure, library)
    assert outcomes[library] == DIFFERENT_FAILURES.get(key, outcomes["webidentity"]), outcomes
    assert (outcomes[library] != outcomes["webidentity"]) == (key in DIFFERENT_FAILURES), "a difference that is gone"
