"""A reply that arrives after its user has signed out."""

from tests.kit.canned import Canned
from tests.kit.drivers import Driver
from tests.kit.replies import AUTHORITY, CLIENT, TENANT, user_token
from webidentity._flows.authorization_code import AuthorizationCodeGrant, UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.pipeline import SyncPipeline
from webidentity.cache._token_cache import TokenCache


def test_tokens_of_a_signed_out_user_are_not_stored(driver: Driver) -> None:
    """The caller that waits for the refresh gets its token, but nothing is stored."""
    network = Canned(user_token("first"), user_token("second", refresh_token="refresh-token-2"))
    send = SyncPipeline(transport=network.transport(), retry_total=0).send
    user_tokens = UserTokens(Client(AUTHORITY, CLIENT, ClientSecret("s3cret")), TokenCache())
    grant = AuthorizationCodeGrant.begin(user_tokens.client, user_tokens.cache, "code", "https://app.test/", None)
    driver.run(grant.token(TokenRequest(("a",), TENANT)), send)
    account = grant.home_account_id or ""
    gone = user_tokens._replace(may_keep=lambda document: bool(document.sessions))
    token = driver.run(gone.token(TokenRequest(("b",), TENANT), account), send)
    assert token.token == "second"
    cached = user_tokens.cache.peek(user_tokens.partition(TENANT, account))
    assert cached is not None
    assert cached.document.refresh_token == "refresh-token-1"
    assert cached.document.access_token(("b",), cae=False, now=0) is None
