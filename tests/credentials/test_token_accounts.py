"""Replies are accepted only for the right account and tenant, so that no user receives another's tokens."""

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.kit.drivers import Driver
from tests.kit.replies import OTHER_TENANT, SCOPE, TENANT, client_info
from tests.kit.signing_in import Authority, Make, device_code_credentials, signed_in
from webidentity import AuthenticationRequiredError
from webidentity.cache import TokenCache

OTHER_SCOPE = "https://storage.azure.com/.default"


@pytest.fixture
def make(driver: Driver, naps: list[float]) -> Make:
    """Makes credentials that wait on a fake clock between two polls."""
    return device_code_credentials(driver)


def test_a_reply_of_another_tenant_is_refused(make: Make) -> None:
    """A tenant ID must match the reply; for a domain or "organizations" the ID token decides."""
    with pytest.raises(ClientAuthenticationError, match="another tenant"):
        make(Authority(), tenant_id=OTHER_TENANT).get_token(SCOPE)
    for tenant in (TENANT, "tenant.test", "common"):
        assert make(Authority(), tenant_id=tenant).get_token(SCOPE).token == "access-token"


def test_a_refresh_reply_for_a_different_account_is_refused(make: Make) -> None:
    """The reply is not cached, and the user is prompted again."""
    authority = Authority(signed_in(), refresh=signed_in("eve", "eve's"))
    cache = TokenCache()
    credential = make(authority, token_cache=cache)
    credential.get_token(SCOPE)
    assert credential.get_token(OTHER_SCOPE).token == "access-token"
    assert len(authority.prompts) == 2
    assert b"eve" not in b"".join(cached.document.encode() for cached in cache._partitions.values())
    silent = make(
        authority,
        token_cache=cache,
        authentication_record=credential.raw._user.record,
        disable_automatic_authentication=True,
    )
    with pytest.raises(AuthenticationRequiredError, match="names another account"):
        silent.get_token("https://vault.azure.net/.default")


@pytest.mark.parametrize("info", [client_info("ADA"), None])
def test_a_refresh_reply_may_name_the_account_differently(make: Make, info: str | None) -> None:
    """The account may be in upper case, or only the subject of the ID token, which is a different kind of ID."""
    authority = Authority(refresh=signed_in("ada", "the next", client_info=info))
    credential = make(authority)
    credential.get_token(SCOPE)
    assert credential.get_token(OTHER_SCOPE).token == "the next"
    assert len(authority.prompts) == 1


def test_the_client_id_may_be_in_upper_case(make: Make) -> None:
    """Entra's ID tokens have it in lower case."""
    client = "abcdef00-3333-3333-3333-333333333333"
    credential = make(Authority(signed_in(claims={"aud": client})), client_id=client.upper())
    assert credential.get_token(SCOPE).token == "access-token"


def test_authenticate_in_another_tenant_does_not_change_the_default(make: Make) -> None:
    """Calls without a tenant still get tokens of the credential's own tenant."""
    authority = Authority(signed_in("ada", "of the other tenant", claims={"tid": OTHER_TENANT}))
    credential = make(authority, tenant_id=TENANT, additionally_allowed_tenants=[OTHER_TENANT])
    assert credential.authenticate(scopes=[SCOPE], tenant_id=OTHER_TENANT).tenant_id == OTHER_TENANT
    assert credential.get_token(SCOPE).token == f"ada's token for {SCOPE}"
    assert authority.network.sent[-1].url.split("/")[3] == TENANT
    assert credential.get_token(SCOPE, tenant_id=OTHER_TENANT).token == "of the other tenant"
    assert len(authority.prompts) == 1


@pytest.mark.parametrize("tenant", ["common", "tenant.test", TENANT])
def test_tokens_are_found_under_each_name_of_a_tenant(make: Make, tenant: str) -> None:
    """A user who signed in with a domain is not prompted again."""
    authority = Authority()
    credential = make(authority)
    credential.authenticate(scopes=[SCOPE], tenant_id=tenant)
    asked = len(authority.network.sent)
    for named in (None, tenant, TENANT):
        assert credential.get_token(SCOPE, tenant_id=named).token == "access-token"
    assert len(authority.network.sent) == asked
    assert len(authority.prompts) == 1
