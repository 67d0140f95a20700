"""The on-behalf-of grant: a user's token is exchanged for another token of the same user only."""

import time
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.kit.canned import Canned, Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.replies import AUTHORITY, CLIENT, SCOPE, TENANT, client_info, jwt_of, refusal, token, user_token
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._flows.on_behalf_of import OnBehalfOf
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.pipeline import SyncPipeline
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

ADA = jwt_of(oid="ada", exp=4_000_000_000)
GRACE = jwt_of(oid="grace", exp=4_000_000_000)


def obo_credential(driver: Driver, network: Canned, assertion: str = ADA, **options: Any) -> Any:
    arguments = {"client_secret": "s3cret", "retry_total": 0, **options}
    tenant = arguments.pop("tenant_id", TENANT)
    return driver.credential("OnBehalfOfCredential", network, tenant, CLIENT, user_assertion=assertion, **arguments)


def test_the_assertion_is_exchanged(driver: Driver) -> None:
    """The form has all fields that the Microsoft identity platform requires, and requests no refresh token."""
    network = Canned(user_token("exchanged", refresh_token=None))
    assert obo_credential(driver, network).get_token(SCOPE).token == "exchanged"
    assert network.forms == [
        {
            "client_id": CLIENT,
            "client_secret": "s3cret",
            "client_info": "1",
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "requested_token_use": "on_behalf_of",
            "assertion": ADA,
            "scope": f"{SCOPE} openid profile",
        }
    ]


def test_credentials_with_the_same_assertion_share_a_cache(driver: Driver) -> None:
    """An API may create a credential for each request without a token request each time."""
    cache, network = TokenCache(), Canned(user_token("exchanged"))
    for _ in range(3):
        assert obo_credential(driver, network, token_cache=cache).get_token(SCOPE).token == "exchanged"
    assert len(network.sent) == 1


def test_64_credentials_with_the_same_assertion_cause_one_request(driver: Driver) -> None:
    """All requests of a page that arrive at the same time share one token request."""
    cache, network = TokenCache(), Canned(answer=lambda _: user_token("exchanged"), latency=0.05)
    credentials = [obo_credential(driver, network, token_cache=cache) for _ in range(64)]
    outcomes = driver.together([lambda raw=each.raw: raw.get_token(SCOPE) for each in credentials])
    assert {outcome.token for outcome in outcomes} == {"exchanged"}
    assert len(network.sent) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"assertion": GRACE},
        {"client_secret": "another"},
        {"tenant_id": "other.tenant.test"},
        {"authority": "https://login.microsoftonline.us"},
    ],
)
def test_credentials_that_differ_in_any_part_share_no_token(driver: Driver, other: dict[str, str]) -> None:
    """A different user, client authentication, tenant or cloud."""
    cache, network = TokenCache(), Canned(user_token("first"), user_token("second"))
    assert obo_credential(driver, network, token_cache=cache).get_token(SCOPE).token == "first"
    assert obo_credential(driver, network, token_cache=cache, **other).get_token(SCOPE).token == "second"
    assert obo_credential(driver, network, token_cache=cache).get_token(SCOPE).token == "first"


def test_a_wrong_secret_never_finds_tokens_of_the_right_one(driver: Driver) -> None:
    """A shared cache does not bypass client authentication."""
    cache = TokenCache()
    obo_credential(driver, Canned(user_token("first")), token_cache=cache).get_token(SCOPE)
    network = Canned(refusal("invalid_client", error_codes=[7000215]))
    with pytest.raises(EntraError, match="client secret is wrong"):
        obo_credential(driver, network, token_cache=cache, client_secret="guess").get_token(SCOPE)


def test_concurrent_users_get_their_own_tokens(driver: Driver) -> None:
    """Single-flight joins calls for the same user, not for the same scope."""
    cache = TokenCache()
    network = Canned(answer=lambda sent: user_token(f"for {sent.form['assertion']}"), latency=0.01)
    assertions = [jwt_of(oid=f"user-{number}", exp=4_000_000_000) for number in range(16)] * 2
    credentials = [obo_credential(driver, network, assertion, token_cache=cache) for assertion in assertions]
    outcomes = driver.together([lambda raw=each.raw: raw.get_token(SCOPE) for each in credentials])
    assert [outcome.token for outcome in outcomes] == [f"for {assertion}" for assertion in assertions]


def test_a_refused_user_does_not_affect_the_others(driver: Driver) -> None:
    """The failure of one user is neither throttled nor replayed for another."""
    cache = TokenCache()
    network = Canned(refusal("temporarily_unavailable", status=503), user_token("of grace"))
    with pytest.raises(ClientAuthenticationError):
        obo_credential(driver, network, ADA, token_cache=cache).get_token(SCOPE)
    assert obo_credential(driver, network, GRACE, token_cache=cache).get_token(SCOPE).token == "of grace"


def test_an_expired_token_is_exchanged_again(driver: Driver, clock: Clock) -> None:
    """The assertion is exchanged again; a refresh token that was not requested is not used."""
    network = Canned(user_token("first"), user_token("second"))
    credential = obo_credential(driver, network)
    credential.get_token(SCOPE)
    clock.advance(3601)
    assert credential.get_token(SCOPE).token == "second"
    assert network.forms[1]["assertion"] == ADA


def test_a_claims_challenge_reaches_the_caller(driver: Driver) -> None:
    """The API passes ``.claims`` on to its client, which challenges the user."""
    challenge = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    network = Canned(refusal("interaction_required", suberror="basic_action", error_codes=[50076], claims=challenge))
    with pytest.raises(EntraError) as caught:
        obo_credential(driver, network).get_token(SCOPE)
    assert (caught.value.claims, caught.value.needs_interaction) == (challenge, True)


@pytest.mark.parametrize(
    ("assertion", "expected"),
    [(jwt_of(exp=1_000), 1_000.0), (jwt_of(exp=4_000_000_000), 1_500.0), ("opaque", None), (jwt_of(exp=True), None)],
)
def test_tokens_are_kept_until_the_assertion_or_the_token_expires(assertion: str, expected: float | None) -> None:
    """The partition may be swept at the earlier of the two times."""
    from webidentity._flows.client import Client
    from webidentity._flows.client_authentication import ClientSecret
    from webidentity._flows.on_behalf_of import OnBehalfOf
    from webidentity._protocol.token_reply import TokenReply

    grant = OnBehalfOf.begin(Client("https://a.test", CLIENT, ClientSecret("s")), TokenCache(), assertion)
    kept_until = grant._keep_until(TokenReply("t", 1_500, None, "Bearer", ()))
    if expected is None:
        assert abs(kept_until - (time.time() + 3600)) < 5
    else:
        assert kept_until == expected


def test_missing_arguments_are_type_errors(driver: Driver) -> None:
    """Missing arguments raise TypeError, as in azure-identity."""
    with pytest.raises(TypeError, match="user_assertion"):
        driver.credential("OnBehalfOfCredential", Canned(), TENANT, CLIENT, user_assertion="", client_secret="s")
    with pytest.raises(TypeError, match="client_secret"):
        driver.credential("OnBehalfOfCredential", Canned(), TENANT, CLIENT, user_assertion=ADA)


def test_a_reply_for_another_account_is_refused(driver: Driver) -> None:
    """If the claims of the assertion were verified, the reply has to name the same account."""
    user, other, home = (f"{digit * 8}-1111-1111-1111-111111111111" for digit in "789")
    client = Client(AUTHORITY, CLIENT, ClientSecret("s3cret"))

    def exchange(reply: Reply) -> Any:
        grant = OnBehalfOf(client, TokenCache(), "the-assertion", f"{user}.{TENANT}")
        send = SyncPipeline(transport=Canned(reply).transport()).send
        return driver.run(grant.token(TokenRequest(("a",), TENANT)), send)

    for allowed in (client_info(user), client_info(user.upper()), client_info(other, home)):
        assert exchange(token("first", client_info=allowed)).token == "first"
    for refused in (
        token(client_info=client_info(other)),
        token(client_info=client_info(other, home), id_token=jwt_of(oid=other, tid=TENANT)),
    ):
        with pytest.raises(EntraError, match="names another account"):
            exchange(refused)
