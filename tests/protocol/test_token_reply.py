"""Replies of the token endpoint: which are accepted, which are refused, and what a message may contain."""

import time
from typing import Any

import pytest

from tests.kit.canned import Reply
from tests.kit.replies import client_info, jwt_of, refusal, token, user_token
from tests.kit.script import Response
from webidentity._protocol.redaction import scrub
from webidentity._protocol.token_reply import TokenReply, decode_unverified, read_token_reply
from webidentity.errors import EntraError

NOW = 1_800_000_000


def read(reply: Reply, *secrets: str) -> TokenReply:
    return read_token_reply(Response(reply), now=NOW, secrets=secrets)


def failure(reply: Reply, *secrets: str) -> EntraError:
    with pytest.raises(EntraError) as caught:
        read(reply, *secrets)
    return caught.value


def test_lifetimes_count_from_the_request() -> None:
    """expires_in and refresh_in become Unix seconds."""
    reply = read(token("a", expires_in=3600, refresh_in=1800))
    assert (reply.access_token, reply.expires_on, reply.refresh_on) == ("a", NOW + 3600, NOW + 1800)


def test_numbers_may_be_strings() -> None:
    """ADFS sends expires_in as a string."""
    assert read(token(expires_in="3599", refresh_in="100")).expires_on == NOW + 3599


def test_long_lived_tokens_are_refreshed_half_way() -> None:
    """A token that lives two hours or longer is refreshed half-way if the reply has no refresh_in."""
    assert read(token(expires_in=7200)).refresh_on == NOW + 3600
    assert read(token(expires_in=7199)).refresh_on is None


@pytest.mark.parametrize("expires_in", [None, "soon", True, [], {}, 10**12, 10**400, "1" + "0" * 400])
def test_a_token_without_a_lifetime_is_refused(expires_in: object) -> None:
    """It would be served forever or never."""
    assert "lifetime" in str(failure(token(expires_in=expires_in)))


@pytest.mark.parametrize("token_type", ["pop", "mac", "", 5, [], "Bearer\u0130"])
def test_only_bearer_tokens_are_accepted(token_type: object) -> None:
    """RFC 6749 section 7.1. The type may be missing, and its case does not matter."""
    assert "not of the type Bearer" in str(failure(token(token_type=token_type)))
    assert read(token(token_type="bearer")).access_token == "access-token"
    assert read(token(token_type=None)).token_type == "Bearer"


@pytest.mark.parametrize("text", ["a\r\nX: y", "\u00e9", "a\u2028", "a\x00", "a\x7f", "\ud83d\ude00"], ids=ascii)
@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_tokens_have_printable_ascii_characters(name: str, text: str) -> None:
    """RFC 6749 appendix A.12 and A.17. Anything else cannot be sent in a header, and the error would show the token."""
    error = failure(user_token(**{name: text}))
    assert "characters" in str(error)
    assert text not in str(error)


def test_the_account_comes_from_client_info() -> None:
    """It is named by uid and utid, or else by the subject of the ID token."""
    assert read(user_token(user="ada", client_info=client_info("ada", "home"))).home_account_id == "ada.home"
    assert read(user_token(client_info=None, id_token=jwt_of(sub="subject"))).home_account_id == "subject"
    assert read(token()).home_account_id is None


@pytest.mark.parametrize("garbage", ["", "!", "e30", "eyJ1aWQiOjF9", "\u00e9\u00e9\u00e9"])
def test_unreadable_client_info_names_no_account(garbage: str) -> None:
    """Malformed data neither names an account nor raises."""
    assert read(token(client_info=garbage)).home_account_id is None


@pytest.mark.parametrize("text", ["<b>", "a b", "A" * 43, "line\nbreak", "x" * 41, "fa\u00e9", "fa\n"], ids=ascii)
def test_codes_of_an_unexpected_form_are_dropped(text: str) -> None:
    """They are logged and shown on pages, and may be an echo of the request."""
    error = failure(refusal(text, "Refused.", suberror=text, correlation_id=text))
    assert (error.error, error.suberror, error.correlation_id) == (None, None, None)
    error = failure(refusal("s3cret", suberror="s3cret", correlation_id="c0ffee"), "s3cret", "c0ffee")
    assert (error.error, error.suberror, error.correlation_id) == (None, None, None)


@pytest.mark.parametrize(
    "address",
    ["ada@tenant.test", "ada.b+c@sub.tenant.test", "ada_home.test#EXT#@tenant.test", "ada%40tenant.test", "\u00e9da@t"],
)
def test_a_message_contains_no_address(address: str) -> None:
    """Error descriptions name the user, and messages are logged."""
    error = failure(refusal("invalid_grant", f"AADSTS50020: User account '{address}' does not exist, <{address}>."))
    assert "AADSTS50020: User account '***' does not exist, <***>" in error.message


def test_a_refusal_has_the_details_as_attributes() -> None:
    """A handler need not parse the message."""
    error = failure(
        refusal(
            "interaction_required",
            "AADSTS50076: multi-factor authentication is required.",
            suberror="basic_action",
            error_codes=[50076],
            correlation_id="c0ffee",
            claims='{"access_token":{"capolids":{"essential":true}}}',
        )
    )
    assert (error.error, error.suberror, error.error_codes) == ("interaction_required", "basic_action", (50076,))
    assert error.correlation_id == "c0ffee"
    assert error.claims == '{"access_token":{"capolids":{"essential":true}}}'
    assert error.needs_interaction
    assert error.response is not None
    assert error.response.status_code == 400
    assert "AADSTS50076" in str(error)
    assert "send the user through sign-in" in str(error)


def test_claims_may_be_an_object() -> None:
    """A claims challenge may be an object instead of a string."""
    assert failure(refusal(claims={"access_token": {}})).claims == '{"access_token": {}}'


HOSTILE = {
    "line breaks": ("first\r\nSet-Cookie: a=b\nsecond\x00\x1b[31m\u2028third", ["\r", "\n", "\x00", "\x1b", "\u2028"]),
    "a token": (f"bad token {jwt_of(sub='ada')} sent", ["eyJ", "c2lnbmF0dXJl"]),
    "half a token": (f"bad token {jwt_of(sub='ada').rsplit('.', 1)[0]}", ["eyJ"]),
    "the secret": ("you sent s3cret~value", ["s3cret~value"]),
    "the secret percent-encoded": ("client_secret=p%40ss%2Fword%2B", ["p%40ss%2Fword%2B"]),
    "a megabyte": ("x" * 1_000_000, ["x" * 1000]),
    "a megabyte of token beginnings": ("eyJ-" * 250_000, ["eyJ-" * 300]),
    "a megabyte with the secret late": ("x" * 690 + "s3cret~value" + "x" * 1_000_000, ["s3cret", "s3cr"]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_description_is_made_harmless(name: str) -> None:
    """One line without tokens and secrets of the request, of limited length, in limited time."""
    description, forbidden = HOSTILE[name]
    began = time.perf_counter()
    text = str(failure(refusal("invalid_client", description), "s3cret~value", "p@ss/word+"))
    assert not [value for value in forbidden if value in text]
    assert len(text) < 1000
    assert time.perf_counter() - began < 5


def test_the_error_code_is_made_harmless_too() -> None:
    """It comes from the authority too, like the description."""
    text = str(failure(refusal("in\r\nvalid s3cret~value"), "s3cret~value"))
    assert "\r" not in text
    assert "s3cret" not in text


NO_TOKEN_REPLIES: dict[str, Reply] = {
    "HTML": Reply("<html>Sign in to the proxy</html>", 200, {"Content-Type": "text/html"}),
    "HTML error": Reply("<html>Bad gateway</html>", 502, {"Content-Type": "text/html"}),
    "empty": Reply("", 200),
    "a list": Reply("[]", 200),
    "a number": Reply("1", 200),
    "deeply nested": Reply("[" * 100_000, 200),
    "no token": Reply({"token_type": "Bearer", "expires_in": 3600}),
    "an empty object": Reply({}),
    "a token that is no text": Reply({"access_token": 1, "expires_in": 3600}),
    "an empty token": Reply({"access_token": "", "expires_in": 3600}),
    "a token and an error": Reply({"access_token": "s3cret", "expires_in": 3600, "error": "server_error"}),
    "a token with a failing status": Reply({"access_token": "s3cret", "expires_in": 3600}, 400),
    "an OData error": Reply({"error": {"code": "Bad", "message": f"s3cret {jwt_of(sub='ada')}\r\nnext"}}, 400),
    "strange types": Reply({"error": ["x"], "error_description": 1, "error_codes": "x", "claims": 5}, 400),
}


@pytest.mark.parametrize("name", NO_TOKEN_REPLIES)
def test_an_invalid_reply_is_an_error_with_the_response(name: str) -> None:
    """Any reply leads to an EntraError with a message that contains no secret."""
    error = failure(NO_TOKEN_REPLIES[name], "s3cret")
    assert error.response is not None
    for text in (str(error), repr(error), error.message, error.exc_msg):
        assert not [bad for bad in ("s3cret", "eyJ", "\r", "\n", "(None)") if bad in text], text
    assert "Microsoft Entra ID" in str(error)


def test_an_html_reply_is_explained() -> None:
    """A captive portal answers 200 with a page."""
    assert "proxy" in str(failure(NO_TOKEN_REPLIES["HTML"]))


def test_the_repr_of_a_reply_shows_no_token() -> None:
    """Debuggers and tracebacks show the repr."""
    shown = repr(read(user_token("at-value", refresh_token="rt-value")))
    assert not [value for value in ("at-value", "rt-value", "eyJ") if value in shown]


@pytest.mark.parametrize("token_text", ["", "a", "a.b", "a.!.c", "a.W10.c", "....", "\u00e9.\u00e9.\u00e9"])
def test_claims_of_malformed_tokens_are_empty(token_text: str) -> None:
    """Reading claims never raises."""
    assert decode_unverified(token_text) == {}


@pytest.mark.parametrize(("codes", "advised"), [([65001], "consented"), ([7000215], "secret"), ([1], None)])
def test_known_codes_carry_advice(codes: list[int], advised: str | None) -> None:
    """The message says what to do next."""
    text = str(failure(refusal("invalid_grant", "AADSTS.", error_codes=codes)))
    assert (advised in text) if advised else text.endswith("AADSTS.'")


@pytest.mark.parametrize(
    ("suberror", "spent"),
    [(None, True), ("bad_token", True), ("token_expired", True), ("consent_required", False), ("basic_action", False)],
)
def test_only_a_spent_refresh_token_counts_as_spent(suberror: str | None, spent: bool) -> None:
    """A refresh token that lacks consent for one scope works for the others."""
    more: dict[str, Any] = {} if suberror is None else {"suberror": suberror}
    assert failure(refusal("invalid_grant", **more)).refresh_token_is_spent is spent


def test_scrubbing_keeps_ordinary_text() -> None:
    """Only tokens and secrets are changed."""
    assert scrub("AADSTS65001: The user has not consented. Trace ID: 1-2") == (
        "AADSTS65001: The user has not consented. Trace ID: 1-2"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The user o'brien@tenant.test is blocked", "The user *** is blocked"),
        ("The user 'ada@tenant.test' is blocked", "The user '***' is blocked"),
        ('The user "ada lovelace"@tenant.test is blocked', "The user *** is blocked"),
        ("The user ada\uff20tenant.test is blocked", "The user *** is blocked"),
        ("The user ada%2540tenant.test is blocked", "***"),
        ("The user ada%25%34%30tenant.test is blocked", "***"),
        ("The user ada&#64;tenant.test is blocked", "***"),
        ("The user ada&#x40;tenant.test is blocked", "***"),
        ("The user ada&commat;tenant.test is blocked", "***"),
        ("The user ada&amp;#64;tenant.test is blocked", "***"),
        ("The user ada\\u0040tenant.test is blocked", "***"),
        ("The user ada\\\\u0040tenant.test is blocked", "***"),
        ("The user ada%EF%BC%A0tenant.test is blocked", "***"),
        ("50% &amp; more \\ of a+b @ 12:00", "50% &amp; more \\ of a+b @ 12:00"),
    ],
)
def test_scrubbing_finds_addresses_in_other_spellings(text: str, shown: str) -> None:
    """They are cut out if possible; otherwise nothing is shown."""
    assert scrub(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The password pa&ss is wrong", "The password *** is wrong"),
        ("The password pa&amp;ss is wrong", "The password *** is wrong"),
        ("The password pa%26ss is wrong", "The password *** is wrong"),
        ("The password pa&amp;amp;ss is wrong", "***"),
        ("The password pa\\u0026ss is wrong", "***"),
        ("The password pa%2526ss is wrong", "***"),
        ("Basic dTpwYSZzcw==", "***"),
        ("The password pa&s is wrong \\ud83d \\uZZZZ \\", "The password pa&s is wrong \\ud83d \\uZZZZ \\"),
    ],
)
def test_scrubbing_finds_encoded_secrets(text: str, shown: str) -> None:
    """They are cut out if possible; otherwise nothing is shown."""
    assert scrub(text, ["pa&ss"]) == shown
