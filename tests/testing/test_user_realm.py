"""User realm discovery."""

from __future__ import annotations

import pytest

URN = "urn:federation:MicrosoftOnline"


@pytest.fixture
def realm(scene):
    scene.tenant.add_user("kay@other.test", password="p", name="Kay")

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


def test_other_domains_of_users_are_managed(realm):
    assert realm("KAY%40OTHER.TEST")[1]["account_type"] == "Managed"
    assert realm("stranger@other.test")[1]["domain_name"] == "other.test"


@pytest.mark.parametrize("username", ["x@elsewhere.test", "no-at-sign", "%00", "a%2Fb@x", "%ff"])
def test_unknown(realm, username):
    status, found = realm(username)
    assert (status, found["account_type"]) == (200, "Unknown")


def test_a_stranger_of_the_tenants_own_domain_is_managed(realm):
    assert realm("stranger@tenant.test")[1]["account_type"] == "Managed"


def test_only_the_first_version(realm):
    assert realm("ada@tenant.test", "?api-version=2.1")[1]["error_codes"] == [90023]
    assert realm("ada@tenant.test", "")[0] == 200


def test_only_get(scene):
    response = scene.send("POST", f"{scene.tenant.base_url}/common/userrealm/ada@tenant.test")
    assert response.status == 405
