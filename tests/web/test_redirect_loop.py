"""How many sign-ins for one page may follow each other."""

import pytest

from tests.kit.request_facts import facts
from webidentity.cache import KeyRing
from webidentity.web import Routes, Settings
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._sign_in_links import SignInLinks, SignInRequest
from webidentity.web._tenants import TenantResolver

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "33333333-3333-3333-3333-333333333333"
REQUEST = SignInRequest("/page", ("openid", "api://files/Read", "api://files/Write"), '{"a": 1}')


@pytest.fixture
def guard() -> RedirectLoopGuard:
    """The guard of an application."""
    tenants = TenantResolver(Settings(TENANT, CLIENT, "the-secret"))
    return RedirectLoopGuard(tenants, SignInLinks(["a-key"], KeyRing("a-key"), Routes))


def completed(guard: RedirectLoopGuard, times: int, request: SignInRequest = REQUEST) -> dict[str, str]:
    """Return the cookies of a browser that has completed this sign-in as often."""
    jar: dict[str, str] = {}
    for _ in range(times):
        cookie = guard.remember(facts(cookies=jar), request)
        jar[cookie.name] = cookie.value
    return jar


@pytest.mark.parametrize(("times", "is_stopped"), [(0, False), (1, False), (2, True), (3, True), (12, True)])
def test_the_third_sign_in_in_a_row_is_stopped(guard: RedirectLoopGuard, times: int, *, is_stopped: bool) -> None:
    """One repetition is legitimate: a session may end, or a cookie may be lost."""
    answer = guard.stop(facts(cookies=completed(guard, times)), REQUEST)
    assert (answer is not None) is is_stopped
    if answer is not None:
        assert answer.status == 403
        assert [(cookie.value, cookie.max_age) for cookie in answer.cookies] == [("", 0)]


@pytest.mark.parametrize(
    "other",
    [
        SignInRequest("/other", REQUEST.scopes, REQUEST.claims),
        SignInRequest("/page", ("openid", "api://files/Read"), REQUEST.claims),
        SignInRequest("/page", REQUEST.scopes, None),
    ],
)
def test_a_sign_in_for_something_else_is_not_a_repetition(guard: RedirectLoopGuard, other: SignInRequest) -> None:
    """Another page, other scopes, or another claims challenge. It counts from one again."""
    jar = completed(guard, 2)
    assert guard.stop(facts(cookies=jar), other) is None
    cookie = guard.remember(facts(cookies=jar), other)
    jar[cookie.name] = cookie.value
    assert guard.stop(facts(cookies=jar), other) is None
    assert guard.stop(facts(cookies=jar), REQUEST) is None


def test_scopes_are_the_same_in_any_order(guard: RedirectLoopGuard) -> None:
    """The scopes of every sign-in do not count."""
    same = SignInRequest("/page", ("api://files/Write", "profile", "api://files/Read"), REQUEST.claims)
    assert guard.stop(facts(cookies=completed(guard, 2)), same) is not None


@pytest.mark.parametrize("count", ["", "x", "-5", "²", "٣", "9999", "9" * 5000])
def test_a_malformed_count_is_none(guard: RedirectLoopGuard, count: str) -> None:
    """Anyone can send a Cookie header."""
    [(name, value)] = completed(guard, 2).items()
    forged = {name: f"{value.partition('.')[0]}.{count}"}
    assert guard.stop(facts(cookies=forged), REQUEST) is None
    assert guard.remember(facts(cookies=forged), REQUEST).value.endswith(".1")


def test_a_loop_is_recognized_by_its_pace(guard: RedirectLoopGuard) -> None:
    """A user who signs in again after a minute is not in a loop. The cookie reveals no page, and is for this site."""
    cookie = guard.remember(facts("/page"), REQUEST)
    assert 5 <= cookie.max_age <= 60
    assert cookie.secure
    assert "page" not in cookie.value
    assert guard.forget(facts()).name == cookie.name
