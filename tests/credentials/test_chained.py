"""ChainedTokenCredential: the order, when the next credential is tried, and the error when none has a token."""

import contextvars
import logging
import pickle
from types import ModuleType
from typing import Any

import azure.identity
import pytest
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

import webidentity
import webidentity.aio
from tests.kit.canned import Canned, lines_of
from tests.kit.chain_members import KINDS, Member, Only
from tests.kit.drivers import Credential, Driver
from tests.kit.replies import CLIENT, SCOPE, TENANT, refusal
from webidentity import AuthenticationRequiredError, ChainError, CredentialUnavailableError, EntraError
from webidentity._flows.token_call import IN_CHAIN

PACKAGES: dict[str, ModuleType] = {"sync": webidentity, "aio": webidentity.aio}
GONE = CredentialUnavailableError(message="nothing here")
BROKEN = ClientAuthenticationError(message="refused")


@pytest.fixture
def kind(driver: Driver) -> type[Member]:
    return KINDS[driver.name]


def chain_of(driver: Driver, *members: Any) -> Credential:
    return driver.face(PACKAGES[driver.name].ChainedTokenCredential(*members))


def test_the_first_token_is_returned(driver: Driver, kind: type[Member]) -> None:
    """The credentials after it are not called."""
    diary: list[str] = []
    members = [
        kind(GONE, name="1", diary=diary),
        kind("token", name="2", diary=diary),
        kind("3", name="3", diary=diary),
    ]
    chain = chain_of(driver, *members)
    assert chain.raw.selected is None
    assert chain.get_token(SCOPE).token == "token"
    assert chain.raw.selected is members[1]
    assert chain.raw.credentials == tuple(members)
    assert diary == ["1", "2"]


def test_every_call_starts_with_the_first_credential(driver: Driver, kind: type[Member]) -> None:
    """A credential that has become available is used, as in azure-identity."""
    first, second = kind(GONE, GONE, "first"), kind("second")
    chain = chain_of(driver, first, second)
    assert [chain.get_token(SCOPE).token for _ in range(3)] == ["second", "second", "first"]
    assert chain.raw.selected is first
    assert len(second.calls) == 2


def test_a_call_is_passed_on_unchanged(driver: Driver, kind: type[Member]) -> None:
    """The same method, scopes and options."""
    member = kind("token")
    chain = chain_of(driver, member)
    assert isinstance(chain.get_token("a", "b", claims="{}", tenant_id="t", enable_cae=True, own=1), AccessToken)
    assert isinstance(chain.get_token_info("a", options={"claims": "{}", "pop": {"nonce": 1}}), AccessTokenInfo)
    chain.get_token("a")
    chain.get_token_info("a")
    assert member.calls == [
        ("get_token", ("a", "b"), {"claims": "{}", "tenant_id": "t", "enable_cae": True, "own": 1}),
        ("get_token_info", ("a",), {"claims": "{}", "pop": {"nonce": 1}}),
        ("get_token", ("a",), {"claims": None, "tenant_id": None, "enable_cae": False}),
        ("get_token_info", ("a",), {}),
    ]


def test_a_credential_with_one_of_the_two_methods_is_enough(driver: Driver, kind: type[Member]) -> None:
    """The token is converted to the requested type, and its repr does not show it."""
    old, new = kind("old-token"), kind("new-token")
    info = chain_of(driver, Only(old, "get_token")).get_token_info("a", options={"claims": "{}", "enable_cae": True})
    assert isinstance(info, AccessTokenInfo)
    assert old.calls == [("get_token", ("a",), {"claims": "{}", "enable_cae": True})]
    token = chain_of(driver, Only(new, "get_token_info")).get_token("a", tenant_id="t", own=1)
    assert isinstance(token, AccessToken)
    assert new.calls == [("get_token_info", ("a",), {"tenant_id": "t", "enable_cae": False})]
    assert (info.token, token.token) == ("old-token", "new-token")
    assert "-token" not in repr((info, token))


def test_pop_is_not_requested_from_a_credential_without_support(driver: Driver, kind: type[Member]) -> None:
    """A bearer token would be less secure than what the caller requested."""
    old, new = kind("old"), kind("new")
    chain = chain_of(driver, Only(old, "get_token"), new)
    assert chain.get_token_info("a", options={"pop": {"nonce": "1"}}).token == "new"
    assert not old.calls


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [
        (GONE, True),
        (AuthenticationRequiredError([SCOPE]), True),
        (azure.identity.CredentialUnavailableError(message="theirs"), True),
        (BROKEN, False),
        (EntraError("refused"), False),
        (ServiceRequestError("unreachable"), False),
        (HttpResponseError(message="500"), False),
        (KeyError("a mistake"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_next_credential_is_tried_only_after_an_unavailable_one(
    driver: Driver, kind: type[Member], error: Exception, goes_on: bool
) -> None:
    """CredentialUnavailableError of either library; any other error ends the search."""
    second = kind("token")
    chain = chain_of(driver, kind(error), second)
    if goes_on:
        assert chain.get_token(SCOPE).token == "token"
        return
    with pytest.raises(ClientAuthenticationError) as raised:
        chain.get_token(SCOPE)
    assert not second.calls
    assert raised.value.__cause__ is error
    assert chain.raw.selected is None
    assert IN_CHAIN.get() is False


@pytest.mark.parametrize("method", ["get_token", "get_token_info"])
def test_the_error_lists_each_attempt(driver: Driver, kind: type[Member], method: str) -> None:
    """The message has the format of azure-identity, and ``attempts`` has the errors."""
    members = [kind(GONE), kind(CredentialUnavailableError(message="two\nlines")), kind(KeyError("odd")), kind("token")]
    with pytest.raises(ChainError) as raised:
        getattr(chain_of(driver, *members), method)(SCOPE)
    name = kind.__name__
    assert str(raised.value) == raised.value.message
    assert raised.value.message.splitlines() == [
        "ChainedTokenCredential failed to retrieve a token from the included credentials.",
        "Attempted credentials:",
        f"\t{name}: nothing here",
        f"\t{name}: two lines",
        f"\t{name}: KeyError: 'odd'",
        f"{name} failed, which ended the search: the next credential is tried only after a CredentialUnavailableError.",
    ]
    assert {error.__traceback__ for _, error in raised.value.attempts} == {None}, "frames have variables"
    assert [(each, type(error)) for each, error in raised.value.attempts] == [
        (name, CredentialUnavailableError),
        (name, CredentialUnavailableError),
        (name, KeyError),
    ]


def test_all_unavailable_has_no_cause(driver: Driver, kind: type[Member]) -> None:
    """There is no single cause, and the advice is different."""
    with pytest.raises(ChainError, match="None of them is set up in this environment") as raised:
        chain_of(driver, kind(GONE), kind(GONE)).get_token(SCOPE)
    assert raised.value.__cause__ is None


def test_the_response_of_the_authority_is_attached(driver: Driver) -> None:
    """The error has ``response`` and ``__cause__``; no attribute and no frame contains the secret."""
    network = Canned(refusal("invalid_client", "AADSTS7000215: wrong canary-secret"))
    credential = driver.credential("ClientSecretCredential", network, TENANT, CLIENT, "canary-secret", retry_total=0)
    with pytest.raises(ChainError) as raised:
        chain_of(driver, credential.raw).get_token(SCOPE)
    cause = raised.value.__cause__
    assert isinstance(cause, EntraError)
    assert raised.value.response is cause.response
    assert raised.value.status_code == 400
    assert "canary-secret" not in lines_of([raised.value, repr(raised.value), repr(raised.value.attempts)])
    assert [error.__traceback__ for _, error in raised.value.attempts] == [None]


def test_members_are_told_that_they_are_in_a_chain(driver: Driver, kind: type[Member]) -> None:
    """The members know it only during the call, and also in a chain within a chain."""
    first, last = kind(GONE), kind("last")
    chain_of(driver, first, chain_of(driver, last).raw).get_token(SCOPE)
    assert (first.in_chain, last.in_chain) == ([True], [True])
    assert IN_CHAIN.get() is False
    driver.face(last).get_token(SCOPE)
    assert last.in_chain == [True, False]


def test_the_mark_of_an_outer_chain_survives_an_inner_one(driver: Driver, kind: type[Member]) -> None:
    """azure-identity's inner chain resets it, so later members wait as if they were alone."""
    inner = chain_of(driver, kind("token"))

    def within() -> bool:
        IN_CHAIN.set(True)
        inner.get_token(SCOPE)
        return IN_CHAIN.get()

    assert contextvars.copy_context().run(within)


def test_success_is_logged_without_error_texts(
    driver: Driver, kind: type[Member], caplog: pytest.LogCaptureFixture
) -> None:
    """INFO for a new winner, DEBUG for the failures of others."""
    caplog.set_level(logging.DEBUG)
    chain = chain_of(driver, kind(CredentialUnavailableError(message="canary")), kind("canary"))
    chain.get_token(SCOPE)
    chain.get_token(SCOPE)
    records = [(record.levelname, record.getMessage()) for record in caplog.records if "webidentity" in record.name]
    name = kind.__name__
    assert records == [
        ("DEBUG", f"ChainedTokenCredential: {name} provided no token (CredentialUnavailableError)"),
        ("INFO", f"ChainedTokenCredential acquired a token from {name}"),
        ("DEBUG", f"ChainedTokenCredential: {name} provided no token (CredentialUnavailableError)"),
        ("DEBUG", f"ChainedTokenCredential acquired a token from {name}"),
    ]


def test_failure_is_not_logged_as_a_warning(
    driver: Driver, kind: type[Member], caplog: pytest.LogCaptureFixture
) -> None:
    """The caller who catches the exception decides whether to log it."""
    caplog.set_level(logging.INFO)
    with pytest.raises(ChainError):
        chain_of(driver, kind(GONE), kind(BROKEN)).get_token(SCOPE)
    assert not [record for record in caplog.records if "webidentity" in record.name]


def test_interrupts_are_raised_unchanged(driver: Driver, kind: type[Member]) -> None:
    """They end the call."""
    second = kind("token")
    with pytest.raises(GeneratorExit):
        chain_of(driver, kind(GeneratorExit()), second).get_token(SCOPE)
    assert not second.calls
    assert IN_CHAIN.get() is False


def test_sync_and_async_credentials_cannot_be_mixed(driver: Driver) -> None:
    """The error says which package to import from."""
    other = "aio" if driver.name == "sync" else "sync"
    with pytest.raises(ChainError, match=r"import its class from webidentity(\.aio|, not \.aio)") as raised:
        chain_of(driver, KINDS[other]("token")).get_token(SCOPE)
    assert isinstance(raised.value.__cause__, TypeError)


def test_members_are_closed_once_whatever_happens(driver: Driver, kind: type[Member]) -> None:
    """Credentials without ``close`` are skipped. The first error is raised after all are closed."""
    members = [kind("1"), kind("2"), kind("3")]
    members[0].close_error, members[1].close_error = OSError("first"), OSError("second")
    bare = Only(kind("token"), "get_token")
    chain = chain_of(driver, members[0], bare, *members[1:], members[0])
    with pytest.raises(OSError, match="first"):
        chain.close()
    assert [member.closed for member in members] == [["close"]] * 3


def manage(driver: Driver, chain: Credential, error: Exception | None = None) -> None:
    """Use the chain as a context manager, with an error inside if one is passed."""
    if driver.name == "sync":
        with chain.raw as entered:
            assert entered is chain.raw
            if error is not None:
                raise error
        return

    async def body() -> None:
        async with chain.raw as entered:
            assert entered is chain.raw
            if error is not None:
                raise error

    chain.wait(body())


def test_the_chain_enters_and_leaves_its_members(driver: Driver, kind: type[Member]) -> None:
    """Each receives the exception of the block."""
    members = [kind("1"), kind("2")]
    manage(driver, chain_of(driver, *members, Only(kind("3"), "get_token")))
    with pytest.raises(KeyError):
        manage(driver, chain_of(driver, *members), KeyError())
    for member in members:
        assert member.closed == ["enter", "exit None", "enter", "exit <class 'KeyError'>"]


def test_entered_members_are_left_if_another_cannot_be_entered(driver: Driver, kind: type[Member]) -> None:
    """All or none."""
    first, second, third = kind("1"), kind("2"), kind("3")
    second.close_error = OSError("closed")
    with pytest.raises(OSError, match="closed"):
        manage(driver, chain_of(driver, first, second, third))
    assert (first.closed, second.closed, third.closed) == (["enter", "exit None"], ["enter"], [])


def test_invalid_calls_are_refused_before_any_member_is_called(driver: Driver, kind: type[Member]) -> None:
    """A chain needs a member, and a call needs a scope."""
    with pytest.raises(ValueError, match="at least one credential is required"):
        chain_of(driver)
    member = kind("token")
    for method in ("get_token", "get_token_info"):
        with pytest.raises(ValueError, match=f'"{method}" requires at least one scope'):
            getattr(chain_of(driver, member), method)()
    assert not member.calls


def test_a_chain_can_be_pickled(driver: Driver) -> None:
    """The copy has the members but not the winner, because another member may win elsewhere."""
    secret = driver.credential("ClientSecretCredential", Canned(), TENANT, CLIENT, "secret").raw
    secret._pipeline._options.clear()
    chain = chain_of(driver, secret).raw
    chain._chain.selected = secret
    copy = pickle.loads(pickle.dumps(chain))
    assert type(copy) is type(chain)
    assert [type(each) for each in copy.credentials] == [type(secret)]
    assert copy.selected is None
    error = pickle.loads(pickle.dumps(ChainError("text", attempts=[("name", GONE)])))
    assert (type(error), error.message, error.attempts) == (ChainError, "text", ())
