"""A sign-in with another account: what the user decides is done, for this browser and this session only."""

import json
import re
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.kit.clock import Clock
from tests.kit.request_facts import facts
from tests.kit.session_application import CLIENT, TENANT, run
from webidentity import AuthenticationRecord
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._protocol.effects import Flow
from webidentity.cache import KeyRing, MemoryStore, TokenCache
from webidentity.web import Answer, Routes, Settings, StartSession
from webidentity.web._account_change import PARAMETER, AccountChange
from webidentity.web._callback_pages import CallbackPages
from webidentity.web._pages import Page, continue_at
from webidentity.web._sealed_text import seal_text
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import WAITING_LIFETIME, Sessions
from webidentity.web._sign_in_links import SignInLinks
from webidentity.web._tenants import TenantResolver


class Browser:
    """A browser in which Ada is signed in, and that was asked whether Grace replaces her."""

    def __init__(self) -> None:
        settings = Settings(TENANT, CLIENT, "the-secret")
        self.keys = KeyRing("a-key")
        tenants = TenantResolver(settings)
        client = Client(settings.authority, CLIENT, ClientSecret("the-secret"))
        self.sessions = Sessions(settings, tenants, UserTokens(client, TokenCache(MemoryStore(), KeyRing("b"))))
        self.change = AccountChange(tenants, self.keys, self.sessions)
        self.links = SignInLinks(["a-key"], self.keys, Routes)
        self.ada, self.grace = self.begin("ada"), self.begin("grace", waits_for="/page")
        self.asked = self.change.ask(facts("/auth/callback"), self.ada, self.grace)
        [cookie] = self.asked.cookies
        assert cookie.max_age == WAITING_LIFETIME
        self.jar = {cookie.name: cookie.value}

    def begin(self, name: str, **more: Any) -> SessionState:
        """Begin a session."""
        account = f"{name}.{TENANT}"
        record = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", account, f"{name}@<tenant>.test")
        begun = self.sessions.begin(record, {"sub": name}, **more)
        cache, partition = self.sessions.user_tokens.cache, self.sessions.user_tokens.partition(TENANT, account)
        run(cache.update(partition, begun.enter, expires_at=time.time() + 9999, now=time.time()))
        return begun.state

    def decide(
        self, choice: str, *, earlier: Any = "ada", headers: Mapping[str, str] | None = None, **jar: str
    ) -> Answer:
        """Press a button of the page."""
        request = facts(
            "/auth/callback",
            method="POST",
            query=f"{PARAMETER}={choice}",
            headers=headers,
            cookies={**self.jar, **jar},
        )
        state = self.ada if earlier == "ada" else earlier
        answer: Answer = run(self.change.decide(request, state, CallbackPages(request, self.links)))
        return answer

    def signed_in(self) -> list[str]:
        """Return whose sessions are valid."""
        return [name for name, state in (("ada", self.ada), ("grace", self.grace)) if run(self.sessions.find(state))]


@pytest.fixture
def browser(clock: Clock) -> Browser:
    """A browser that shows the question."""
    clock.stop()
    return Browser()


def forgets(answer: Answer, browser: Browser) -> bool:
    return [(cookie.name, cookie.value, cookie.max_age) for cookie in answer.cookies] == [
        (next(iter(browser.jar)), "", 0)
    ]


def test_nothing_changes_before_the_user_decides(browser: Browser) -> None:
    """The page names both accounts, escaped, and the cookie reveals nothing."""
    assert browser.signed_in() == ["ada"]
    assert (browser.asked.status, browser.asked.session) == (200, None)
    assert "ada@&lt;tenant&gt;.test" in browser.asked.body
    assert "grace@&lt;tenant&gt;.test" in browser.asked.body
    [value] = browser.jar.values()
    assert browser.grace.handle not in value


def test_the_page_is_built_like_the_others(browser: Browser) -> None:
    """It has the same frame, without a style: a proxy may add a stricter policy."""
    frame, _, _ = Page("Change the account?", "x").html().partition("<p>")
    assert browser.asked.body.startswith(re.sub("<style>.*</style>", "", frame, flags=re.DOTALL))
    continuing = continue_at(facts(method="POST"), "/").body
    assert continuing.startswith(frame.partition("<title>")[0])


def test_the_user_continues_with_the_other_account(browser: Browser) -> None:
    """The earlier session ends, and its content does not stay for another user."""
    answer = browser.decide("switch")
    assert answer.session == StartSession(browser.grace.to_json(), same_user=False)
    assert "/page" in str(answer.headers) + answer.body
    assert forgets(answer, browser)
    assert browser.signed_in() == ["grace"]


def test_the_user_stays_with_the_first_account(browser: Browser) -> None:
    """The session that waits ends."""
    answer = browser.decide("keep")
    assert answer.session is None
    assert forgets(answer, browser)
    assert browser.signed_in() == ["ada"]
    assert browser.decide("switch").session is None
    assert browser.signed_in() == ["ada"]


@pytest.mark.parametrize("choice", ["", "other", "Switch", "switch&account=keep"])
def test_an_unknown_decision_changes_nothing(browser: Browser, choice: str) -> None:
    """The question is over."""
    answer = browser.decide(choice)
    assert (answer.status, answer.session) == (400, None)
    assert forgets(answer, browser)
    assert browser.signed_in() == ["ada"]


def test_a_decision_of_another_site_changes_nothing(browser: Browser) -> None:
    """It could otherwise make the user continue in an account of its choice."""
    answer = browser.decide("switch", headers={"sec-fetch-site": "cross-site"})
    assert (answer.status, answer.session, answer.cookies) == (403, None, ())
    assert browser.signed_in() == ["ada"]


def test_a_decision_is_for_the_session_that_was_asked(browser: Browser) -> None:
    """The browser has another session by now, or none."""
    for earlier in (browser.begin("edsger"), None):
        answer = browser.decide("switch", earlier=earlier)
        assert (answer.status, answer.session) == (400, None)
    assert browser.signed_in() == ["ada"]


def test_a_decision_needs_its_cookie(browser: Browser) -> None:
    """As it was sealed, under its name."""
    [(name, value)] = browser.jar.items()
    for jar in ({name: ""}, {name: value[:-4] + "AAAA"}, {name: "x"}):
        answer = browser.decide("switch", **jar)
        assert (answer.status, answer.session) == (400, None)
    assert browser.signed_in() == ["ada"]


def test_a_decision_is_possible_for_ten_minutes(browser: Browser, clock: Clock) -> None:
    """Afterwards nothing changes, also if the browser kept the cookie."""
    clock.advance(10 * 60 + 2)
    answer = browser.decide("switch")
    assert (answer.status, answer.session) == (400, None)
    assert browser.signed_in() == ["ada"]


def test_an_answer_that_was_given_is_not_given_again(browser: Browser) -> None:
    """The cookie was copied."""
    assert browser.decide("switch").session is not None
    answer = browser.decide("switch")
    assert (answer.status, answer.session) == (400, None)
    assert browser.signed_in() == ["grace"]


def test_of_two_answers_at_the_same_time_one_counts(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user pressed the button twice. The first answer has started the session; the second one starts nothing."""
    first: list[Answer] = []
    end = browser.sessions.end

    def end_meanwhile(state: SessionState) -> Flow[dict[str, Any]]:
        monkeypatch.setattr(browser.sessions, "end", end)
        first.append(browser.decide("switch"))
        return (yield from end(state))

    monkeypatch.setattr(browser.sessions, "end", end_meanwhile)
    second = browser.decide("switch")
    assert [answer.session for answer in first] == [StartSession(browser.grace.to_json(), same_user=False)]
    assert (second.status, second.session) == (400, None)
    assert forgets(second, browser)
    assert browser.signed_in() == ["grace"]


def test_a_cookie_without_a_readable_session_changes_nothing(browser: Browser) -> None:
    """Another release may write its session in another form."""
    content = {"session": {"handle": "h"}, "earlier": browser.ada.entry, "login": False, "at": int(time.time())}
    [name] = browser.jar
    answer = browser.decide("switch", **{name: seal_text(browser.keys, name, json.dumps(content).encode())})
    assert (answer.status, answer.session) == (400, None)
    assert forgets(answer, browser)
    assert browser.signed_in() == ["ada"]
