"""DeviceCodeCredential, and the behaviour that all interactive credentials share."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.kit.canned import Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Driver
from tests.kit.joined_callers import AllJoined
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT, refusal
from tests.kit.signing_in import (
    DEVICE_CODE,
    PAGE,
    USER_CODE,
    Authority,
    Make,
    device_code,
    device_code_credentials,
    pending,
    signed_in,
)
from webidentity import AuthenticationRecord, AuthenticationRequiredError, CredentialUnavailableError, EntraError
from webidentity.cache import TokenCache

OTHER_SCOPE = "https://storage.azure.com/.default"
CLAIMS = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'


@pytest.fixture
def make(driver: Driver, naps: list[float]) -> Make:
    """Makes credentials that wait on a fake clock between two polls."""
    return device_code_credentials(driver)


def test_the_user_is_prompted_and_waited_for(make: Make, naps: list[float]) -> None:
    """The prompt has URL, code and expiry; the authority decides the interval between polls."""
    authority = Authority(pending(), pending(), signed_in())
    before = time.time()
    assert make(authority).get_token(SCOPE).token == "access-token"
    ((address, code, expires_on),) = authority.prompts
    assert (address, code) == (PAGE, USER_CODE)
    assert isinstance(expires_on, datetime)
    assert expires_on.tzinfo is UTC
    assert 890 <= expires_on.timestamp() - before <= 910
    assert naps == [5, 5, 5]


def test_the_requests_follow_the_specification(make: Make) -> None:
    """RFC 8628, with the scopes for an ID token and a refresh token."""
    authority = Authority()
    make(authority).get_token(SCOPE, "extra/scope")
    first, *_, last = authority.network.sent
    assert first.url == "https://login.microsoftonline.com/organizations/oauth2/v2.0/devicecode"
    assert first.form == {"client_id": CLIENT, "scope": f"openid profile offline_access {SCOPE} extra/scope"}
    assert last.url == "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"
    assert last.form == {
        "client_id": CLIENT,
        "client_info": "1",
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": DEVICE_CODE,
    }


def test_later_tokens_are_acquired_silently(make: Make) -> None:
    """Later tokens come from the cache, or from the refresh token for other scopes, tenants and CAE."""
    authority = Authority()
    credential = make(authority)
    credential.get_token(SCOPE)
    asked = len(authority.network.sent)
    credential.get_token(SCOPE)
    assert len(authority.network.sent) == asked
    assert credential.get_token(OTHER_SCOPE).token == f"ada's token for {OTHER_SCOPE}"
    credential.get_token(SCOPE, tenant_id=OTHER_TENANT)
    credential.get_token(SCOPE, enable_cae=True)
    silent = authority.network.sent[asked:]
    assert [sent.form["grant_type"] for sent in silent] == ["refresh_token"] * 3
    assert [sent.url.split("/")[3] for sent in silent] == [TENANT, OTHER_TENANT, TENANT]
    assert len(authority.prompts) == 1


def test_without_a_callback_the_message_is_printed(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """The message of the authority, in the user's language."""
    make(Authority(), prompt_callback=None).get_token(SCOPE)
    assert capsys.readouterr().out == f"Open {PAGE} and enter {USER_CODE}.\n"


def test_a_callback_may_be_a_coroutine_function_with_asyncio(driver: Driver, make: Make) -> None:
    """The sync credential raises an error that explains it."""
    told = []

    async def prompt(*values: Any) -> None:
        await asyncio.sleep(0)
        told.append(values)

    credential = make(Authority(), prompt_callback=prompt)
    if driver.name == "aio":
        credential.get_token(SCOPE)
        assert len(told) == 1
    else:
        with pytest.raises(TypeError, match=r"webidentity\.aio"):
            credential.get_token(SCOPE)


def test_64_callers_prompt_once(driver: Driver, make: Make) -> None:
    """Threads or tasks share one sign-in."""
    authority = Authority(pending(), signed_in(), latency=0.02)
    credential = make(authority)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * 64)
    assert {outcome.token for outcome in outcomes} == {"access-token"}
    assert len(authority.prompts) == len(authority.codes) == 1


def test_all_callers_receive_the_error_of_a_declined_sign_in(driver: Driver, make: Make, all_joined: AllJoined) -> None:
    """The other seven do not prompt again."""
    authority = Authority(refusal("authorization_declined", "AADSTS70018: declined."))
    authority.network.before = all_joined(8)
    credential = make(authority)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * 8)
    assert [type(outcome) for outcome in outcomes] == [EntraError] * 8
    assert len(authority.prompts) == 1


def test_a_client_that_is_too_fast_slows_down(make: Make, naps: list[float]) -> None:
    """The client adds five seconds to its interval permanently (RFC 8628 section 3.5)."""
    make(Authority(refusal("slow_down"), pending(), signed_in())).get_token(SCOPE)
    assert naps == [5, 10, 10]


@pytest.mark.parametrize(("timeout", "waited"), [(None, 900), (12, 12), (5000, 900)])
def test_the_wait_ends_after_the_timeout(
    make: Make, clock: Clock, naps: list[float], timeout: int | None, waited: int
) -> None:
    """The wait ends when the code expires, if that is earlier."""
    clock.stop()
    with pytest.raises(ClientAuthenticationError, match="Timed out waiting for user to authenticate"):
        make(Authority(pending()), timeout=timeout).get_token(SCOPE)
    assert sum(naps) == pytest.approx(waited)


@pytest.mark.parametrize(
    "reply",
    [
        device_code(device_code=None),
        device_code(user_code=7),
        device_code(verification_uri=None),
        device_code(expires_in="soon"),
        device_code(expires_in=True),
        device_code(expires_in=-1),
        Reply("<html>", 200),
        Reply("", 200),
        Reply({"device_code": "x"}, 500),
        refusal("invalid_client", "AADSTS7000218: secret missing.", error_codes=[7000218], status=401),
    ],
)
def test_an_invalid_device_code_reply_is_an_error(make: Make, reply: Reply) -> None:
    """The error is raised before the user is prompted."""
    authority = Authority(code=reply)
    with pytest.raises(EntraError) as caught:
        make(authority).get_token(SCOPE)
    assert caught.value.response is not None
    assert authority.prompts == []


@pytest.mark.parametrize("interval", [None, 0, -5, "5", 10**6, True])
def test_an_invalid_interval_is_replaced(make: Make, naps: list[float], interval: object) -> None:
    """Polling neither stops nor floods the authority."""
    make(Authority(code=device_code(interval=interval))).get_token(SCOPE)
    assert all(5 <= nap <= 60 for nap in naps)


def test_claims_of_the_call_are_requested(make: Make) -> None:
    """The requests for the code and for the token have the claims."""
    authority = Authority()
    make(authority).get_token(SCOPE, claims=CLAIMS)
    assert [sent.form["claims"] for sent in authority.network.sent] == [CLAIMS] * 3


def test_disable_automatic_authentication(driver: Driver, make: Make) -> None:
    """The error has the arguments for authenticate. Afterwards tokens are acquired silently."""
    authority = Authority()
    credential = make(authority, disable_automatic_authentication=True)
    with pytest.raises(AuthenticationRequiredError, match="Call 'authenticate' to begin") as caught:
        credential.get_token(SCOPE, claims=CLAIMS)
    assert (caught.value.scopes, caught.value.claims) == ((SCOPE,), CLAIMS)
    assert authority.network.sent == []
    record = credential.authenticate(scopes=caught.value.scopes, claims=caught.value.claims)
    assert isinstance(record, AuthenticationRecord)
    asked = len(authority.network.sent)
    assert credential.get_token(SCOPE).token == "access-token"
    assert len(authority.network.sent) == asked


def test_claims_of_the_authority_are_in_the_error(make: Make) -> None:
    """The error has the claims for the next sign-in; if prompting is allowed, they are requested at once."""
    required = refusal("interaction_required", "AADSTS50076: MFA.", error_codes=[50076], claims=CLAIMS)
    for disabled in (True, False):
        authority = Authority(refresh=required)
        cache = TokenCache()
        record = make(authority, token_cache=cache)
        record.get_token(SCOPE)
        credential = make(
            authority,
            token_cache=cache,
            authentication_record=record.raw._user.record,
            disable_automatic_authentication=disabled,
        )
        assert credential.get_token(SCOPE).token == "access-token"
        if disabled:
            with pytest.raises(AuthenticationRequiredError, match="AADSTS50076") as caught:
                credential.get_token(OTHER_SCOPE)
            assert (caught.value.scopes, caught.value.claims) == ((OTHER_SCOPE,), CLAIMS)
            assert caught.value.response is not None
        else:
            credential.get_token(OTHER_SCOPE)
            assert authority.codes[-1].form["claims"] == CLAIMS


def test_authenticate_returns_the_account(driver: Driver, make: Make) -> None:
    """It requests a token for Azure Resource Manager by default."""
    authority = Authority()
    record = make(authority).authenticate()
    assert record == AuthenticationRecord(
        TENANT, CLIENT, "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test"
    )
    assert authority.codes[0].form["scope"].endswith(" https://management.core.windows.net//.default")


def test_authenticate_needs_scopes_in_an_unknown_cloud(driver: Driver, make: Make) -> None:
    """The scope of its Resource Manager is unknown."""
    credential = make(Authority(), authority="https://login.unknown.test")
    with pytest.raises(CredentialUnavailableError, match="requires a value for 'scopes'"):
        credential.authenticate()
    assert credential.authenticate(scopes=[SCOPE]).authority == "login.unknown.test"


def test_authenticate_always_prompts(driver: Driver, make: Make) -> None:
    """The user can choose another account, and no token of the previous account is served afterwards."""
    authority = Authority(signed_in("ada", "ada's"), signed_in("eve", "eve's"))
    credential = make(authority)
    assert credential.get_token(SCOPE).token == "ada's"
    assert credential.get_token(OTHER_SCOPE).token == f"ada's token for {OTHER_SCOPE}"
    assert credential.authenticate(scopes=[SCOPE]).username == "eve@tenant.test"
    assert credential.get_token(SCOPE).token == "eve's"
    assert credential.get_token(OTHER_SCOPE).token == f"eve's token for {OTHER_SCOPE}"


def test_get_token_waits_for_a_running_authenticate(driver: Driver, make: Make) -> None:
    """The user sees one prompt, not two."""
    authority = Authority(pending(), signed_in(), latency=0.02)
    credential = make(authority)
    calls: list[Callable[[], Any]] = [lambda: credential.raw.authenticate(scopes=[SCOPE])]
    calls += [lambda: credential.raw.get_token(SCOPE)] * 7
    outcomes = driver.together(calls)
    assert outcomes[0].username == "ada@tenant.test"
    assert {outcome.token for outcome in outcomes[1:]} == {"access-token"}
    # Two prompts if get_token came first: authenticate always prompts.
    assert len(authority.prompts) <= 2


def test_a_different_account_at_an_automatic_sign_in_is_refused(make: Make, clock: Clock) -> None:
    """A program that acts for one user does not receive tokens of another. Nothing is cached."""
    authority, cache = Authority(signed_in("ada", "ada's")), TokenCache()
    credential = make(authority, token_cache=cache)
    credential.get_token(SCOPE)
    held = set(cache._partitions)
    clock.advance(4000)
    authority.refresh = refusal("invalid_grant", "AADSTS700082: expired.", error_codes=[700082])
    authority.outcomes = [signed_in("eve", "eve's")]
    with pytest.raises(ClientAuthenticationError, match="another user signed in") as caught:
        credential.get_token(SCOPE)
    assert "authenticate" in str(caught.value)
    assert set(cache._partitions) == held
    assert credential.authenticate(scopes=[SCOPE]).username == "eve@tenant.test"
    assert credential.get_token(SCOPE).token == "eve's"


def test_a_record_accepts_only_its_own_account(make: Make) -> None:
    """A new program with an empty cache refuses another account too."""
    record = AuthenticationRecord(TENANT, CLIENT, "login.microsoftonline.com", f"ada.{TENANT}", "ada@tenant.test")
    credential = make(Authority(signed_in("eve", "eve's")), authentication_record=record)
    with pytest.raises(ClientAuthenticationError, match="another user signed in"):
        credential.get_token(SCOPE)
    assert make(Authority(signed_in("ada", "ada's")), authentication_record=record).get_token(SCOPE).token == "ada's"


def test_a_record_acquires_tokens_from_an_earlier_sign_in(make: Make) -> None:
    """Silently, from a shared cache. Client, tenant and authority are those of the record."""
    authority, cache = Authority(), TokenCache()
    first = make(authority, token_cache=cache)
    first.get_token(SCOPE)
    record = AuthenticationRecord.deserialize(first.raw._user.record.serialize())
    asked = len(authority.network.sent)
    second = make(
        authority,
        client_id="44444444-4444-4444-4444-444444444444",
        tenant_id=OTHER_TENANT,
        token_cache=cache,
        authentication_record=record,
    )
    assert second.get_token(SCOPE).token == "access-token"
    assert len(authority.network.sent) == asked
    second.get_token(OTHER_SCOPE)
    assert len(authority.prompts) == 1
    assert authority.network.sent[-1].form["client_id"] == CLIENT


def test_each_record_finds_only_its_own_tokens(make: Make) -> None:
    """Two users in one cache get their own tokens."""
    authority, cache = Authority(signed_in("ada", "ada's"), signed_in("eve", "eve's")), TokenCache()
    first = make(authority, token_cache=cache)
    first.get_token(SCOPE)
    record = first.raw._user.record
    eve = AuthenticationRecord(TENANT, CLIENT, record.authority, f"eve.{TENANT}", "ada@tenant.test")
    assert make(authority, token_cache=cache, authentication_record=eve).get_token(SCOPE).token == "eve's"
    assert make(authority, token_cache=cache, authentication_record=record).get_token(SCOPE).token == "ada's"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (signed_in(claims={"aud": "another"}), "another application"),
        (signed_in(claims={"exp": 1}), "expired"),
        (signed_in(claims={"exp": "never"}), "expired"),
        (signed_in(claims={"exp": float("nan")}), "expired"),
        (signed_in(claims={"exp": float("inf")}), "expired"),
        (signed_in(id_token=None), "does not name an account"),
        (signed_in(id_token="no.token.at-all"), "does not name an account"),
        (signed_in(claims={"tid": None}), "which tenant"),
        (signed_in(claims={"tid": "../common"}), "another tenant"),
    ],
)
def test_a_reply_without_an_account_is_refused(make: Make, reply: Reply, reason: str) -> None:
    """Its tokens could be served to a different user later."""
    cache = TokenCache()
    with pytest.raises(ClientAuthenticationError, match=reason):
        make(Authority(reply), token_cache=cache).get_token(SCOPE)
    assert not cache._partitions


def test_an_expired_token_is_refreshed_silently(make: Make, clock: Clock) -> None:
    """The user is prompted again only when the refresh token is no longer valid."""
    authority = Authority()
    credential = make(authority)
    credential.get_token(SCOPE)
    clock.advance(4000)
    assert credential.get_token(SCOPE).token == f"ada's token for {SCOPE}"
    authority.refresh = refusal("invalid_grant", "AADSTS700082: expired.", error_codes=[700082])
    authority.outcomes = [signed_in("ada", "asked again")]
    clock.advance(4000)
    assert credential.get_token(SCOPE).token == "asked again"
    assert len(authority.prompts) == 2
