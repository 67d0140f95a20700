"""The on-behalf-of grant and its errors."""

from __future__ import annotations

import json

import pytest

from webidentity.testing import SigningKeyPair


@pytest.fixture
def assertion(scene):
    scene.tenant.grant_admin_consent(scene.api, scene.tenant.graph, ["User.Read"])
    return scene.tokens()["access_token"]


def test_the_api_receives_a_token_for_the_user(scene, assertion):
    status, reply = scene.exchange(assertion)
    claims = scene.claims(reply["access_token"])
    assert status == 200
    assert claims["aud"] == "https://graph.microsoft.com"
    assert claims["azp"] == scene.api.client_id
    assert claims["oid"] == scene.ada.object_id
    assert claims["sid"] == scene.claims(assertion)["sid"]
    assert claims["scp"] == "User.Read"
    assert {"refresh_token", "id_token"}.isdisjoint(reply)


def test_offline_access_and_openid_add_the_other_tokens(scene, assertion):
    _, reply = scene.exchange(assertion, "https://graph.microsoft.com/.default openid profile offline_access")
    assert scene.claims(reply["id_token"])["aud"] == scene.api.client_id
    status, _ = scene.request("refresh_token", client=scene.api, refresh_token=reply["refresh_token"])
    assert status == 200


def test_the_identifier_uri_is_accepted_as_audience(scene, assertion):
    token = scene.tenant.mint_access_token(
        client=scene.web, resource=scene.api, user=scene.ada, scopes=["Files.Read"], aud=scene.api.identifier_uri
    )
    assert scene.exchange(token)[0] == 200


def test_the_api_needs_consent(scene):
    status, error = scene.exchange(scene.tokens()["access_token"])
    assert (status, error["error"], error["suberror"]) == (400, "invalid_grant", "consent_required")
    assert error["error_codes"] == [65001]


def refusals():
    return [
        pytest.param({"aud": "another"}, 500131, id="audience"),
        pytest.param({"exp": 1_800_000_000}, 500133, id="expired"),
        pytest.param({"exp": None}, 500133, id="no expiry"),
        pytest.param({"exp": "soon"}, 500133, id="an expiry that is no number"),
        pytest.param({"nbf": 1_800_000_001}, 500133, id="not valid yet"),
        pytest.param({"nbf": "now"}, 500133, id="a beginning that is no number"),
        pytest.param({"aud": None}, 500131, id="no audience"),
        pytest.param({"iss": None}, 50013, id="no issuer"),
        pytest.param({"tid": "22222222-2222-2222-2222-222222222222"}, 50013, id="another tenant"),
        pytest.param({"idtyp": "app"}, 7000114, id="app-only, with a user's claims"),
        pytest.param({"headers": {"kid": "another"}}, 50013, id="unknown key id"),
        pytest.param({"headers": {"alg": "PS256"}}, 50027, id="another algorithm"),
        pytest.param({"oid": None}, 50034, id="no user"),
        pytest.param({"iss": "https://elsewhere.test/v2.0"}, 50013, id="issuer"),
        pytest.param({"key": SigningKeyPair.generate()}, 50013, id="another key"),
        pytest.param({"headers": {"alg": "none"}}, 50027, id="unsigned"),
        pytest.param({"oid": "anonymous"}, 50034, id="unknown user"),
        pytest.param({"user": None}, 7000114, id="app-only"),
        pytest.param({"scp": None}, 7000114, id="no scp"),
    ]


@pytest.mark.parametrize(("changes", "code"), refusals())
def test_refused_assertions(scene, assertion, changes, code):
    arguments = {"client": scene.web, "resource": scene.api, "user": scene.ada, "scopes": ["Files.Read"], **changes}
    status, error = scene.exchange(scene.tenant.mint_access_token(**arguments))
    assert (status, error["error_codes"]) == (400, [code])


def test_a_signature_under_a_known_key_id_is_still_checked(scene, assertion):
    kid = scene.tenant._state.keys.current.kid
    token = scene.tenant.mint_access_token(
        client=scene.web,
        resource=scene.api,
        user=scene.ada,
        scopes=["Files.Read"],
        key=SigningKeyPair.generate(),
        headers={"kid": kid},
    )
    assert scene.exchange(token)[1]["error_codes"] == [50013]


@pytest.mark.parametrize("text", ["nonsense", "a.b.c", "..", "é.é.é"])
def test_malformed_assertions_are_refused_with_50027(scene, text):
    assert scene.exchange(text)[1]["error_codes"] == [50027]


def test_an_id_token_is_refused(scene, assertion):
    token = scene.tenant.mint_id_token(client=scene.api, user=scene.ada)
    assert scene.exchange(token)[1]["error_codes"] == [240002]


def test_a_token_for_graph_is_refused(scene, assertion):
    token = scene.tokens(scope="User.Read")["access_token"]
    assert scene.exchange(token)[1]["error_codes"] == [500131]


def test_an_assertion_issued_before_a_revocation_is_refused(scene, assertion):
    scene.tenant.revoke(scene.ada)
    assert scene.exchange(assertion)[1]["error_codes"] == [50173]
    assert scene.exchange(scene.tokens()["access_token"])[0] == 200


def test_a_public_client_cannot_act_for_a_user(scene, assertion):
    status, error = scene.request(
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        client=scene.public,
        assertion=assertion,
        requested_token_use="on_behalf_of",
        scope="User.Read",
    )
    assert (status, error["error_codes"]) == (400, [7000114])


@pytest.mark.parametrize("acrs", ["c1", ["c1", "c2"]])
def test_the_authentication_context_of_the_assertion_is_kept(scene, assertion, acrs):
    token = scene.tenant.mint_access_token(
        client=scene.web, resource=scene.api, user=scene.ada, scopes=["Files.Read"], acrs=acrs
    )
    claims = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
    _, reply = scene.exchange(token, claims=claims)
    assert "c1" in scene.claims(reply["access_token"])["acrs"]
    assert scene.exchange(assertion, claims=claims)[1]["error"] == "interaction_required"


def test_requested_token_use_is_required(scene, assertion):
    assert scene.exchange(assertion, requested_token_use="other")[1]["error_codes"] == [9002313]
    assert scene.exchange(assertion, requested_token_use="")[1]["error_codes"] == [900144]


def test_conditional_access_applies_to_the_exchange(scene, assertion):
    claims = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
    scene.tenant.require_claims(scene.ada, scene.tenant.graph, claims)
    status, error = scene.exchange(assertion)
    assert (status, error["error"], error["error_codes"]) == (400, "interaction_required", [50076])
    assert error["claims"] == claims
    scene.sign_in(claims=claims)
    assert scene.exchange(assertion)[0] == 200
