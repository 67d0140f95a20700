"""The cache policy, tested as lists of requests and replies."""

import json
import logging

import pytest

from tests.kit.canned import Reply
from tests.kit.clock import Clock
from tests.kit.replies import AUTHORITY, CLIENT, SCOPE, TENANT, refusal, token, user_token
from tests.kit.script import play
from webidentity._flows.acquisition import NoTokenSourceError, keep
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import read_token_reply
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

HOME = f"ada.{TENANT}"
CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1700000000"}}}'
ANY: dict[str, str] = {}


def ask(*scopes: str, claims: str | None = None, cae: bool = False) -> TokenRequest:
    return TokenRequest(scopes or (SCOPE,), TENANT, claims, cae)


class App:
    """Acquires the application's own tokens, one after the other."""

    def __init__(self) -> None:
        self.cache = TokenCache()
        self._grant = ClientCredentials(Client(AUTHORITY, CLIENT, ClientSecret("s3cret")), self.cache)

    def token(self, request: TokenRequest, *replies: Reply | Exception) -> str:
        steps = [({"grant_type": "client_credentials", "client_secret": "s3cret"}, reply) for reply in replies]
        return play(self._grant.token(request), steps).token


class User:
    """Acquires tokens of a signed-in user, by refresh token only."""

    def __init__(self, *, refresh_token: str | None = "refresh-token-1") -> None:
        self.user_tokens = UserTokens(Client(AUTHORITY, CLIENT, ClientSecret("s3cret")), TokenCache())
        play(self._sign_in(user_token("signed-in", refresh_token=refresh_token)))

    def _sign_in(self, reply: Reply) -> Flow[object]:
        from tests.kit.script import Response

        acquisition = self.user_tokens.acquisition(ask("openid"), HOME)
        return keep(self.user_tokens.cache, acquisition, read_token_reply(Response(reply), now=_now()), _now())

    def token(self, request: TokenRequest, *steps: tuple[str, Reply | Exception]) -> str:
        expected = [
            ({"grant_type": "refresh_token", "refresh_token": refresh_token}, reply) for refresh_token, reply in steps
        ]
        return play(self.user_tokens.token(request, HOME), expected).token


def _now() -> int:
    import time

    return int(time.time())


def test_a_fresh_token_is_served_without_a_request(clock: Clock) -> None:
    """There is one request, and no further one until the refresh window."""
    app = App()
    assert app.token(ask(), token("first")) == "first"
    clock.advance(3600 - 300 - 10)
    assert app.token(ask()) == "first"


def test_an_expired_token_is_not_served(clock: Clock) -> None:
    """An expired token is replaced; if that fails, the caller gets the error."""
    app = App()
    app.token(ask(), token("first"))
    clock.advance(3600)
    with pytest.raises(EntraError, match="invalid_client"):
        app.token(ask(), refusal("invalid_client"))
    assert app.token(ask(), token("second")) == "second"
    assert app.token(ask()) == "second"


def test_a_token_near_its_expiry_is_renewed(clock: Clock) -> None:
    """From five minutes before its expiry on, a token is served at once and renewed beside the request."""
    app = App()
    app.token(ask(), token("first"))
    clock.advance(3600 - 299)
    assert app.token(ask(), token("second")) == "first"
    assert app.token(ask()) == "second"


def test_a_token_that_is_about_to_expire_is_renewed_first(clock: Clock) -> None:
    """A token with a few seconds left is renewed, because it might expire in transit, and served if that fails."""
    clock.stop()
    app = App()
    app.token(ask(), token("first"))
    clock.advance(3600 - 6)
    assert app.token(ask(), OSError("network")) == "first"
    clock.advance(2)
    assert app.token(ask()) == "first", "renewing it failed less than 30 seconds ago"
    app = App()
    app.token(ask(), token("first"))
    clock.advance(3600 - 4)
    assert app.token(ask(), token("second")) == "second"
    clock.advance(3600 - 4)
    assert app.token(ask(), OSError("network")) == "second"


def test_refresh_in_brings_the_renewal_forward(clock: Clock) -> None:
    """The authority may request a renewal long before the expiry."""
    app = App()
    app.token(ask(), token("first", refresh_in=1000))
    clock.advance(990)
    assert app.token(ask()) == "first"
    clock.advance(11)
    assert app.token(ask(), token("second")) == "first"
    assert app.token(ask()) == "second"


@pytest.mark.parametrize(
    "failure", [refusal("temporarily_unavailable", status=503), OSError("network"), Reply("<html>")]
)
def test_a_failing_renewal_serves_the_current_token(
    clock: Clock, failure: Reply | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Any error serves the valid token, and the next attempt is made 30 seconds later."""
    app = App()
    app.token(ask(), token("first"))
    clock.advance(3600 - 200)
    with caplog.at_level(logging.WARNING):
        assert app.token(ask(), failure) == "first"
    assert "A token could not be renewed" in caplog.text
    clock.advance(29)
    assert app.token(ask()) == "first"
    clock.advance(2)
    assert app.token(ask(), token("second")) == "first"
    assert app.token(ask()) == "second"


def test_a_short_lived_token_is_not_renewed_at_every_call(clock: Clock) -> None:
    """A new token that is already in its refresh window is also served for 30 seconds."""
    app = App()
    app.token(ask(), token("first", expires_in=200))
    assert app.token(ask()) == "first"
    clock.advance(31)
    assert app.token(ask(), token("second", expires_in=200)) == "first"
    assert app.token(ask()) == "second"


def test_claims_bypass_the_cache_and_replace_the_token(clock: Clock) -> None:
    """A cached token that a resource rejected is not served again, with claims or without."""
    app = App()
    app.token(ask(), token("refused"))
    assert app.token(ask(claims=CLAIMS), token("accepted")) == "accepted"
    assert app.token(ask()) == "accepted"
    assert app.token(ask(claims=CLAIMS), token("again")) == "again"


def test_claims_replace_a_token_for_more_scopes() -> None:
    """Of several matching tokens, the newest is served: the one for more scopes was rejected."""
    user = User()
    user.token(ask("a", "b"), ("refresh-token-1", user_token("refused", refresh_token=None)))
    assert user.token(ask("a")) == "refused"
    user.token(ask("a", claims=CLAIMS), ("refresh-token-1", user_token("accepted", refresh_token=None)))
    assert user.token(ask("a")) == "accepted"


def test_claims_for_more_scopes_replace_a_token_for_fewer() -> None:
    """A new token for more scopes replaces the rejected one for fewer."""
    user = User()
    user.token(ask("a"), ("refresh-token-1", user_token("refused", refresh_token=None)))
    user.token(ask("a", "b", claims=CLAIMS), ("refresh-token-1", user_token("accepted", refresh_token=None)))
    assert user.token(ask("a")) == "accepted"


def test_renewing_one_of_several_tokens_serves_the_new_one(clock: Clock) -> None:
    """The renewed token for a subset of the scopes is served from then on."""
    user = User()
    user.token(ask("a", "b"), ("refresh-token-1", user_token("wide", refresh_token=None)))
    clock.advance(3600 - 200)
    assert user.token(ask("a"), ("refresh-token-1", user_token("renewed", refresh_token=None))) == "wide"
    assert user.token(ask("a")) == "renewed"


def test_malformed_claims_are_refused_before_anything_is_sent() -> None:
    """A claims challenge that was not base64-decoded, for example, is refused."""
    with pytest.raises(ValueError, match="JSON object"):
        App().token(ask(claims="eyJ9"))


def test_claims_and_the_cae_capability_are_merged() -> None:
    """The claims parameter contains both the challenge and the client capability."""
    fields = ask(claims=CLAIMS, cae=True).fields
    assert json.loads(fields["claims"])["access_token"] == {
        "nbf": {"essential": True, "value": "1700000000"},
        "xms_cc": {"values": ["CP1"]},
    }
    assert json.loads(ask(cae=True).fields["claims"]) == {"access_token": {"xms_cc": {"values": ["CP1"]}}}
    assert "claims" not in ask().fields


def test_cae_tokens_are_kept_apart() -> None:
    """A caller without CAE never gets a CAE token, and the reverse."""
    app = App()
    app.token(ask(), token("plain"))
    assert app.token(ask(cae=True), token("cae")) == "cae"
    assert (app.token(ask()), app.token(ask(cae=True))) == ("plain", "cae")


def test_the_refresh_token_serves_any_scope_and_either_cae_setting() -> None:
    """One sign-in is enough for all scopes that the user consented to."""
    user = User()
    assert user.token(ask("b"), ("refresh-token-1", user_token("b", refresh_token=None))) == "b"
    assert user.token(ask("c", cae=True), ("refresh-token-1", user_token("c", refresh_token=None))) == "c"
    assert user.token(ask("b")) == "b"


def test_a_rotated_refresh_token_replaces_its_predecessor() -> None:
    """Entra may make refresh tokens single-use."""
    user = User()
    user.token(ask("b"), ("refresh-token-1", user_token("b", refresh_token="refresh-token-2")))
    user.token(ask("c"), ("refresh-token-2", user_token("c", refresh_token="refresh-token-3")))
    user.token(ask("d"), ("refresh-token-3", user_token("d", refresh_token=None)))
    user.token(ask("e"), ("refresh-token-3", user_token("e", refresh_token=None)))


def test_a_spent_refresh_token_is_not_sent_again() -> None:
    """The caller gets the error after invalid_grant, and the next caller gets NoTokenSourceError."""
    user = User()
    with pytest.raises(EntraError, match="AADSTS700082"):
        user.token(ask("b"), ("refresh-token-1", refusal("invalid_grant", "AADSTS700082: expired")))
    with pytest.raises(NoTokenSourceError):
        user.token(ask("b"))
    assert user.token(ask("openid")) == "signed-in"


def test_missing_consent_keeps_the_refresh_token() -> None:
    """The refresh token still works for other scopes."""
    user = User()
    refused = refusal("invalid_grant", "AADSTS65001", suberror="consent_required", error_codes=[65001])
    with pytest.raises(EntraError, match="consented"):
        user.token(ask("b"), ("refresh-token-1", refused))
    assert user.token(ask("c"), ("refresh-token-1", user_token("c"))) == "c"


def test_a_refusal_for_another_reason_keeps_the_refresh_token() -> None:
    """Throttling and server errors say nothing about the refresh token."""
    user = User()
    for error in ("temporarily_unavailable", "invalid_client"):
        with pytest.raises(EntraError, match=error):
            user.token(ask("b"), ("refresh-token-1", refusal(error)))
    assert user.token(ask("b"), ("refresh-token-1", user_token("b"))) == "b"


def test_without_a_refresh_token_there_is_no_token_source() -> None:
    """The user did not grant offline_access."""
    with pytest.raises(NoTokenSourceError):
        User(refresh_token=None).token(ask("b"))


@pytest.mark.parametrize(("error_codes", "needs_interaction"), [([], True), ([70011], False)])
def test_invalid_scope_at_a_refresh_asks_for_consent(error_codes: list[int], needs_interaction: bool) -> None:
    """RFC 6749 section 5.2. With an AADSTS code it comes from Entra and means that the scope does not exist."""
    user = User()
    refused = refusal("invalid_scope", "no such grant", error_codes=error_codes)
    with pytest.raises(EntraError) as caught:
        user.token(ask("b"), ("refresh-token-1", refused))
    assert caught.value.error == "invalid_scope"
    assert caught.value.needs_interaction is needs_interaction
    assert user.token(ask("c"), ("refresh-token-1", user_token("c"))) == "c"
