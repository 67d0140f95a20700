"""User realm discovery."""

from __future__ import annotations

import pytest

URN = "urn:federation:MicrosoftOnline"


@pytest.fixture
def realm(scene):
    scene.tenant.add_user("kay@fed.test", password="p", name="Kay", federated=True)
    scene.tenant.add_user("odd@tenant.test", password="p", name="Odd", federated=True)

    def ask(username, query="?api-version=1.0"):
        return scene.get_json(f"{scene.tenant.base_url}/common/userrealm/{username}{query}")

    return ask


def test_managed(realm):
    assert realm("ada@tenant.test") == (
        200,
        {
            "ver": "1.0",
            "account_type": "Managed",
            "domain_name": "tenant.test",
            "cloud_instance_name": "login.tenant.test",
            "cloud_audience_urn": URN,
        },
    )


@pytest.mark.parametrize("username", ["kay@fed.test", "KAY%40FED.TEST", "someone.else@fed.test", "odd@tenant.test"])
def test_federated(realm, username):
    _, found = realm(username)
    assert found["account_type"] == "Federated"
    assert found["federation_protocol"] == "WSTrust"
    assert found["federation_metadata_url"] == "https://login.tenant.test/adfs/services/trust/mex"
    trust = "https://login.tenant.test/adfs/services/trust"
    assert found["federation_active_auth_url"] == f"{trust}/2005/usernamemixed"
    assert found["cloud_audience_urn"] == URN
    assert found["domain_name"] == username.replace("%40", "@").lower().partition("@")[2]


@pytest.mark.parametrize("username", ["x@elsewhere.test", "no-at-sign", "%00", "a%2Fb@x", "%ff"])
def test_unknown(realm, username):
    status, found = realm(username)
    assert (status, found["account_type"]) == (200, "Unknown")
    assert "federation_metadata_url" not in found


def test_a_stranger_of_the_tenants_own_domain_is_managed(realm):
    assert realm("stranger@tenant.test")[1]["account_type"] == "Managed"


def test_only_the_first_version(realm):
    assert realm("ada@tenant.test", "?api-version=2.1")[1]["error_codes"] == [90023]
    assert realm("ada@tenant.test", "")[0] == 200


def test_only_get(scene):
    response = scene.send("POST", f"{scene.tenant.base_url}/common/userrealm/ada@tenant.test")
    assert response.status == 405
