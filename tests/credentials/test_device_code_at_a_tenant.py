"""DeviceCodeCredential with the local tenant: users enter the code on its pages, decline, or come too late."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.kit.clock import Clock
from tests.kit.drivers import Credential, Driver
from webidentity import AuthenticationRequiredError, EntraError
from webidentity._protocol.token_reply import decode_unverified
from webidentity.cache import TokenCache
from webidentity.testing import App, LocalTenant, TenantBrowser

READ, FILES = "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Files.Read"
CLAIMS = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
Prompt = Callable[..., Any]


class Program:
    """A program without a browser, and its user."""

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self.driver = driver
        self.tenant = LocalTenant(clock=clock)
        for name in ("ada", "eve"):
            self.tenant.add_user(f"{name}@tenant.test", password=f"{name}-password", name=name.title())
        self.app: App = self.tenant.add_app("terminal", public_client=True)
        self.tenant.grant_admin_consent(self.app, self.tenant.graph, ["User.Read", "Files.Read"])

    def credential(self, prompt: Prompt, **options: Any) -> Credential:
        """Return the credential."""
        given = {"client_id": self.app.client_id, "authority": self.tenant.base_url, **options}
        return self.driver.credential("DeviceCodeCredential", self.tenant, prompt_callback=prompt, **given)

    def enter(self, user: str = "ada", **options: Any) -> Prompt:
        """Return a prompt that enters the code on the tenant's page and signs in."""

        def prompt(address: str, code: str, _: object) -> None:
            browser = TenantBrowser(self.tenant)
            browser.enter_device_code(address, code, f"{user}@tenant.test", f"{user}-password", **options)

        return prompt


@pytest.fixture
def program(driver: Driver, clock: Clock, naps: list[float]) -> Program:
    """A program with its own tenant."""
    return Program(driver, clock)


def user_of(token: Any) -> Any:
    """Return the user of a token."""
    return decode_unverified(token.token)["preferred_username"]


def test_the_user_enters_the_code(program: Program) -> None:
    """All tokens are for this user, refreshed ones too."""
    credential = program.credential(program.enter("eve"))
    assert user_of(credential.get_token(READ)) == "eve@tenant.test"
    assert user_of(credential.get_token(FILES)) == "eve@tenant.test"


def test_the_user_declines(program: Program) -> None:
    """The error says so. The next call may prompt again."""
    declined = program.credential(program.enter(approve=False))
    with pytest.raises(EntraError, match="AADSTS") as caught:
        declined.get_token(READ)
    assert caught.value.error == "authorization_declined"


def test_the_code_expires(program: Program, clock: Clock, naps: list[float]) -> None:
    """The user comes too late."""
    clock.stop()
    with pytest.raises(ClientAuthenticationError, match="Timed out waiting for user"):
        program.credential(lambda *_: None).get_token(READ)
    assert sum(naps) == pytest.approx(900, abs=1)


def test_required_claims_are_requested_with_the_next_code(program: Program) -> None:
    """A refusal contains claims, which the next device code request sends."""
    asked: list[str] = []

    def prompt(*told: Any) -> None:
        asked.append(told[1])
        program.enter()(*told)

    credential = program.credential(prompt)
    credential.get_token(READ)
    program.tenant.require_claims("ada@tenant.test", program.tenant.graph, CLAIMS)
    assert user_of(credential.get_token(FILES)) == "ada@tenant.test"
    assert len(asked) == 2


def test_two_users_share_a_cache(program: Program) -> None:
    """Each record acquires the tokens of its own account, silently."""
    cache = TokenCache()
    records = {}
    for user in ("ada", "eve"):
        credential = program.credential(program.enter(user), token_cache=cache)
        assert user_of(credential.get_token(READ)) == f"{user}@tenant.test"
        records[user] = credential.raw._user.record

    def no_prompt(*_: Any) -> None:
        raise AssertionError("the user must not be prompted")

    for user, record in records.items():
        silent = program.credential(no_prompt, token_cache=cache, authentication_record=record)
        assert user_of(silent.get_token(READ)) == f"{user}@tenant.test"
        assert user_of(silent.get_token(FILES)) == f"{user}@tenant.test"


def test_a_revoked_sign_in_requires_authentication(program: Program, clock: Clock) -> None:
    """An error lets the program choose the moment of the next sign-in."""
    cache = TokenCache()
    first = program.credential(program.enter(), token_cache=cache)
    first.get_token(READ)
    later = program.credential(
        program.enter(),
        token_cache=cache,
        authentication_record=first.raw._user.record,
        disable_automatic_authentication=True,
    )
    program.tenant.revoke("ada@tenant.test")
    clock.advance(4000)
    with pytest.raises(AuthenticationRequiredError, match="AADSTS50173") as caught:
        later.get_token(READ)
    record = later.authenticate(scopes=caught.value.scopes, claims=caught.value.claims)
    assert record.username == "ada@tenant.test"
    assert user_of(later.get_token(READ)) == "ada@tenant.test"
