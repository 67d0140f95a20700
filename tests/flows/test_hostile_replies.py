"""Whatever an authority sends, a call ends in a token or in an error of this library or of azure-core."""

import json
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.drivers import Driver
from tests.kit.replies import AUTHORITY, CLIENT, SCOPE, TENANT, user_token
from tests.kit.signed_tokens import key_set, sign
from webidentity._flows.key_source import KeySource, KeysUnavailableError
from webidentity._protocol.verification import TokenRejectedError
from webidentity._transport.pipeline import SyncPipeline
from webidentity.cache._envelope import KeyRing
from webidentity.cache._memory import MemoryStore
from webidentity.cache._token_cache import TokenCache

TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(["\ud800", "Bearer", "a.b.c", "\x00", "\r\nX: y"])
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
MEMBERS = (
    "access_token",
    "expires_in",
    "refresh_in",
    "token_type",
    "scope",
    "refresh_token",
    "id_token",
    "client_info",
    "foci",
    "error",
    "error_description",
    "error_codes",
    "suberror",
    "claims",
    "correlation_id",
    "issuer",
    "jwks_uri",
    "keys",
)
KEYS = KeyRing("a-secret-key-of-the-tests-0123456789")
GOOD = json.loads(user_token().content)


def _merged(changes: dict[str, Any]) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


BODIES = (
    st.binary(max_size=60)
    | VALUE.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(MEMBERS), VALUE, max_size=6).map(_merged)
    # Deeper than the JSON parser goes. Hypothesis warns about examples that are longer than 30,000 characters.
    | st.sampled_from([b"[" * 25_000, b'{"a":' * 5_000, b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"9" * 5000, b""])
)
HEADER = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            ["application/json", "application/json; charset=none-such", "text/html; charset=utf-16", "; charset=idna"]
        )
        | HEADER,
        "Content-Length": st.sampled_from(["many", "-1", "0", "99999"]) | HEADER,
        "Content-Encoding": st.sampled_from(["gzip", "deflate", "gzip, gzip", "none-such"]) | HEADER,
        "Retry-After": st.sampled_from(["soon", "nan", "-1", "0"]) | HEADER.filter(lambda text: not text.isdigit()),
        "Location": HEADER,
        "Set-Cookie": HEADER,
        "Date": HEADER,
    },
)
REPLIES = st.builds(Reply, BODIES, st.sampled_from([200, 200, 204, 302, 400, 401, 429, 500, 503, 599]), HEADERS)

# The driver is only a way to run the flow, so that examples may share it.
sampled = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@sampled
@given(reply=REPLIES)
@example(Reply({**GOOD, "refresh_token": "\ud800"}))
@example(Reply({**GOOD, "id_token": "\ud800", "client_info": "\ud800"}))
@example(Reply(GOOD, 200, {"Content-Type": "application/json; charset=none-such"}))
@example(Reply(GOOD, 503, {"Retry-After": "soon"}))
@example(Reply(GOOD, 200, {"Content-Encoding": "gzip"}))
@example(Reply(GOOD, 200, {"Content-Encoding": "deflate"}))
@example(Reply(GOOD, 200, {"Content-Length": "many"}))
def test_a_reply_of_the_token_endpoint(driver: Driver, reply: Reply) -> None:
    """The reply is stored in the form of the stores too, and is then read from there."""
    network = Canned(answer=lambda _: reply)
    cache = TokenCache(MemoryStore(), KEYS)
    arguments = {"client_secret": "s3cret", "token_cache": cache, "retry_total": 1, "retry_backoff_factor": 0}
    credential = driver.credential(
        "AuthorizationCodeCredential", network, TENANT, CLIENT, "code", "https://app.test/", **arguments
    )
    for scope in (SCOPE, "another/scope"):
        try:
            assert credential.get_token(scope).token
        except AzureError as error:
            str(error).encode()


@sampled
@given(reply=REPLIES)
@example(Reply({**GOOD, "refresh_token": "\ud800"}))
def test_a_reply_to_a_refresh_token(driver: Driver, reply: Reply) -> None:
    """The first reply is good."""
    replies = [user_token()]
    network = Canned(answer=lambda _: replies.pop() if replies else reply)
    arguments = {"client_secret": "s3cret", "retry_total": 1, "retry_backoff_factor": 0}
    credential = driver.credential(
        "AuthorizationCodeCredential", network, TENANT, CLIENT, "code", "https://app.test/", **arguments
    )
    assert credential.get_token(SCOPE).token
    for scope in ("another/scope", "a/third"):
        try:
            assert credential.get_token(scope).token
        except AzureError as error:
            str(error).encode()


@pytest.mark.parametrize("hostile", ["openid-configuration", "keys"])
@sampled
@given(reply=REPLIES)
@example(Reply('{"issuer": "\\ud800", "jwks_uri": "https://\\ud800"}'))
@example(Reply('{"issuer": "https://a", "jwks_uri": "https://a\\n"}'))
@example(Reply('{"issuer": "https://a", "jwks_uri": "https://a:99999/"}'))
@example(Reply('{"issuer": "https://a", "jwks_uri": "https://a:x/"}'))
@example(Reply('{"issuer": "https://a", "jwks_uri": "https://a..b/"}'))
@example(Reply("[", 302, {"Location": "0", "Content-Encoding": "deflate", "Content-Length": "0"}))
def test_a_reply_with_metadata_or_keys(driver: Driver, hostile: str, reply: Reply) -> None:
    """The token is refused, or cannot be verified."""
    metadata = {"issuer": f"{AUTHORITY}/{TENANT}/v2.0", "jwks_uri": f"{AUTHORITY}/{TENANT}/discovery/v2.0/keys"}

    def answer(sent: Sent) -> Reply:
        if sent.url.endswith(hostile):
            return reply
        return Reply(metadata) if sent.url.endswith("openid-configuration") else Reply(key_set("tenant"))

    send = SyncPipeline(transport=Canned(answer=answer).transport(), retry_total=1, retry_backoff_factor=0).send
    with pytest.raises((KeysUnavailableError, TokenRejectedError)):
        driver.run(KeySource(AUTHORITY, TENANT).verify(sign(by="other"), frozenset({CLIENT})), send)
