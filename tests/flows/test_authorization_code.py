"""The authorization code grant: one redemption, and tokens by refresh token afterwards."""

import asyncio
import threading
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, ServiceResponseError
from urllib3.exceptions import ProtocolError

import webidentity.aio
from tests.kit.canned import Canned, Reply, Sent
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.joined_callers import AllJoined
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT, refusal, token, user_token
from webidentity.cache._token_cache import TokenCache

REDIRECT = "https://app.test/callback"


def code_credential(driver: Driver, network: Canned, **options: Any) -> Any:
    arguments = {"client_secret": "s3cret", "retry_total": 0, **options}
    return driver.credential("AuthorizationCodeCredential", network, TENANT, CLIENT, "the-code", REDIRECT, **arguments)


def test_the_code_is_redeemed_with_its_verifier(driver: Driver) -> None:
    """The form has all fields that RFC 6749 section 4.1.3 and RFC 7636 section 4.5 require."""
    network = Canned(user_token("first"))
    assert code_credential(driver, network, code_verifier="the-verifier").get_token("a", "b").token == "first"
    assert network.forms == [
        {
            "client_id": CLIENT,
            "client_secret": "s3cret",
            "client_info": "1",
            "grant_type": "authorization_code",
            "code": "the-code",
            "code_verifier": "the-verifier",
            "redirect_uri": REDIRECT,
            "scope": "a b",
        }
    ]
    assert network.sent[0].url == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"


def test_a_public_client_sends_no_secret(driver: Driver) -> None:
    """Without PKCE, it sends no code verifier either."""
    network = Canned(user_token())
    code_credential(driver, network, client_secret=None).get_token("a")
    assert {"client_secret", "code_verifier"}.isdisjoint(network.forms[0])


def test_eight_racing_callers_redeem_the_code_once(driver: Driver) -> None:
    """A code is single-use: a second redemption would fail and might revoke the tokens of the first."""
    network = Canned(answer=_once_only, latency=0.05)
    credential = code_credential(driver, network)
    outcomes = driver.together([lambda: credential.raw.get_token("a")] * 8)
    assert [getattr(outcome, "token", outcome) for outcome in outcomes] == ["redeemed"] * 8
    assert len(network.sent) == 1


def test_concurrent_callers_may_request_different_scopes(driver: Driver) -> None:
    """The callers that did not redeem the code use the refresh token."""
    network = Canned(answer=_once_only, latency=0.02)
    credential = code_credential(driver, network)
    outcomes = driver.together([lambda: credential.raw.get_token("a"), lambda: credential.raw.get_token("b")])
    assert sorted(outcome.token for outcome in outcomes) == ["redeemed", "refreshed"]
    assert [form["grant_type"] for form in network.forms] == ["authorization_code", "refresh_token"]


def _once_only(sent: Sent) -> Reply:
    if sent.form["grant_type"] == "authorization_code":
        return user_token("redeemed")
    return user_token("refreshed")


def test_a_second_scope_is_served_by_the_refresh_token(driver: Driver) -> None:
    """azure-identity fails here."""
    network = Canned(user_token("first"), user_token("second", refresh_token=None))
    credential = code_credential(driver, network)
    credential.get_token("a")
    assert credential.get_token("b").token == "second"
    assert network.forms[1] == {
        "client_id": CLIENT,
        "client_secret": "s3cret",
        "client_info": "1",
        "grant_type": "refresh_token",
        "refresh_token": "refresh-token-1",
        "scope": "b offline_access",
    }


def test_cae_after_a_redemption_without_it(driver: Driver) -> None:
    """The refresh token works with CAE and without."""
    network = Canned(user_token("first"), user_token("second"))
    credential = code_credential(driver, network)
    credential.get_token("a")
    assert credential.get_token("a", enable_cae=True).token == "second"
    assert "CP1" in network.forms[1]["claims"]
    assert credential.get_token("a").token == "first"


def test_the_code_survives_a_failed_redemption(driver: Driver) -> None:
    """The user need not sign in again after a network error or a wrong secret."""
    network = Canned(OSError("reset"), refusal("invalid_client"), user_token("first"))
    credential = code_credential(driver, network)
    with pytest.raises(OSError, match="reset"):
        credential.get_token("a")
    with pytest.raises(ClientAuthenticationError):
        credential.get_token("a")
    assert credential.get_token("a").token == "first"
    assert [form["code"] for form in network.forms] == ["the-code"] * 3


@pytest.mark.parametrize(
    "trouble",
    [requests.exceptions.ReadTimeout(), requests.exceptions.ConnectionError(ProtocolError("reset"))],
    ids=["timeout", "reset"],
)
def test_a_code_that_may_have_been_received_is_not_sent_again(driver: Driver, trouble: Exception) -> None:
    """Neither by the retry policy nor by the next call: an authority may revoke the tokens of a repeated code."""
    network = Canned(trouble, user_token())
    credential = code_credential(driver, network, retry_total=3, retry_backoff_factor=0)
    with pytest.raises(ServiceResponseError):
        credential.get_token("a")
    with pytest.raises(ClientAuthenticationError, match="Start a new sign-in"):
        credential.get_token("a")
    assert len(network.sent) == 1


def test_a_code_that_was_not_sent_is_sent_again(driver: Driver) -> None:
    """If no connection could be made, the authority has not received the code."""
    network = Canned(requests.exceptions.ConnectTimeout(), user_token("first"))
    credential = code_credential(driver, network, retry_total=3, retry_backoff_factor=0)
    assert credential.get_token("a").token == "first"


def test_all_waiting_callers_get_the_error_of_a_failed_redemption(driver: Driver, all_joined: AllJoined) -> None:
    """The callers that waited do not each redeem the code again."""
    network = Canned(answer=lambda _: refusal("invalid_grant", "AADSTS54005"), before=all_joined(8))
    credential = code_credential(driver, network)
    outcomes = driver.together([lambda: credential.raw.get_token("a")] * 8)
    assert {type(outcome).__name__ for outcome in outcomes} == {"EntraError"}
    assert len(network.sent) < 8


def test_without_a_refresh_token_the_error_says_what_to_do(driver: Driver, clock: Clock) -> None:
    """No request is sent, because the code was redeemed already."""
    network = Canned(user_token("first", refresh_token=None))
    credential = code_credential(driver, network)
    credential.get_token("a")
    clock.advance(3601)
    with pytest.raises(ClientAuthenticationError, match="No authorization code, cached access token"):
        credential.get_token("a")
    assert len(network.sent) == 1


def test_tokens_of_a_reply_without_an_account_are_not_shared(driver: Driver) -> None:
    """Without client_info and ID token there is no account by which another credential could find the tokens."""
    cache = TokenCache()
    first = code_credential(driver, Canned(token("of-first")), token_cache=cache)
    second = code_credential(driver, Canned(token("of-second")), token_cache=cache)
    assert (first.get_token("a").token, second.get_token("a").token) == ("of-first", "of-second")
    assert (first.get_token("a").token, second.get_token("a").token) == ("of-first", "of-second")


def test_credentials_of_different_users_share_a_cache_but_no_token(driver: Driver) -> None:
    """Each finds only the tokens of its own user."""
    cache = TokenCache()
    ada = code_credential(driver, Canned(user_token("of-ada", user="ada")), token_cache=cache)
    grace = code_credential(driver, Canned(user_token("of-grace", user="grace")), token_cache=cache)
    for _ in range(2):
        assert ada.get_token("a").token == "of-ada"
        assert grace.get_token("a").token == "of-grace"


def test_a_cancelled_redemption_is_taken_over() -> None:
    """A waiting task redeems the code instead."""
    arrived = threading.Event()
    release = threading.Event()

    def answer(_: Sent) -> Reply:
        if len(network.sent) == 1:
            arrived.set()
            release.wait(10)
            raise OSError("cancelled")
        return user_token("second try")

    network = Canned(answer=answer)

    async def main() -> str:
        credential = webidentity.aio.AuthorizationCodeCredential(
            TENANT, CLIENT, "the-code", REDIRECT, transport=network.aio_transport(), retry_total=0
        )
        leader = asyncio.create_task(credential.get_token("a"))
        waiter = asyncio.create_task(credential.get_token("a"))
        await asyncio.to_thread(arrived.wait, 10)
        leader.cancel()
        try:
            return (await asyncio.wait_for(waiter, 5)).token
        finally:
            release.set()

    assert asyncio.run(main()) == "second try"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("", CLIENT, "code", REDIRECT), "tenant"),
        (("bad tenant", CLIENT, "code", REDIRECT), "tenant"),
        ((TENANT, "", "code", REDIRECT), "client_id"),
        ((TENANT, CLIENT, "", REDIRECT), "authorization_code"),
        ((TENANT, CLIENT, "code", ""), "redirect_uri"),
    ],
)
def test_a_missing_argument_is_named(driver: Driver, arguments: tuple[str, ...], named: str) -> None:
    """The constructor raises configuration errors."""
    with pytest.raises(ValueError, match=f"(?i){named}"):
        driver.credential("AuthorizationCodeCredential", Canned(), *arguments)


def test_the_tenant_of_a_call_is_where_the_code_is_redeemed(driver: Driver) -> None:
    """An allowed tenant is used; any other is refused before the code is sent."""
    network = Canned(user_token())
    credential = code_credential(driver, network, additionally_allowed_tenants=[OTHER_TENANT])
    with pytest.raises(ClientAuthenticationError, match="additionally_allowed_tenants"):
        credential.get_token(SCOPE, tenant_id="third.tenant.test")
    credential.get_token(SCOPE, tenant_id=OTHER_TENANT)
    assert network.sent[0].url == f"https://login.microsoftonline.com/{OTHER_TENANT}/oauth2/v2.0/token"
