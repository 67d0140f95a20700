"""Conditional access: required claims and authentication contexts."""

from __future__ import annotations

import json

import pytest

STEP_UP = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
MERGED = json.dumps(
    {"access_token": {"acrs": {"essential": True, "value": "c1"}, "xms_cc": {"values": ["cp1"]}}, "id_token": {}}
)


def test_tokens_are_refused_until_a_sign_in_with_the_claims(scene):
    token = scene.tokens()["refresh_token"]
    scene.tenant.require_claims(scene.ada, scene.api, STEP_UP)
    status, error = scene.request("refresh_token", refresh_token=token)
    assert (status, error["error"], error["error_codes"]) == (400, "interaction_required", [50076])
    assert error["claims"] == STEP_UP
    assert scene.browser.open(scene.authorize_url(claims=MERGED)).title == "Sign in"
    reply = scene.tokens(claims=MERGED)
    claims = scene.claims(reply["access_token"])
    assert claims["acrs"] == ["c1"]
    assert claims["xms_cc"] == ["cp1"]
    assert scene.request("refresh_token", refresh_token=token)[0] == 200


def test_other_claims_do_not_satisfy(scene):
    scene.tenant.require_claims(scene.ada, scene.api, STEP_UP)
    code = scene.code(claims=json.dumps({"access_token": {"xms_cc": {"values": ["cp1"]}}}))
    assert scene.redeem(code)[1]["error_codes"] == [50076]


def test_required_claims_apply_to_one_user_and_one_resource(scene):
    scene.tenant.require_claims(scene.grace, scene.api, STEP_UP)
    scene.tenant.require_claims(scene.ada, scene.tenant.graph, STEP_UP)
    assert scene.redeem(scene.code())[0] == 200


def test_a_silent_request_fails_with_interaction_required(scene):
    scene.sign_in()
    fields = scene.sign_in(prompt="none", claims=STEP_UP)
    assert fields["error"] == "interaction_required"
    assert "AADSTS50076" in fields["error_description"]


def test_a_context_requested_at_the_token_endpoint_needs_a_sign_in(scene):
    token = scene.tokens()["refresh_token"]
    status, error = scene.request("refresh_token", refresh_token=token, claims=STEP_UP)
    assert (status, error["error"], error["claims"]) == (400, "interaction_required", STEP_UP)
    stepped_up = scene.tokens(claims=STEP_UP)["refresh_token"]
    _, reply = scene.request("refresh_token", refresh_token=stepped_up, claims=STEP_UP)
    assert scene.claims(reply["access_token"])["acrs"] == ["c1"]


def test_a_session_that_reached_a_context_keeps_it(scene):
    scene.sign_in(claims=STEP_UP)
    assert "code" in scene.sign_in(prompt="none", claims=STEP_UP)


@pytest.mark.parametrize("claims", ["nonsense", "[1]", '"text"'])
def test_malformed_claims(scene, claims):
    assert scene.redeem(scene.code(), claims=claims)[1]["error_codes"] == [9002313]
    assert scene.sign_in(claims=claims)["error"] == "invalid_request"
    from webidentity.testing._errors import TenantError

    with pytest.raises(TenantError):
        scene.tenant.require_claims(scene.ada, scene.api, claims)
