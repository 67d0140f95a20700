"""Whose token a sign-in brings, of which tenant, and that nobody is handed another's."""

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
    """Makes credentials; the time between two questions passes on the clock alone."""
    return device_code_credentials(driver)


def test_a_reply_of_another_tenant_is_refused(make: Make) -> None:
    """Where a tenant is named by its id; a domain, or "organizations", is what the ID token says it is."""
    with pytest.raises(ClientAuthenticationError, match="another tenant"):
        make(Authority(), tenant_id=OTHER_TENANT).get_token(SCOPE)
    for tenant in (TENANT, "tenant.test", "common"):
        assert make(Authority(), tenant_id=tenant).get_token(SCOPE).token == "access-token"


def test_a_refresh_token_that_brings_somebody_elses_tokens(make: Make) -> None:
    """They are kept for nobody; the user is asked again."""
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
def test_a_refresh_token_whose_reply_names_the_account_differently(make: Make, info: str | None) -> None:
    """In capitals, or by the subject of the ID token alone, which is another kind of name."""
    authority = Authority(refresh=signed_in("ada", "the next", client_info=info))
    credential = make(authority)
    credential.get_token(SCOPE)
    assert credential.get_token(OTHER_SCOPE).token == "the next"
    assert len(authority.prompts) == 1


def test_the_applications_id_may_be_in_capitals(make: Make) -> None:
    """Entra's ID tokens have it in lower case."""
    client = "abcdef00-3333-3333-3333-333333333333"
    credential = make(Authority(signed_in(claims={"aud": client})), client_id=client.upper())
    assert credential.get_token(SCOPE).token == "access-token"


def test_a_sign_in_elsewhere_does_not_move_the_credential(make: Make) -> None:
    """A call that names no tenant gets a token of the credential's own, not of the one that was authenticated in."""
    authority = Authority(signed_in("ada", "of the other tenant", claims={"tid": OTHER_TENANT}))
    credential = make(authority, tenant_id=TENANT, additionally_allowed_tenants=[OTHER_TENANT])
    assert credential.authenticate(scopes=[SCOPE], tenant_id=OTHER_TENANT).tenant_id == OTHER_TENANT
    assert credential.get_token(SCOPE).token == f"ada's token for {SCOPE}"
    assert authority.network.sent[-1].url.split("/")[3] == TENANT
    assert credential.get_token(SCOPE, tenant_id=OTHER_TENANT).token == "of the other tenant"
    assert len(authority.prompts) == 1


@pytest.mark.parametrize("tenant", ["common", "tenant.test", TENANT])
def test_whatever_a_tenant_is_called_its_tokens_are_found(make: Make, tenant: str) -> None:
    """A user who signed in with a name of the tenant is not asked again."""
    authority = Authority()
    credential = make(authority)
    credential.authenticate(scopes=[SCOPE], tenant_id=tenant)
    asked = len(authority.network.sent)
    for named in (None, tenant, TENANT):
        assert credential.get_token(SCOPE, tenant_id=named).token == "access-token"
    assert len(authority.network.sent) == asked
    assert len(authority.prompts) == 1
