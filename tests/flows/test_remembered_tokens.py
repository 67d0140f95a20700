"""What is remembered about a bearer token: that its signature is right, and never more than a full check would say."""

import gc
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.forks import in_a_fork
from tests.kit.key_authority import ISSUER, Api, Signatures
from tests.kit.replies import AUTHORITY, CLIENT
from tests.kit.signed_tokens import claims, key_set, sign
from webidentity._flows.verified_tokens import VerifiedTokens
from webidentity._protocol.signing_keys import SigningKey
from webidentity._protocol.verification import TokenRejectedError, UnknownKeyError, VerifiedToken

HOUR = 3600


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> Signatures:
    """Counts the signatures that are checked from now on."""
    counter, has_signed = Signatures(), SigningKey.has_signed

    def counted(key: SigningKey, content: bytes, signature: bytes) -> bool:
        counter.count()
        return has_signed(key, content, signature)

    monkeypatch.setattr(SigningKey, "has_signed", counted)
    return counter


@pytest.fixture
def api(driver: Driver, clock: Clock) -> Api:
    """An API that has not seen any token. Its clock stands still."""
    clock.stop()
    return Api(driver)


def token(by: str = "tenant", *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a token that is valid for an hour."""
    now = int(time.time())
    return sign(claims(**{"iss": ISSUER, "iat": now, "nbf": now, "exp": now + HOUR, **changes}), by=by, header=header)


def test_the_signature_of_a_repeated_token_is_checked_once(api: Api, signatures: Signatures) -> None:
    """Each request has the same claims."""
    text = token(groups=["a", "b"])
    first = api.claims(text)
    assert [api.claims(text) for _ in range(5)] == [first] * 5
    assert first["groups"] == ["a", "b"]
    assert signatures.checked == 1
    api.claims(token(sub="another"))
    assert signatures.checked == 2


def test_an_id_token_is_not_remembered(api: Api, signatures: Signatures) -> None:
    """It comes once, from the authority itself."""
    text = token()
    for _ in range(2):
        api.claims(text, waits=True)
    assert signatures.checked == 2


def test_a_remembered_token_expires(api: Api, clock: Clock) -> None:
    """In the same second as a token that is seen for the first time, also if it is used all the time."""
    text, never_used = token(), token(sub="never used")
    for _ in range(12):
        api.claims(text)
        clock.advance(HOUR / 12)
    clock.advance(299)
    assert api.claims(text)
    clock.advance(1)
    for each in (text, never_used):
        api.refuses(each, "expired")


def test_a_remembered_token_is_not_valid_before_its_time(api: Api, clock: Clock) -> None:
    """The clock may be set back."""
    text = token()
    api.claims(text)
    clock.advance(-301)
    api.refuses(text, "not valid yet")
    clock.advance(301)
    assert api.claims(text)


def test_a_remembered_token_is_for_one_audience(api: Api) -> None:
    """The audiences are those of the request, not those of an earlier one."""
    text = token()
    api.claims(text)
    api.refuses(text, "another application", audience="another")
    assert api.claims(text)


def test_a_token_whose_key_is_removed_is_refused(api: Api, clock: Clock, signatures: Signatures) -> None:
    """As soon as the new keys are known: here because another token has a new key."""
    text = token()
    api.claims(text)
    api.authority.keys = key_set("rotated")
    clock.advance(61)
    assert api.claims(text)
    assert api.claims(token("rotated"))
    with pytest.raises(UnknownKeyError):
        api.claims(text)
    assert signatures.checked == 2


def test_a_removed_key_is_noticed_by_the_daily_fetch(api: Api, clock: Clock) -> None:
    """No token with another key is needed."""
    text = token(exp=int(time.time()) + 48 * HOUR)
    api.claims(text)
    api.authority.keys = key_set("rotated")
    clock.advance(24 * HOUR + 1)
    api.claims(text)
    api.driver.settle()
    with pytest.raises(UnknownKeyError):
        api.claims(text)


def test_a_key_that_is_replaced_under_the_same_id(api: Api, clock: Clock) -> None:
    """The signature is checked again with the key of that ID."""
    text = token(header={"kid": "the-key"})
    api.authority.keys = key_set("tenant", kid="the-key")
    api.claims(text)
    api.authority.keys = key_set("other", kid="the-key")
    clock.advance(61)
    api.refuses(token(header={"kid": "unknown"}), "does not publish")
    api.refuses(text, "signature is wrong")


def test_a_key_that_may_no_longer_sign_for_the_issuer(api: Api, clock: Clock) -> None:
    """The issuer of the key is compared again."""
    text = token()
    api.claims(text)
    api.authority.keys = key_set("tenant", issuer=f"{AUTHORITY}/another/v2.0")
    clock.advance(61)
    api.refuses(token("unknown"), "does not publish")
    api.refuses(text, "does not belong to its issuer")


def test_a_changed_issuer_of_the_tenant(api: Api, clock: Clock) -> None:
    """The metadata decides, with each request."""
    text = token()
    api.claims(text)
    api.authority.metadata["issuer"] = f"{ISSUER}/"
    clock.advance(61)
    api.refuses(token("unknown"), "does not publish")
    api.refuses(text, "another issuer")


def test_a_token_that_differs_in_one_character_is_another_token(api: Api, signatures: Signatures) -> None:
    """Wherever it differs, and however the difference is written."""
    text = token()
    api.claims(text)
    for position in range(0, len(text), 7):
        for character in ("A", "=", " ", "é"):
            if text[position] != character:
                with pytest.raises(TokenRejectedError):
                    api.claims(text[:position] + character + text[position + 1 :])
    for other in (f"{text}=", f"{text} ", f" {text}", f"{text}\n", text[:-1], f"{text}.", f"{text}\0"):
        with pytest.raises(TokenRejectedError):
            api.claims(other)
    with pytest.raises(TokenRejectedError):
        api.claims(f"{text}\ud800")


def test_another_payload_with_a_remembered_signature(api: Api) -> None:
    """The signature belongs to one payload."""
    header, _, signature = token().split(".")
    api.claims(token())
    payload = token(sub="mallory").split(".")[1]
    for _ in range(2):
        api.refuses(f"{header}.{payload}.{signature}", "signature is wrong")


REFUSED = {
    "signature is wrong": lambda: token("other", header={"kid": "tenant"}),
    "expired": lambda: token(exp=5),
    "not valid yet": lambda: token(nbf=int(time.time()) + 10**6),
    "another application": lambda: token(aud="another"),
    "another issuer": lambda: token(iss="another"),
    "does not belong to its issuer": lambda: token(tid="99999999-9999-9999-9999-999999999999"),
    "no subject": lambda: token(sub=""),
    "no usable exp": lambda: token(exp="soon"),
    "nested": lambda: sign(b'{"a":' * 60 + b"1" + b"}" * 60),
    "not a JSON object": lambda: sign(b"[]"),
    "does not publish": lambda: token("unknown"),
    "RS256": lambda: token(header={"alg": "none"}),
    "not a signed token": lambda: "a.b.c",
    "longer": lambda: "x" * 70_000,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refused_token_is_refused_again(api: Api, reason: str) -> None:
    """And nothing is remembered of it."""
    text = REFUSED[reason]()
    api.claims(token())
    for _ in range(3):
        api.refuses(text, reason)
    # An unknown key has the keys fetched again: what was verified with the earlier ones is forgotten.
    assert remembered(api) == (0 if reason == "does not publish" else 1)


def remembered(api: Api) -> int:
    """Return how many tokens are remembered."""
    known: Any = api.source._known
    return len(known.tokens)


def test_the_number_of_remembered_tokens_is_limited(api: Api, signatures: Signatures) -> None:
    """The latest ones are remembered. The others are checked again, as if they were new."""
    now = int(time.time())
    texts = [token(sub=str(number), exp=now + HOUR + number) for number in range(1100)]
    for number, text in enumerate(texts):
        assert api.claims(text)["sub"] == str(number)
        assert remembered(api) <= 1000
    assert remembered(api) >= 500
    assert signatures.checked == 1100
    for text in texts[-500:]:
        api.claims(text)
    assert signatures.checked == 1100
    assert api.claims(texts[0])["sub"] == "0"
    assert signatures.checked == 1101


def test_a_long_token_is_not_remembered(api: Api, signatures: Signatures) -> None:
    """So that the number of tokens limits the memory."""
    by_length = {len(text): text for text in (token(padding="x" * size) for size in range(2400, 2520))}
    limit = by_length[max(length for length in by_length if length <= 4096)]
    longer = by_length[min(length for length in by_length if length > 4096)]
    assert len(longer) - len(limit) <= 2
    for text in (limit, limit, longer, longer):
        assert api.claims(text)
    assert signatures.checked == 3
    assert remembered(api) == 1


def test_expired_tokens_are_forgotten(api: Api, clock: Clock) -> None:
    """With the next request that comes a minute later, whatever token it has."""
    now = int(time.time())
    for number in range(20):
        api.claims(token(sub=str(number), exp=now + 600))
    steady = token(exp=now + 10**6)
    api.claims(steady)
    assert remembered(api) == 21
    clock.advance(599)
    api.claims(steady)
    assert remembered(api) == 21
    clock.advance(61)
    api.claims(steady)
    assert remembered(api) == 1


def test_expired_tokens_are_forgotten_after_the_clock_was_set_back() -> None:
    """The next time to look does not lie in a distant future."""
    now = time.time()
    tokens = VerifiedTokens()

    def add(name: bytes, expires_on: float) -> None:
        tokens.add(name, VerifiedToken({}, ISSUER, frozenset({CLIENT}), now, expires_on))

    tokens.find(None, now + 10**6)
    add(b"of the future", now + 10**6 + HOUR)
    tokens.find(None, now)
    add(b"expires", now + 600)
    tokens.find(b"expires", now + 601)
    assert len(tokens) == 1
    assert tokens.find(b"of the future", now + 661), "it has not expired"


def test_no_token_is_kept(api: Api) -> None:
    """Neither a token nor a signature can be found in the memory of the process, or in a representation."""
    text = token()
    api.claims(text)
    known: Any = api.source._known
    assert "subject" not in f"{known.tokens!r}{list(known.tokens._tokens.values())!r}"
    seen: set[int] = set()
    pending: list[Any] = [known.tokens]
    while pending:
        each = pending.pop()
        if id(each) in seen or isinstance(each, type) or type(each).__name__ in {"module", "function"}:
            continue
        seen.add(id(each))
        if isinstance(each, str):
            assert each not in text or len(each) < 16
        if isinstance(each, bytes):
            assert each not in text.encode() or len(each) < 16
        pending += gc.get_referents(each)


def test_claims_cannot_be_changed(api: Api) -> None:
    """All requests with the token share them."""
    text = token()
    found: Any = api.claims(text)
    with pytest.raises(TypeError):
        found["sub"] = "mallory"
    assert not hasattr(found, "update")
    assert api.claims(text)["sub"] == "subject"


def test_many_callers_at_once(api: Api) -> None:
    """On threads and in tasks: each gets the claims of its own token."""
    texts = [token(sub=str(number)) for number in range(40)]
    api.claims(texts[0])
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        calls = [
            lambda text=text: api.driver.start(api.source.verify(text, frozenset({CLIENT})), api.authority.send)
            for text in texts * 5
        ]
        outcomes = api.driver.together(calls)
    finally:
        sys.setswitchinterval(interval)
    assert [outcome["sub"] for outcome in outcomes] == [str(number) for number in range(40)] * 5
    assert remembered(api) == 40


def test_a_forked_process_knows_the_tokens(api: Api, signatures: Signatures) -> None:
    """It can use, add and forget tokens independently."""
    text, other = token(), token(sub="other")
    api.claims(text)

    def check() -> bool:
        return api.claims(text)["sub"] == "subject" and api.claims(other)["sub"] == "other" and remembered(api) == 2

    assert in_a_fork(check)
    assert (remembered(api), signatures.checked) == (1, 1)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["verify", "wait", "rotate", "unknown"]),
        st.integers(0, 5),
        st.sampled_from([0, 1, 59, 61, 299, 301, 1800, 3600, -400]),
    ),
    max_size=30,
)


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_a_memory_changes_no_outcome(steps: list[tuple[str, int, int]]) -> None:
    """Two APIs see the same tokens at the same times; one of them remembers nothing."""
    from tests.kit.drivers import SyncFace

    clock, real = Clock(), time.time
    clock.stop()
    time.time = clock
    try:
        two = [Api(SyncFace()), Api(SyncFace())]
        texts = [token(by, sub=str(number)) for number, by in enumerate(("tenant", "rotated") * 3)]
        for step, number, seconds in steps:
            if step == "wait":
                clock.advance(seconds)
                continue
            for api in two:
                if step == "rotate":
                    api.authority.keys = key_set(("tenant", "rotated", "other")[number % 3])
            if step != "rotate":
                text = texts[number] if step == "verify" else token("unknown")
                outcomes = [outcome_of(api, text, remembers=api is two[0]) for api in two]
                assert outcomes[0] == outcomes[1]
                assert two[0].authority.requests_made == two[1].authority.requests_made
    finally:
        time.time = real


def outcome_of(api: Api, text: str, *, remembers: bool) -> Any:
    """Return the claims, or the error."""
    known: Any = api.source._known
    if known is not None and not remembers:
        known.tokens._tokens.clear()
    try:
        return dict(api.claims(text))
    except Exception as error:
        return type(error), str(error)
    finally:
        api.driver.settle()
