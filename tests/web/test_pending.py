"""The cookies of pending sign-ins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webidentity.cache._envelope import KeyRing
from webidentity.web._pending import LIFETIME, PendingCookies, PendingSignIn

KEYS = KeyRing("a-secret-key")
CLIENT = "the-client"
NOW = 1_800_000_000


def pending(started_at: int = NOW, **changes: object) -> PendingSignIn:
    """Return a new pending sign-in."""
    made = PendingSignIn("https://app.test/auth/callback", "/page", ("openid", "a/b"), None, started_at)
    return replace(made, **changes)  # type: ignore[arg-type]


def started(cookies: PendingCookies, made: PendingSignIn) -> dict[str, str]:
    """Return its cookie, as the browser stores it."""
    [cookie] = cookies.add(made, {})
    return {cookie.name: cookie.value}


def test_a_sign_in_is_found_by_its_state() -> None:
    """With all its values, and with the name of its cookie."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    made = pending(claims='{"a":1}')
    jar = started(cookies, made)
    assert cookies.find(made.state, jar) == (next(iter(jar)), made)
    assert cookies.find(made.state + "x", jar) is None
    assert cookies.find("", jar) is None


def test_the_cookie_reveals_nothing() -> None:
    """The value is encrypted, and the name contains a digest."""
    made = pending()
    [(name, value)] = started(PendingCookies(KEYS, "client", is_secure=True), made).items()
    opened = urlsafe_b64decode(value + "==")
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
    envelope = bytearray(urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    bit = data.draw(st.integers(0, len(envelope) * 8 - 1))
    envelope[bit // 8] ^= 1 << bit % 8
    assert cookies.find(made.state, {name: urlsafe_b64encode(bytes(envelope)).decode()}) is None
    assert cookies.find(made.state, {name: value[: data.draw(st.integers(0, len(value) - 4))]}) is None


@given(st.text(max_size=30), st.text(max_size=60))
def test_malformed_cookies_cause_no_error(name: str, value: str) -> None:
    """Anyone can send a Cookie header."""
    cookies = PendingCookies(KEYS, "client", is_secure=False)
    made = pending()
    own = started(cookies, made)
    prefix = next(iter(own)).partition(str(NOW))[0]
    jar = {name: value, f"{prefix}{name}": value, f"{prefix}{value}-{name}": "", **own}
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
    """Without the prefix, a sibling host could have set the cookie."""
    secure, plain = PendingCookies(KEYS, "client", is_secure=True), PendingCookies(KEYS, "client", is_secure=False)
    made = pending()
    assert plain.find(made.state, started(secure, made)) is None
    assert secure.find(made.state, started(plain, made)) is None
    assert [cookie.secure for cookie in secure.add(made, {})] == [True]
    assert [cookie.secure for cookie in plain.add(made, {})] == [False]


def test_the_oldest_cookies_are_removed() -> None:
    """Five are kept, fewer if they are large. Cookies of the application stay."""
    cookies = PendingCookies(KEYS, "client", is_secure=True)
    jar = {"sessionid": "x" * 3000}
    for second in range(5):
        [cookie] = cookies.add(pending(NOW + second), jar)
        jar[cookie.name] = cookie.value
    new, dropped = cookies.add(pending(NOW + 9), jar)
    assert new.max_age == LIFETIME
    assert (dropped.value, dropped.max_age) == ("", 0)
    assert f"-{NOW}-" in dropped.name
    large = cookies.add(pending(NOW + 9, next_path="/" + "a" * 2000), jar)
    assert len(large) > 2
    assert "sessionid" not in {cookie.name for cookie in large}


@pytest.mark.parametrize("next_path", ["/", "/" + "a" * 2047])
def test_one_cookie_is_never_too_large_for_a_browser(next_path: str) -> None:
    """4096 bytes with its name and attributes (RFC 6265 section 6.1)."""
    made = pending(next_path=next_path, scopes=("openid", "profile", "offline_access", "https://x.test/" + "s" * 100))
    [cookie] = PendingCookies(KEYS, "client", is_secure=True).add(made, {})
    assert len(cookie.name) + len(cookie.value) < 4000


def test_expired_cookies_are_recognized_by_their_names() -> None:
    """Without decrypting them. Names of another form are not ours: another host may have planted them."""
    cookies = PendingCookies(KEYS, CLIENT, is_secure=False)
    [old], [new] = (cookies.add(pending(started_at), {}) for started_at in (NOW, NOW + 100))
    nonsense = old.name.replace(str(NOW), "x")
    jar = {old.name: "", new.name: "", nonsense: "", "other-1-d": ""}
    assert cookies.expired(jar, NOW + LIFETIME + 50) == [old.name]


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
