"""The cookies of pending sign-ins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webidentity.cache._envelope import KeyRing
from webidentity.web._cookies import CookieNames
from webidentity.web._pending import LIFETIME, PendingCookies, PendingSignIn, StateParameter

KEYS = KeyRing("a-secret-key")
CLIENT = "the-client"
NOW = 1_800_000_000


def pending(started_at: int = NOW, **changes: object) -> PendingSignIn:
    """Return a new pending sign-in."""
    made = PendingSignIn("https://app.test/auth/callback", "/page", ("openid", "a/b"), None, started_at)
    return replace(made, **changes)


def started(cookies: PendingCookies, made: PendingSignIn) -> dict[str, str]:
    """Return its cookie, as the browser stores it."""
    [cookie] = cookies.add(made, {})
    return {cookie.name: cookie.value}


def test_a_sign_in_is_found_by_its_state() -> None:
    """The sign-in is found with all its values and the name of its cookie."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    made = pending(claims='{"a":1}')
    jar = started(cookies, made)
    assert cookies.find(made.state, jar) == (next(iter(jar)), made)
    assert cookies.find(made.state + "x", jar) is None
    assert cookies.find("", jar) is None


def test_the_cookie_reveals_nothing() -> None:
    """The value is encrypted behind its time."""
    made = pending()
    [(name, value)] = started(PendingCookies(KEYS, "client", is_secure=True), made).items()
    opened = urlsafe_b64decode(value.partition(".")[2] + "==")
    for secret in (made.state, made.nonce, made.verifier, "/page"):
        assert secret.encode() not in opened
        assert secret not in name + value


def test_the_repr_reveals_nothing() -> None:
    """Debug pages print it."""
    made = pending()
    for secret in (made.state, made.nonce, made.verifier):
        assert secret not in repr(made)
        assert secret not in repr(PendingCookies(KEYS, "client", is_secure=True).add(made, {}))


def test_state_nonce_and_verifier_are_independent() -> None:
    """256 bits each (RFC 7636 section 4.1 asks for at least 43 characters)."""
    values = [value for _ in range(50) for made in [pending()] for value in (made.state, made.nonce, made.verifier)]
    assert len(set(values)) == 150
    assert {len(value) for value in values} == {43}


@given(st.data())
def test_a_changed_cookie_is_not_opened(data: st.DataObject) -> None:
    """Any bit is flipped, or any part is removed."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    made = pending()
    [(name, value)] = started(cookies, made).items()
    time, _, sealed = value.partition(".")
    envelope = bytearray(urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    bit = data.draw(st.integers(0, len(envelope) * 8 - 1))
    envelope[bit // 8] ^= 1 << bit % 8
    assert cookies.find(made.state, {name: f"{time}.{urlsafe_b64encode(bytes(envelope)).decode()}"}) is None
    assert cookies.find(made.state, {name: value[: data.draw(st.integers(0, len(value) - 4))]}) is None


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 5))
def test_malformed_cookies_cause_no_error(name: str, value: str, slot: int) -> None:
    """Anyone can send a Cookie header."""
    cookies = PendingCookies(KEYS, "client", is_secure=False)
    made = pending()
    own = started(cookies, made)
    names = CookieNames("client", is_secure=False).pending
    jar = {name: value, names[slot]: value, names[slot - 1]: f"{NOW}.{value}", **own}
    assert cookies.find(made.state, jar) is not None
    cookies.add(pending(), jar)
    cookies.expired(jar, NOW)


def test_fallback_keys_open_a_cookie_and_other_keys_do_not() -> None:
    """Replacing SECRET_KEY interrupts no sign-in."""
    made = pending()
    jar = started(PendingCookies(KEYS, "client", is_secure=True), made)
    assert PendingCookies(KeyRing("another"), "client", is_secure=True).find(made.state, jar) is None
    assert (
        PendingCookies(KeyRing("another", ["a-secret-key"]), "client", is_secure=True).find(made.state, jar) is not None
    )


def test_cookies_of_https_and_http_are_separate() -> None:
    """The prefix prevents that a sibling host sets the cookie."""
    secure, plain = PendingCookies(KEYS, "client", is_secure=True), PendingCookies(KEYS, "client", is_secure=False)
    made = pending()
    assert plain.find(made.state, started(secure, made)) is None
    assert secure.find(made.state, started(plain, made)) is None
    assert [cookie.secure for cookie in secure.add(made, {})] == [True]
    assert [cookie.secure for cookie in plain.add(made, {})] == [False]


def test_the_oldest_sign_in_is_replaced() -> None:
    """Five are kept, fewer if one is large. Cookies of the application stay."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    jar = {"sessionid": "x" * 3000}
    for second in (3, 0, 4, 1, 2):
        [cookie] = cookies.add(pending(NOW + second), jar)
        assert cookie.name not in jar
        jar[cookie.name] = cookie.value
    [new] = cookies.add(pending(NOW + 9), jar)
    assert new.max_age == LIFETIME
    assert jar[new.name].startswith(f"{NOW}.")
    large, *dropped = cookies.add(pending(NOW + 9, next_path="/" + "a" * 2000), jar)
    assert large.name not in jar
    assert dropped
    assert {(cookie.value, cookie.max_age) for cookie in dropped} == {("", 0)}
    assert "sessionid" not in {cookie.name for cookie in dropped}


def test_pages_opened_at_once_cannot_fill_the_header() -> None:
    """The cookies of requests that do not know of each other stay within the limit, with short and long paths."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    jar: dict[str, str] = {}
    for number in range(200):
        for cookie in cookies.add(pending(NOW, next_path="/" + "a" * (number * 13 % 2047)), {}):
            jar[cookie.name] = cookie.value
    assert len(jar) <= 6
    assert sum(len(name) + len(value) + 3 for name, value in jar.items()) < 7700


def test_the_longest_cookies_leave_room_in_the_header() -> None:
    """Gunicorn accepts 8,190 bytes, with the session's cookie: all names are in use, each for the longest request."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    long = CookieNames("client", is_secure=True).pending[0]
    shorts, longs = set[int](), set[int]()
    for length in range(0, 3000, 4):
        [cookie] = cookies.add(pending(next_path="/" + "a" * length), {})
        (longs if cookie.name == long else shorts).add(len(cookie.name) + len(cookie.value))
    assert max(shorts) in range(790, 801)
    assert max(longs) > 3500
    assert 5 * max(shorts) + max(longs) + 6 * len("=; ") < 7700


@pytest.mark.parametrize("next_path", ["/", "/" + "a" * 2047])
def test_one_cookie_is_never_too_large_for_a_browser(next_path: str) -> None:
    """4096 bytes with its name and attributes (RFC 6265 section 6.1)."""
    made = pending(next_path=next_path, scopes=("openid", "profile", "offline_access", "https://x.test/" + "s" * 100))
    [cookie] = PendingCookies(KEYS, "client", is_secure=True).add(made, {})
    assert len(cookie.name) + len(cookie.value) < 4000


@pytest.mark.parametrize(
    ("next_path", "kept"),
    [
        ("/page?" + "a" * 500, "/page?" + "a" * 500),
        ("/page?" + "a" * 2000, "/page"),
        ("/" + "a" * 2000, "/mount/"),
        ("/" + "a" * 1990 + "?x=1", "/mount/"),
    ],
    ids=["fits", "long query", "long path", "long path with a query"],
)
def test_large_claims_shorten_the_path_to_return_to(next_path: str, kept: str) -> None:
    """Browsers ignore a cookie that is too large, and the sign-in could never be completed."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    made = pending(next_path=next_path, claims='{"access_token":"' + "c" * 1500 + '"}')
    [cookie] = cookies.add(made, {}, start_page="/mount/")
    assert len(cookie.name) + len(cookie.value) < 4000
    found = cookies.find(made.state, {cookie.name: cookie.value})
    assert found is not None
    assert found[1] == replace(made, next_path=kept)


def test_expired_cookies_are_recognized_by_their_time() -> None:
    """Expired cookies are found without decrypting them."""
    cookies = PendingCookies(KEYS, CLIENT, is_secure=False)
    old, new, *others = CookieNames(CLIENT, is_secure=False).pending
    jar = {old: f"{NOW}.x", new: f"{NOW + 100}.x", "other-1-d": ""}
    malformed = dict(zip(others, ["", "x", "\u0661.x", "9" * 16], strict=True))
    assert cookies.expired({**jar, **malformed}, NOW + LIFETIME + 50) == [old, *others]


@pytest.mark.parametrize(("path", "kept"), [("/me?x=1", "/me?x=1"), ("/" + "a" * 2000, None)])
def test_the_state_parameter_carries_the_path(path: str, kept: str | None) -> None:
    """Encrypted, for its own state only, and only if it is short."""
    made, parameter = pending(next_path=path), StateParameter(KEYS)
    value = parameter.write(made)
    assert path not in value
    assert len(value) < 600
    assert parameter.read(value) == (made.state, kept)
    assert parameter.read(f"other.{value.partition('.')[2]}") == ("other", None)
    for malformed in ("", ".", "x", "x.", "x.y", "x.ä", "x.\0"):
        assert parameter.read(malformed) == (malformed.partition(".")[0], None)


def test_two_applications_on_one_host_do_not_disturb_each_other() -> None:
    """Browsers ignore ports: each application counts and finds only its own cookies."""
    first, second = (PendingCookies(KEYS, name, is_secure=False) for name in ("first", "second"))
    jar: dict[str, str] = {}
    for number in range(5):
        [cookie] = first.add(pending(NOW + number), jar)
        jar[cookie.name] = cookie.value
    made = pending()
    [cookie] = second.add(made, jar)
    assert first.find(made.state, {cookie.name: cookie.value}) is None
    assert second.expired(jar, NOW + 10**6) == []


def test_the_oldest_sign_ins_make_room_for_a_large_one() -> None:
    """As many of the newest ones stay as fit."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    jar: dict[str, str] = {}
    for second in (3, 1, 5, 2, 4):
        [cookie] = cookies.add(pending(NOW + second, next_path="/" + "a" * 150), jar)
        jar[cookie.name] = cookie.value
    _, *dropped = cookies.add(pending(NOW + 6, next_path="/" + "a" * 2000), jar)
    gone = {cookie.name for cookie in dropped}
    assert gone
    kept = sorted(value.partition(".")[0] for name, value in jar.items() if name not in gone)
    assert kept == [str(NOW + second) for second in range(1 + len(gone), 6)]


@pytest.mark.parametrize("length", range(1000, 2000, 40))
def test_a_sign_in_never_deletes_its_own_cookie(length: int) -> None:
    """All names are in use: the new cookie has the name of the oldest one, whose size does not count any more."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    jar: dict[str, str] = {}
    for made in (*(pending(NOW + second) for second in range(5)), pending(NOW + 9, next_path="/" + "a" * length)):
        for cookie in cookies.add(made, jar):
            jar[cookie.name] = cookie.value
            if not cookie.value:
                del jar[cookie.name]
    new, *dropped = cookies.add(pending(NOW + 10), jar)
    assert new.value
    assert new.name not in {cookie.name for cookie in dropped}


def test_a_deletion_takes_effect_at_once() -> None:
    """Browsers delete a cookie whose age is 0."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    [name] = started(cookies, pending())
    assert (cookies.delete(name).name, cookies.delete(name).value, cookies.delete(name).max_age) == (name, "", 0)


@pytest.mark.parametrize("length", [290, 310, 590, 610, 2000])
def test_the_state_parameter_is_never_long(length: int) -> None:
    """Servers limit the length of URLs, and the state is one parameter of several."""
    assert len(StateParameter(KEYS).write(pending(next_path="/" + "a" * length))) < 600


def test_cookies_of_another_secret_are_recognized() -> None:
    """The log can then say that the workers have different secret keys."""
    jar = started(PendingCookies(KEYS, "client", is_secure=True), pending())
    others = PendingCookies(KeyRing("another"), "client", is_secure=True)
    assert others.are_of_another_secret(jar)
    assert not PendingCookies(KEYS, "client", is_secure=True).are_of_another_secret(jar)
    for malformed in ("", "1.é", "1.x"):
        assert not others.are_of_another_secret(dict.fromkeys(jar, malformed))
    assert not others.are_of_another_secret({})
