"""A reply that arrives when its user is gone."""

from dataclasses import replace

from tests.canned import Canned
from tests.drivers import Driver
from tests.replies import AUTHORITY, CLIENT, TENANT, user_token
from webidentity.cache.token_cache import TokenCache
from webidentity.flows.authorization_code import AuthorizationCode, UserTokens
from webidentity.flows.client import Client
from webidentity.flows.proof import ClientSecret
from webidentity.protocol.token_request import TokenRequest
from webidentity.transport.pipeline import SyncPipeline


def test_tokens_for_somebody_who_signed_out_are_not_kept(driver: Driver) -> None:
    """The caller who waits for the refresh is served; nothing of it stays."""
    network = Canned(user_token("first"), user_token("second", refresh_token="refresh-token-2"))
    send = SyncPipeline(transport=network.transport(), retry_total=0).send
    users = UserTokens(Client(AUTHORITY, CLIENT, ClientSecret("s3cret")), TokenCache())
    grant = AuthorizationCode.begin(users.client, users.cache, "code", "https://app.test/", None)
    driver.run(grant.token(TokenRequest(("a",), TENANT)), send)
    account = grant.home_account_id or ""
    gone = replace(users, may_keep=lambda document: bool(document.sessions))
    token = driver.run(gone.token(TokenRequest(("b",), TENANT), account), send)
    assert token.token == "second"
    held = users.cache.peek(users.partition(TENANT, account))
    assert held is not None
    assert held.document.refresh_token == "refresh-token-1"
    assert held.document.access_token(("b",), cae=False, now=0) is None
