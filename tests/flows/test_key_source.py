"""How often signing keys are fetched, and what happens when the authority does not respond."""

import threading
from typing import Any

import pytest

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.key_authority import ISSUER, KEYS, Authority
from tests.kit.replies import AUTHORITY, CLIENT, OTHER_TENANT, TENANT
from tests.kit.signed_tokens import claims, key_set, sign
from webidentity._flows.key_source import KeySource, KeysUnavailableError
from webidentity._protocol.effects import Wait
from webidentity._protocol.verification import TokenRejectedError, UnknownKeyError
from webidentity._transport.pipeline import SyncPipeline


@pytest.fixture
def authority() -> Authority:
    """An authority whose key is "tenant"."""
    return Authority()


@pytest.fixture
def source() -> KeySource:
    """A key source without any keys yet."""
    return KeySource(AUTHORITY, TENANT)


def token(by: str = "tenant", **header: Any) -> str:
    """Return a token that is valid for hours before and after now."""
    import time

    now = int(time.time())
    return sign(claims(iss=ISSUER, iat=now, nbf=now, exp=now + 48 * 3600), by=by, header=header)


def verify(driver: Driver, source: KeySource, authority: Authority, text: str) -> dict[str, Any]:
    """Verify the token with that driver."""
    outcome: dict[str, Any] = driver.run(source.verify(text, frozenset({CLIENT})), authority.send)
    return outcome


def test_keys_are_fetched_once_a_day(driver: Driver, source: KeySource, authority: Authority, clock: Clock) -> None:
    """Metadata and keys are fetched with the first token, and again when they are a day old."""
    for _ in range(3):
        assert verify(driver, source, authority, token())["aud"] == CLIENT
    assert authority.requests_made == 2
    clock.advance(24 * 3600 - 10)
    verify(driver, source, authority, token())
    assert authority.requests_made == 2
    clock.advance(20)
    verify(driver, source, authority, token())
    driver.settle()
    assert authority.requests_made == 4


def test_nothing_is_fetched_for_a_malformed_token(driver: Driver, source: KeySource, authority: Authority) -> None:
    """The form of the token is checked first."""
    for text in ("", "a.b.c", token(alg="HS256"), "x" * 70_000):
        with pytest.raises(TokenRejectedError):
            verify(driver, source, authority, text)
    assert authority.requests_made == 0


def test_a_new_key_is_fetched_when_it_is_first_seen(
    driver: Driver, source: KeySource, authority: Authority, clock: Clock
) -> None:
    """The first token with a new key is accepted after a key rotation."""
    verify(driver, source, authority, token())
    authority.keys = key_set("tenant", "rotated")
    clock.advance(61)
    assert verify(driver, source, authority, token("rotated"))
    assert authority.requests_made == 4
    assert verify(driver, source, authority, token())


def test_a_rotation_right_after_a_fetch_is_picked_up(
    driver: Driver, source: KeySource, authority: Authority, clock: Clock
) -> None:
    """One fetch for an unknown key is allowed at any time. Then the rate is limited."""
    verify(driver, source, authority, token())
    authority.keys = key_set("tenant", "rotated")
    assert verify(driver, source, authority, token("rotated"))
    assert authority.requests_made == 4
    for _ in range(3):
        with pytest.raises(UnknownKeyError):
            verify(driver, source, authority, token("unknown"))
    assert authority.requests_made == 4
    clock.advance(61)
    with pytest.raises(UnknownKeyError):
        verify(driver, source, authority, token("unknown"))
    assert authority.requests_made == 6


@pytest.mark.parametrize(
    "issuer",
    [f"https://evil.test/{TENANT}/v2.0", f"{AUTHORITY}/{OTHER_TENANT}/v2.0", f"{AUTHORITY}:abc/{TENANT}/v2.0"],
)
def test_metadata_of_another_issuer_is_not_used(
    driver: Driver, source: KeySource, authority: Authority, issuer: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Its keys are not fetched, and the log says why."""
    authority.metadata = {"issuer": issuer, "jwks_uri": KEYS}
    with pytest.raises(KeysUnavailableError):
        verify(driver, source, authority, token())
    assert authority.requests_made == 1
    assert "names the issuer of another tenant or authority" in caplog.text


def test_ten_thousand_unknown_keys_cause_one_fetch(
    driver: Driver, source: KeySource, authority: Authority, clock: Clock
) -> None:
    """Keys are fetched at most once a minute."""
    clock.stop()
    verify(driver, source, authority, token())
    clock.advance(61)
    text = token("unknown")
    for _ in range(10_000):
        with pytest.raises(UnknownKeyError):
            verify(driver, source, authority, text)
    assert authority.requests_made == 4
    clock.advance(61)
    with pytest.raises(UnknownKeyError):
        verify(driver, source, authority, text)
    assert authority.requests_made == 6


def test_concurrent_callers_share_one_fetch(driver: Driver, source: KeySource, authority: Authority) -> None:
    """All of them get their claims."""
    authority.network._latency = 0.05
    text = token()
    flows = [lambda: driver.start(source.verify(text, frozenset({CLIENT})), authority.send) for _ in range(8)]
    outcomes = driver.together(flows)
    assert [outcome["aud"] for outcome in outcomes] == [CLIENT] * 8
    assert authority.requests_made == 2


def test_the_last_good_keys_stay_in_use(driver: Driver, source: KeySource, authority: Authority, clock: Clock) -> None:
    """They do while the authority is unreachable or sends an invalid key set."""
    verify(driver, source, authority, token())
    for trouble in (
        {"is_down": True},
        {"reply": Reply("<html>maintenance</html>")},
        {"reply": Reply({}, 503)},
        {"reply": Reply("{}", 302, {"Location": "https://evil.test/"})},
        {"reply": Reply(b"\xff\xfe", 200, {"Content-Type": "text/html; charset=utf-8"})},
        {"reply": Reply(b"x", 200, {"Content-Type": "text/html; charset=no-such-encoding"})},
        {"reply": Reply('{"keys": []}')},
    ):
        authority.is_down, authority.reply = False, None
        for name, value in trouble.items():
            setattr(authority, name, value)
        clock.advance(25 * 3600)
        requests_made = authority.requests_made
        for _ in range(3):
            assert verify(driver, source, authority, token())
            driver.settle()
        assert authority.requests_made == requests_made + 1, trouble


def test_without_any_key_nothing_is_accepted(
    driver: Driver, source: KeySource, authority: Authority, clock: Clock
) -> None:
    """The next attempt is made a few seconds later, not with each token."""
    authority.is_down = True
    for _ in range(3):
        with pytest.raises(KeysUnavailableError, match=f"tenant {TENANT} cannot be fetched from {AUTHORITY}"):
            verify(driver, source, authority, token())
    assert authority.requests_made == 1
    authority.is_down = False
    clock.advance(6)
    assert verify(driver, source, authority, token())


@pytest.mark.parametrize("uri", ["http://keys.test/keys", "http://127.0.0.1:6379/x", "https://internal.corp/keys"])
def test_keys_are_not_fetched_from_elsewhere(driver: Driver, source: KeySource, authority: Authority, uri: str) -> None:
    """Keys over http could be replaced in the network, and another host is not the authority."""
    authority.metadata = {"issuer": ISSUER, "jwks_uri": uri}
    with pytest.raises(KeysUnavailableError):
        verify(driver, source, authority, token())
    assert authority.requests_made == 1


@pytest.mark.parametrize("first", [True, False], ids=["for the metadata", "for the keys"])
def test_redirects_are_not_followed(driver: Driver, source: KeySource, authority: Authority, first: bool) -> None:
    """Keys of a different host are not those of the authority."""
    elsewhere = Reply("", 302, {"Location": "https://evil.test/keys"})
    answers = [elsewhere] if first else [Reply(authority.metadata), elsewhere]
    authority.network = Canned(*answers)
    authority.send = SyncPipeline(transport=authority.network.transport(), retry_total=0).send
    with pytest.raises(KeysUnavailableError):
        verify(driver, source, authority, token())
    assert not any("evil" in sent.url for sent in authority.network.sent)


def test_the_issuer_comes_from_the_metadata(driver: Driver, source: KeySource, authority: Authority) -> None:
    """It is not derived, because sovereign clouds have issuers of their own."""
    authority.metadata = {"issuer": f"https://sts.windows.net/{TENANT}/", "jwks_uri": KEYS}
    authority.keys = key_set("tenant", issuer=None)
    with pytest.raises(TokenRejectedError, match="another issuer"):
        verify(driver, source, authority, token())


def test_keys_are_fetched_after_the_clock_was_set_back(
    driver: Driver, source: KeySource, authority: Authority, clock: Clock
) -> None:
    """A machine that starts with a wrong clock still fetches new keys."""
    authority.is_down = True
    clock.advance(10**8)
    with pytest.raises(KeysUnavailableError):
        verify(driver, source, authority, token())
    authority.is_down = False
    clock.advance(-(10**8))
    assert verify(driver, source, authority, token())


def test_keys_of_the_future_are_fetched_again(
    driver: Driver, source: KeySource, authority: Authority, clock: Clock
) -> None:
    """They were fetched before the clock was set back. Otherwise a key that was removed would be used for as long."""
    clock.advance(30 * 24 * 3600)
    verify(driver, source, authority, token())
    clock.advance(-30 * 24 * 3600)
    verify(driver, source, authority, token())
    driver.settle()
    assert authority.requests_made == 4


def test_a_token_with_an_unknown_key_does_not_wait_for_a_silent_authority(
    driver: Driver, source: KeySource, authority: Authority, clock: Clock
) -> None:
    """Any client can invent key IDs: its request must not hold a worker. The keys are fetched beside it."""
    verify(driver, source, authority, token())
    clock.advance(61)
    authority.is_down = True
    with pytest.raises(KeysUnavailableError):
        verify(driver, source, authority, token("unknown"))
    authority.is_down = False
    authority.keys = key_set("tenant", "rotated")
    clock.advance(6)
    refused, answer = threading.Event(), authority.network._answer

    def answer_later(sent: Sent) -> Reply | Exception:
        assert refused.wait(10), "the caller must not wait for the keys"
        assert answer is not None
        return answer(sent)

    authority.network._answer = answer_later
    if driver.name == "aio":
        # The sender of this driver blocks its loop.
        refused.set()
    requests_made = authority.requests_made
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            verify(driver, source, authority, token("rotated"))
        assert verify(driver, source, authority, token())
        if driver.name == "aio":
            break
    refused.set()
    driver.settle()
    assert authority.requests_made == requests_made + 2
    assert verify(driver, source, authority, token("rotated"))


def test_only_one_caller_waits_for_the_fetch_of_an_unknown_key(
    driver: Driver, source: KeySource, authority: Authority, clock: Clock
) -> None:
    """The others are told at once that the keys are unavailable. Verified replies of the authority wait for it."""
    verify(driver, source, authority, token())
    clock.advance(61)
    authority.keys = key_set("tenant", "rotated")
    first = source.verify(token("rotated"), frozenset({CLIENT}))
    pending: Any = next(first)
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            verify(driver, source, authority, token("rotated"))
    waiting = source.verify(token("rotated"), frozenset({CLIENT}), waits=True)
    assert isinstance(next(waiting), Wait)
    pending = first.send(authority.send(pending.request))
    with pytest.raises(StopIteration) as done:
        first.send(authority.send(pending.request))
    assert done.value.value["aud"] == CLIENT
    waiting.close()
    assert authority.requests_made == 4


def test_callers_do_not_wait_while_old_keys_are_renewed(driver: Driver, authority: Authority, clock: Clock) -> None:
    """All callers use the old keys while the new ones are fetched beside them, once."""
    source = KeySource(AUTHORITY, TENANT)
    verify(driver, source, authority, token())
    clock.advance(24 * 3600 + 60)
    verified, answer = threading.Event(), authority.network._answer

    def answer_later(sent: Sent) -> Reply | Exception:
        assert verified.wait(10), "the callers must not wait for the new keys"
        assert answer is not None
        return answer(sent)

    def call() -> Any:
        return driver.start(source.verify(token(), frozenset({CLIENT})), authority.send)

    authority.network._answer = answer_later
    if driver.name == "aio":
        # The sender of this driver blocks its loop, so the callers have to be done before it is called.
        verified.set()
    outcomes = driver.together([call] * 8)
    verified.set()
    assert [outcome["aud"] for outcome in outcomes] == [CLIENT] * 8
    driver.settle()
    assert authority.requests_made == 4
