"""Compares azure-identity's chains and ours with the same members.

Compares which members are called, their order, later calls, the class of the error and the attempts that it lists.
``DIFFERENT`` has the differences with the reason: an unlisted one fails, and so does a listed one that is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import azure.identity
import azure.identity.aio
import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

import webidentity
import webidentity.aio
from tests.kit.chain_members import KINDS, Only
from tests.kit.drivers import Driver
from tests.kit.replies import SCOPE
from tests.kit.stage import Stage
from webidentity._credentials.default_members import DEFAULT_MEMBERS, VARIABLE

#: Each library's own chain, by driver.
LIBRARIES: dict[str, dict[str, Any]] = {
    "sync": {"peer": azure.identity, "ours": webidentity},
    "aio": {"peer": azure.identity.aio, "ours": webidentity.aio},
}
THEIRS = azure.identity.CredentialUnavailableError(message="not here")
OURS = webidentity.CredentialUnavailableError(message="not here")


@dataclass
class Case:
    """Members and calls.

    :param members: the outcomes of each member.
    :param only: the methods that the members have; by default all.
    """

    members: tuple[tuple[Any, ...], ...]
    calls: tuple[str, ...] = ("get_token", "get_token_info", "get_token")
    scopes: tuple[str, ...] = (SCOPE,)
    only: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


CASES = {
    "the first has a token": Case((("1",), ("2",))),
    "the second has a token": Case(((THEIRS,), ("2",), ("3",))),
    "the first has a token later": Case(((THEIRS, THEIRS, "1"), ("2",))),
    "the winner becomes unavailable": Case((("1", THEIRS), ("2",))),
    "no token": Case(((THEIRS,), (THEIRS,))),
    "one is refused": Case(((THEIRS,), (ClientAuthenticationError(message="refused"),), ("3",))),
    "the network is down": Case(((ServiceRequestError("unreachable"),), ("2",))),
    "the winner is refused later": Case((("1", ClientAuthenticationError(message="refused")), ("2",))),
    "old members": Case(((THEIRS,), ("2",)), only=("get_token",)),
    "new members": Case(((THEIRS,), ("2",)), only=("get_token_info",)),
    "options": Case((("1",),), options={"claims": "{}", "tenant_id": "t", "enable_cae": True}),
    "options for old members": Case((("1",),), options={"claims": "{}", "enable_cae": True}, only=("get_token",)),
    "options for new members": Case((("1",),), options={"claims": "{}", "enable_cae": True}, only=("get_token_info",)),
    "a mistake in a member": Case(((KeyError("odd"),), ("2",))),
    "no scope": Case((("1",),), scopes=()),
    "a message of two lines": Case(((azure.identity.CredentialUnavailableError(message="two\nlines"),),)),
    "our exception": Case(((OURS,), ("2",))),
}
#: azure-identity's async class has neither, and passes their keywords on. Ours has the browser if it is included.
AIO_LACKS = {"interactive_browser", "broker"}
BOTH = ("sync", "aio")
DIFFERENT = {
    "a mistake in a member": ("errors from outside azure-core are listed with their class", BOTH),
    "no scope": ("raises ValueError before any member is called", BOTH),
    "a message of two lines": ("each attempt is one line, also if its message has several", BOTH),
    "options for new members": ("azure-identity's async chain does not pass claims and enable_cae on here", ("aio",)),
}


def is_different(driver: Driver, name: str) -> bool:
    """Whether the table has the case for this driver."""
    reason, drivers = DIFFERENT.get(name, ("", ()))
    return bool(reason) and driver.name in drivers


def observed(driver: Driver, case: Case, make: Callable[[list[Any]], Any]) -> list[Any]:
    """Return the result of each call, and how each member was called."""
    diary: list[str] = []
    members = [KINDS[driver.name](*outcomes, name=str(at), diary=diary) for at, outcomes in enumerate(case.members)]
    chain = driver.face(make([Only(member, *case.only) for member in members] if case.only else list(members)))
    seen: list[Any] = []
    for method in case.calls:
        keywords = case.options if method == "get_token" else {"options": dict(case.options)}
        try:
            token = getattr(chain, method)(*case.scopes, **keywords)
            seen.append((type(token).__mro__[-2].__name__ if method == "get_token" else "info", token.token))
        except Exception as error:
            seen.append((error_family(error), attempts(error)))
    return [seen, diary, [[without_defaults(*call) for call in member.calls] for member in members]]


def without_defaults(method: str, scopes: tuple[str, ...], keywords: dict[str, Any]) -> tuple[str, Any, dict[str, Any]]:
    """Return a call without arguments that have their default value."""
    return method, scopes, {name: value for name, value in keywords.items() if value not in (None, False)}


def error_family(error: Exception) -> list[str]:
    """Return the names of the error's classes that both libraries have."""
    known = {"ClientAuthenticationError", "HttpResponseError", "AzureError", "CredentialUnavailableError"}
    return [kind.__name__ for kind in type(error).__mro__ if kind.__name__ in known or kind.__module__ == "builtins"]


def attempts(error: Exception) -> list[str]:
    """Return the message up to its advice."""
    lines = str(error).splitlines()
    end = next((at for at, line in enumerate(lines) if at > 1 and not line.startswith("\t")), len(lines))
    return lines[:end]


@pytest.mark.parametrize("name", CASES)
def test_a_chain(driver: Driver, name: str) -> None:
    """ChainedTokenCredential, which tries all members at each call."""
    libraries = LIBRARIES[driver.name]
    peer, ours = (
        observed(driver, CASES[name], lambda members: libraries[each].ChainedTokenCredential(*members))  # noqa: B023
        for each in ("peer", "ours")
    )
    assert (peer != ours) is is_different(driver, name)


@pytest.mark.parametrize("name", [name for name in CASES if not CASES[name].only])
def test_a_default_credential(driver: Driver, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DefaultAzureCredential, which keeps using the first winner. Its members are replaced by stand-ins."""
    case = CASES[name]

    def peer(members: list[Any]) -> Any:
        credential = LIBRARIES[driver.name]["peer"].DefaultAzureCredential()
        credential.credentials = tuple(members)
        return credential

    def ours(members: list[Any]) -> Any:
        credential = Stage(driver, monkeypatch).credential(exclude_broker_credential=True).raw
        places = zip(credential._chain.members, members, strict=False)
        credential._chain.members = tuple(
            place._replace(credential=member, name=type(member).__name__) for place, member in places
        )
        return credential

    assert (observed(driver, case, peer) != observed(driver, case, ours)) is is_different(driver, name)


def names_of(credential: Any) -> list[str]:
    """Return the class names of the members, for a placeholder the class that it stands for."""
    return [
        getattr(each, "_credential_name", None) or getattr(each, "unavailable_name", None) or type(each).__name__
        for each in credential.credentials
    ]


def chosen(make: Callable[..., Any], keywords: dict[str, Any]) -> Any:
    """Return the names, or the class of the error."""
    try:
        return names_of(make(**keywords))
    except (ValueError, TypeError) as error:
        return type(error)


@pytest.mark.parametrize(
    "value",
    [None, "", "dev", " Prod ", "nonsense", *(kind.class_name for kind in DEFAULT_MEMBERS)],
)
def test_which_members_are_selected(driver: Driver, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """The variable and each keyword, with True and with False, select the same members."""
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    stage = Stage(driver, monkeypatch)
    package = azure.identity if driver.name == "sync" else azure.identity.aio
    stage.has_shared_cache = package.SharedTokenCacheCredential.supported()
    kinds = [kind for kind in DEFAULT_MEMBERS if driver.name == "sync" or kind.key not in AIO_LACKS]
    grid = [{kind.keyword: choice} for kind in kinds for choice in (True, False)]
    for keywords in ({}, {"require_envvar": True}, {"tenant_id": "t"}, *grid):
        peer = chosen(package.DefaultAzureCredential, keywords)
        ours = chosen(lambda **given: stage.credential(**given).raw, keywords)
        if driver.name == "aio" and (value or "").lower() == "interactivebrowsercredential":
            assert peer is ValueError or keywords == {"tenant_id": "t"}, "azure-identity supports it now"
            continue
        assert ours == peer, keywords
