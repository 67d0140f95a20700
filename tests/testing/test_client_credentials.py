"""The client credentials grant."""

from __future__ import annotations

import pytest


def test_an_app_token_has_the_granted_roles(scene):
    scene.tenant.grant_app_role(scene.web, scene.api, "Files.Read.All")
    status, reply = scene.request("client_credentials", scope=f"{scene.api.identifier_uri}/.default")
    claims = scene.claims(reply["access_token"])
    assert status == 200
    assert claims["roles"] == ["Files.Read.All"]
    assert claims["idtyp"] == "app"
    assert claims["oid"] == claims["sub"] == scene.web.object_id
    assert {"scp", "name", "preferred_username"}.isdisjoint(claims)
    assert {"refresh_token", "id_token"}.isdisjoint(reply)


def test_without_a_role_the_token_has_none(scene):
    _, reply = scene.request("client_credentials", scope="https://graph.microsoft.com/.default")
    claims = scene.claims(reply["access_token"])
    assert claims["aud"] == "https://graph.microsoft.com"
    assert "roles" not in claims


@pytest.mark.parametrize("scope", ["{uri}/Files.Read", "{uri}/.default openid", "{uri}", ".default"])
def test_exactly_one_default_scope_is_required(scene, scope):
    status, error = scene.request("client_credentials", scope=scope.format(uri=scene.api.identifier_uri))
    assert (status, error["error"], error["error_codes"]) == (400, "invalid_scope", [1002012])


def test_an_unknown_resource(scene):
    status, error = scene.request("client_credentials", scope="api://unknown/.default")
    assert (status, error["error"], error["error_codes"]) == (400, "invalid_resource", [500011])


def test_a_public_client_is_refused(scene):
    status, error = scene.request(
        "client_credentials", client=scene.public, scope="https://graph.microsoft.com/.default"
    )
    assert (status, error["error_codes"]) == (401, [700025])


def test_a_role_the_resource_does_not_have_cannot_be_granted(scene):
    with pytest.raises(ValueError, match="has no app role"):
        scene.tenant.grant_app_role(scene.web, scene.api, "Owner")
