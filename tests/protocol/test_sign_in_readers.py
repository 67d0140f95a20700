"""The readers of sign-in replies accept any input, and raise only their documented errors."""

import json
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.canned import Reply
from tests.kit.replies import CLIENT, TENANT, jwt_of
from tests.kit.script import Response
from webidentity._protocol.account import ExpectedAccount, account_of
from webidentity._protocol.authorization import LoopbackRedirect, read_authorization_reply
from webidentity._protocol.device_code import read_device_code
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import EntraError

#: With lone surrogates, which JSON can escape and which cannot be encoded.
TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EXPECTED = ExpectedAccount(CLIENT, "https://login.test", TENANT)
CODE_FIELDS = ("user_code", "device_code", "verification_uri", "verification_url", "expires_in", "interval", "message")
CLAIMS = ("aud", "tid", "exp", "nonce", "iss", "sub", "preferred_username", "upn")


@given(st.dictionaries(st.sampled_from([*CODE_FIELDS, "error", "error_description"]), JSON), st.integers(100, 599))
def test_any_reply_to_a_device_authorization_request(document: dict[str, Any], status: int) -> None:
    """The result is a complete device code or an EntraError."""
    try:
        code = read_device_code(Response(Reply(json.dumps(document), status)), now=1000.0)
    except EntraError:
        return
    assert code.user_code
    assert code.device_code
    assert code.user_code.isprintable()
    assert code.message.isprintable()
    assert code.expires_on > 1000
    assert 1 <= code.interval <= 60
    assert code.expires_at.tzinfo is not None
    assert code.device_code not in repr(code) or len(code.device_code) < 4


@pytest.mark.parametrize("field", ["user_code", "verification_uri"])
def test_a_code_that_cannot_be_shown_is_refused(field: str) -> None:
    """The user would see an empty line."""
    document = {"user_code": "HJKL-1234", "device_code": "d", "verification_uri": "https://a.test", "expires_in": 900}
    with pytest.raises(EntraError, match="incomplete"):
        read_device_code(Response(Reply({**document, field: "\u200b \x00"})), now=0.0)


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_bytes_for_a_device_code(body: bytes, status: int) -> None:
    """A body that is not JSON is an EntraError too."""
    with pytest.raises(EntraError):
        read_device_code(Response(Reply(body, status)), now=0.0)


@given(st.dictionaries(st.sampled_from(["code", "error", "error_description", "iss", "state"]), st.text(max_size=60)))
def test_any_reply_in_the_browser(parameters: dict[str, str]) -> None:
    """The result is a code, or an error with a printable text on one line."""
    try:
        reply, refused = read_authorization_reply(parameters), ""
    except EntraError as refusal:
        reply, refused = None, str(refusal)
    assert refused.isprintable()
    if reply is not None:
        assert reply.code == parameters["code"]
        assert not parameters.get("error")
        assert reply.code not in repr(reply) or len(reply.code) < 30 or reply.code in parameters.get("iss", "")


@given(
    st.dictionaries(st.sampled_from(CLAIMS), JSON), st.none() | st.text(max_size=10), st.none() | st.text(max_size=5)
)
def test_any_id_token(claims: dict[str, Any], home_account_id: str | None, nonce: str | None) -> None:
    """The result is an account whose fields are strings, or a ClientAuthenticationError."""
    reply = TokenReply("t", 0, None, "Bearer", (), id_token=jwt_of(**claims), home_account_id=home_account_id)
    try:
        record = account_of(reply, EXPECTED, now=0.0, nonce=nonce)
    except ClientAuthenticationError:
        return
    assert claims["aud"] == CLIENT
    assert nonce is None or claims["nonce"] == nonce
    assert type(record).deserialize(record.serialize()) == record


def test_a_nonce_or_an_issuer_of_another_sign_in_is_refused() -> None:
    """This prevents code injection (RFC 9700 section 4.5)."""
    claims = {"aud": CLIENT, "exp": 10, "nonce": "mine", "iss": "https://login.test/v2.0", "tid": TENANT}
    reply = TokenReply("t", 0, None, "Bearer", (), id_token=jwt_of(**claims), home_account_id="ada")
    given: dict[str, Any] = {"expected": EXPECTED, "now": 0.0}
    assert account_of(reply, **given, nonce="mine", issuer="https://login.test/v2.0").home_account_id == "ada"
    with pytest.raises(ClientAuthenticationError, match="another sign-in"):
        account_of(reply, **given, nonce="other")
    with pytest.raises(ClientAuthenticationError, match="another issuer"):
        account_of(reply, **given, issuer="https://evil.test/v2.0")


@given(st.text(max_size=60) | st.from_regex(r"http://[a-z0-9.:\[\]@/?#-]{0,40}", fullmatch=True))
def test_any_redirect_uri(text: str) -> None:
    """The result is a redirect URI of this machine, or a ValueError."""
    try:
        redirect = LoopbackRedirect.parse(text)
    except ValueError:
        return
    assert text.lower().startswith("http://")
    assert redirect.port is None or 0 < redirect.port < 65536
    assert LoopbackRedirect.parse(redirect.at(8400)).at(8400) == redirect.at(8400)
