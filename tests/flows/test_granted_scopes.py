"""A reply may grant other scopes than those that were requested."""

from tests.kit.canned import Canned, Reply
from tests.kit.drivers import Driver
from tests.kit.replies import AUTHORITY, CLIENT, TENANT, user_token
from webidentity._flows.authorization_code import AuthorizationCodeGrant
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.pipeline import SyncPipeline
from webidentity.cache import TokenCache


def ask(driver: Driver, network: Canned, grant: AuthorizationCodeGrant, *scopes: str) -> str:
    """Return the token for the scopes."""
    send = SyncPipeline(transport=network.transport(), retry_total=0).send
    token: str = driver.run(grant.token(TokenRequest(scopes, TENANT)), send).token
    return token


def begin() -> AuthorizationCodeGrant:
    """Return the grant for a code."""
    client = Client(AUTHORITY, CLIENT, ClientSecret("s3cret"))
    return AuthorizationCodeGrant.begin(client, TokenCache(), "code", "https://app.test/callback", None)


def reply(name: str, scope: str) -> Reply:
    """Return a token with these scopes."""
    return user_token(name, scope=scope)


def test_a_scope_that_was_not_granted_is_requested_again(driver: Driver) -> None:
    """The caller gets the token that the authority issued. Later callers get it for what was granted only."""
    network, grant = Canned(reply("read only", "api/Read openid")), begin()
    assert ask(driver, network, grant, "api/Read", "api/Write") == "read only"
    assert ask(driver, network, grant, "api/Read") == "read only"
    network.add(reply("write", "api/Write"))
    assert ask(driver, network, grant, "api/Write") == "write"
    assert network.forms[-1]["grant_type"] == "refresh_token"
    network.add(reply("both", "api/Read api/Write"))
    assert ask(driver, network, grant, "api/Read", "api/Write") == "both"
    for scopes in (("api/Read", "api/Write"), ("api/Write",), ("api/Read",)):
        assert ask(driver, network, grant, *scopes) == "both"


def test_a_reply_that_grants_nothing_of_it_keeps_the_refresh_token(driver: Driver) -> None:
    """The access token is of no use to later callers, but the sign-in is."""
    network, grant = Canned(reply("other", "api/Other")), begin()
    assert ask(driver, network, grant, "api/Read") == "other"
    network.add(reply("read", "api/Read"))
    assert ask(driver, network, grant, "api/Read") == "read"
    assert network.forms[-1]["refresh_token"] == "refresh-token-1"


def test_other_spellings_are_the_same_scope(driver: Driver) -> None:
    """Entra shortens the names of Microsoft Graph's scopes."""
    network, grant = Canned(reply("graph", "openid profile User.Read email")), begin()
    for _ in range(2):
        assert ask(driver, network, grant, "https://graph.microsoft.com/User.Read") == "graph"
