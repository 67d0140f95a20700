"""SharedTokenCacheCredential with an AuthenticationRecord, which names the account."""

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT
from tests.kit.shared_cache import Home
from tests.kit.shared_sign_ins import EDITOR, SHELL, Make, Redeemer, edit, maker_of, record, sign_in
from webidentity import CredentialUnavailableError, EntraError


@pytest.fixture
def make(driver: Driver) -> Make:
    """Makes credentials over an authority."""
    return maker_of(driver, "SharedTokenCacheCredential")


def test_an_account_by_record(home: Home, make: Make) -> None:
    """Exactly this account, with its client ID, and the tokens of that client or the family."""
    sign_in(home, scope=SCOPE)
    sign_in(home, "eve")
    authority = Redeemer()
    credential = make(authority, authentication_record=record())
    assert credential.get_token(SCOPE).token == f"ada's token for {EDITOR}"
    assert credential.get_token("other").token == "ada-1"
    (sent,) = authority.network.sent
    assert (sent.form["client_id"], authority.redeemed) == (EDITOR, [f"refresh-token-ada-{EDITOR}-{TENANT}"])
    assert make(authority, authentication_record=record(client_id=SHELL)).get_token(SCOPE).token == "ada-2"
    assert authority.network.sent[-1].form["client_id"] == SHELL


def test_a_record_with_another_tenant(home: Home, make: Make) -> None:
    """The tenant of the constructor, or of a call that may name one."""
    sign_in(home)
    authority = Redeemer()
    make(authority, authentication_record=record(), tenant_id=OTHER_TENANT).get_token(SCOPE)
    with pytest.raises(ClientAuthenticationError, match="not configured to acquire tokens for tenant"):
        make(authority, authentication_record=record()).get_token(SCOPE, tenant_id=OTHER_TENANT)
    free = make(authority, authentication_record=record(), additionally_allowed_tenants=["*"])
    free.get_token("other", tenant_id=OTHER_TENANT)
    assert [sent.url.split("/")[3] for sent in authority.network.sent] == [OTHER_TENANT] * 2


def test_a_record_whose_account_is_missing(home: Home, make: Make) -> None:
    """Another account with the same username is not used."""
    sign_in(home, "eve")
    edit(home, "Account", username="ada@tenant.test")
    with pytest.raises(CredentialUnavailableError, match="no account matching the given AuthenticationRecord"):
        make(authentication_record=record()).get_token(SCOPE)


def test_a_record_whose_tokens_are_missing(home: Home, make: Make) -> None:
    """The account is cached, but its client is not of the family and has no token."""
    sign_in(home, client_id=EDITOR)
    sign_in(home, client_id=CLIENT, family=None, scope="another")
    content = home.content()
    content["RefreshToken"] = {k: e for k, e in content["RefreshToken"].items() if e["client_id"] != CLIENT}
    home.write(content)
    authority = Redeemer()
    with pytest.raises(CredentialUnavailableError, match=r"Token acquisition failed for user 'ada@tenant\.test'"):
        make(authority, authentication_record=record(client_id=CLIENT)).get_token(SCOPE)
    assert not authority.network.sent


def test_a_refused_refresh_token_of_a_record(home: Home, make: Make) -> None:
    """The error has azure-identity's message and the authority's reason."""
    sign_in(home)
    with pytest.raises(EntraError, match=r"Token acquisition failed.*AADSTS700082"):
        make(Redeemer("refresh"), authentication_record=record()).get_token(SCOPE)
