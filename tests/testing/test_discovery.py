"""Metadata, keys and instance discovery."""

from __future__ import annotations

import jwt
import pytest


def test_the_openid_configuration(scene):
    authority = scene.tenant.tenant_url
    status, document = scene.get_json(f"{authority}/v2.0/.well-known/openid-configuration")
    assert status == 200
    assert document["issuer"] == scene.tenant.issuer
    assert document["authorization_endpoint"] == f"{authority}/oauth2/v2.0/authorize"
    assert document["token_endpoint"] == f"{authority}/oauth2/v2.0/token"
    assert document["end_session_endpoint"] == f"{authority}/oauth2/v2.0/logout"
    assert document["jwks_uri"] == f"{authority}/discovery/v2.0/keys"


@pytest.mark.parametrize("name", ["common", "organizations"])
def test_shared_names_have_an_issuer_template(scene, name):
    base = scene.tenant.base_url
    _, document = scene.get_json(f"{base}/{name}/v2.0/.well-known/openid-configuration")
    assert document["issuer"] == f"{base}/{{tenantid}}/v2.0"
    _, keys = scene.get_json(document["jwks_uri"])
    assert {key["issuer"] for key in keys["keys"]} == {f"{base}/{{tenantid}}/v2.0"}


def test_the_domain_stands_for_the_tenant_id(scene):
    _, document = scene.get_json(f"{scene.tenant.base_url}/tenant.test/v2.0/.well-known/openid-configuration")
    assert document["issuer"] == scene.tenant.issuer


def test_the_key_set(scene):
    _, document = scene.get_json(f"{scene.tenant.tenant_url}/discovery/v2.0/keys")
    (key,) = document["keys"]
    assert key.keys() == {"kty", "use", "kid", "n", "e", "issuer"}
    assert (key["kty"], key["use"], key["issuer"]) == ("RSA", "sig", scene.tenant.issuer)


def test_rotated_keys_stay_published(scene):
    before = scene.tokens()["access_token"]
    kid = scene.tenant.rotate_keys()
    after = scene.tokens()["access_token"]
    assert jwt.get_unverified_header(after)["kid"] == kid != jwt.get_unverified_header(before)["kid"]
    assert scene.claims(before)["oid"] == scene.claims(after)["oid"]


def test_instance_discovery(scene):
    url = f"{scene.tenant.base_url}/common/discovery/instance?api-version=1.1&authorization_endpoint="
    status, document = scene.get_json(f"{url}https://login.tenant.test/common/oauth2/v2.0/authorize")
    assert status == 200
    assert document["tenant_discovery_endpoint"].startswith(scene.tenant.tenant_url)
    assert document["metadata"][0]["aliases"] == ["login.tenant.test"]
    for other in ("https://login.elsewhere.test/common", "https://login.tenant.test.evil.test/", "http://["):
        status, document = scene.get_json(url + other)
        assert (status, document["error"]) == (400, "invalid_instance")


def test_an_unknown_endpoint_is_not_found(scene):
    assert scene.get_json(f"{scene.tenant.tenant_url}/nothing")[0] == 404
    assert scene.get_json(f"{scene.tenant.base_url}/{scene.tenant.domain}")[0] == 404
    assert scene.send("DELETE", f"{scene.tenant.tenant_url}/discovery/v2.0/keys").status == 405


def test_an_unknown_tenant_is_an_error_in_json(scene):
    status, document = scene.get_json(f"{scene.tenant.base_url}/other.test/v2.0/.well-known/openid-configuration")
    assert (status, document["error_codes"]) == (400, [90002])
