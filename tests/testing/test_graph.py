"""The small Microsoft Graph."""

from __future__ import annotations

import base64
import json
import re

import pytest

from webidentity.testing import SigningKeyPair


def me(scene, token, path="v1.0/me"):
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    response = scene.send("GET", f"{scene.tenant.base_url}/graph/{path}", headers=headers)
    return response, json.loads(response.body)


def mint(scene, **changes):
    given = {"client": scene.web, "resource": scene.tenant.graph, "user": scene.ada, "scopes": ["User.Read"], **changes}
    return scene.tenant.mint_access_token(**given)


def test_the_profile_of_the_user(scene):
    response, profile = me(scene, scene.tokens(scope="openid User.Read")["access_token"])
    assert response.status == 200
    assert profile["id"] == scene.ada.object_id
    assert profile["displayName"] == "Ada Lovelace"
    assert (profile["givenName"], profile["surname"]) == ("Ada", "Lovelace")
    assert profile["userPrincipalName"] == "ada@tenant.test"
    assert profile["mail"] == "ada@mail.test"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"exp": 1_800_000_000},
        {"iss": "https://elsewhere.test"},
        {"tid": "another"},
        {"key": SigningKeyPair.generate()},
        {"headers": {"alg": "none"}},
    ],
)
def test_tokens_for_another_audience_or_issuer_are_refused(scene, changes):
    response, body = me(scene, mint(scene, **changes))
    assert response.status == 401
    assert body["error"]["code"] == "InvalidAuthenticationToken"
    assert response.header("WWW-Authenticate").startswith("Bearer ")


@pytest.mark.parametrize("token", [None, "", "nonsense"])
def test_no_token(scene, token):
    assert me(scene, token)[0].status == 401


@pytest.mark.parametrize("changes", [{"scopes": ["Files.Read"]}, {"scopes": ["User.ReadWrite"]}, {"user": None}])
def test_tokens_without_the_scope(scene, changes):
    response, body = me(scene, mint(scene, **changes))
    assert response.status == 403
    assert body["error"]["code"] == "Authorization_RequestDenied"


def test_a_revoked_user_of_a_capable_client_is_challenged(scene):
    capable, other = mint(scene, xms_cc=["cp1"]), mint(scene)
    assert me(scene, capable)[0].status == 200
    scene.clock.move(10)
    scene.tenant.revoke(scene.ada)
    response, _ = me(scene, capable)
    challenge = response.header("WWW-Authenticate")
    claims = json.loads(base64.b64decode(re.search(r'claims="([^"]+)"', challenge)[1]))
    assert response.status == 401
    assert 'error="insufficient_claims"' in challenge
    assert claims == {"access_token": {"nbf": {"essential": True, "value": "1800000010"}}}
    assert me(scene, other)[0].status == 200
    assert me(scene, mint(scene, xms_cc=["cp1"]))[0].status == 200


def test_other_resources_and_methods(scene):
    assert me(scene, mint(scene), "v1.0/users")[0].status == 404
    assert scene.send("POST", f"{scene.tenant.base_url}/graph/v1.0/me").status == 405
