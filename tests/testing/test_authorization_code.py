"""The authorization code grant."""

from __future__ import annotations

import json

import pytest


def test_a_code_is_redeemed_for_a_verifiable_access_token(scene):
    reply = scene.tokens()
    claims = scene.claims(reply["access_token"])
    assert reply["token_type"] == "Bearer"
    assert reply["expires_in"] == reply["ext_expires_in"] == 3600
    assert reply["scope"] == f"{scene.files_read} openid profile offline_access"
    assert claims | {"uti": "", "sid": "", "sub": ""} == {
        "aud": scene.api.client_id,
        "iss": scene.tenant.issuer,
        "iat": 1_800_000_000,
        "nbf": 1_800_000_000,
        "exp": 1_800_003_600,
        "azp": scene.web.client_id,
        "azpacr": "1",
        "name": "Ada Lovelace",
        "oid": scene.ada.object_id,
        "preferred_username": "ada@tenant.test",
        "scp": "Files.Read",
        "tid": scene.tenant.tenant_id,
        "ver": "2.0",
        "uti": "",
        "sid": "",
        "sub": "",
    }


def test_the_id_token_is_for_the_client_and_has_the_nonce(scene):
    scene.tenant.assign_role(scene.ada, scene.api, "Admin")
    claims = scene.claims(scene.tokens(scope="openid profile email")["id_token"])
    assert claims["aud"] == scene.web.client_id
    assert claims["nonce"] == "the-nonce"
    assert claims["email"] == "ada@mail.test"
    assert claims["oid"] == scene.ada.object_id
    assert claims["login_hint"].startswith("O.")
    assert "auth_time" not in claims
    assert "roles" not in claims


def test_openid_alone_issues_no_name_and_no_refresh_token(scene):
    reply = scene.tokens(scope="openid")
    assert {"name", "oid", "preferred_username", "email"}.isdisjoint(scene.claims(reply["id_token"]))
    assert scene.claims(reply["access_token"])["aud"] == "https://graph.microsoft.com"
    assert scene.claims(reply["access_token"])["scp"] == "openid"
    assert "refresh_token" not in reply


def test_without_openid_there_is_no_id_token(scene):
    assert "id_token" not in scene.tokens(scope=scene.files_read)


def test_subjects_differ_between_apps_and_are_stable_within_one(scene):
    first, second = scene.tokens(), scene.tokens()
    access = [scene.claims(reply["access_token"])["sub"] for reply in (first, second)]
    identity = scene.claims(first["id_token"])["sub"]
    assert access[0] == access[1] != identity


def test_tokens_have_the_roles_at_their_audience(scene):
    scene.tenant.assign_role(scene.ada, scene.api, "Admin")
    reply = scene.tokens()
    assert scene.claims(reply["access_token"])["roles"] == ["Admin"]
    assert "roles" not in scene.claims(reply["id_token"])


def test_max_age_puts_auth_time_into_the_id_token(scene):
    claims = scene.claims(scene.tokens(max_age="60")["id_token"])
    assert claims["auth_time"] == 1_800_000_000


def test_auth_time_can_be_requested_as_a_claim(scene):
    claims = scene.claims(scene.tokens(claims='{"id_token": {"auth_time": {"essential": true}}}')["id_token"])
    assert claims["auth_time"] == 1_800_000_000


def test_client_info_names_user_and_tenant(scene):
    import base64

    _, reply = scene.redeem(scene.code(), client_info="1")
    decoded = json.loads(base64.urlsafe_b64decode(reply["client_info"] + "=="))
    assert decoded == {"uid": scene.ada.object_id, "utid": scene.tenant.tenant_id}


def test_requested_capabilities_are_in_the_token(scene):
    claims = json.dumps({"access_token": {"xms_cc": {"values": ["CP1"]}}})
    _, reply = scene.redeem(scene.code(), claims=claims)
    assert scene.claims(reply["access_token"])["xms_cc"] == ["CP1"]


def test_refresh_in_is_sent_when_configured(scene):
    scene.tenant._state.refresh_in = 1800
    assert scene.tokens()["refresh_in"] == 1800


def test_a_code_works_once_and_a_replay_revokes_its_tokens(scene):
    code = scene.code()
    _, first = scene.redeem(code)
    status, error = scene.redeem(code)
    assert (status, error["error"], error["error_codes"]) == (400, "invalid_grant", [54005])
    status, error = scene.request("refresh_token", refresh_token=first["refresh_token"])
    assert (status, error["error_codes"]) == (400, [50173])


def test_a_failed_redemption_does_not_consume_the_code(scene):
    code = scene.code()
    assert scene.redeem(code, redirect_uri="https://app.test/other")[1]["error_codes"] == [500112]
    assert scene.redeem(code)[0] == 200


def test_an_expired_code_is_refused(scene):
    code = scene.code()
    scene.clock.move(600)
    assert scene.redeem(code)[1]["error_codes"] == [70008]


def test_a_code_of_another_client_is_refused(scene):
    code = scene.code()
    status, error = scene.request("authorization_code", client=scene.api, code=code, redirect_uri=scene.callback)
    assert (status, error["error_codes"]) == (400, [70000])


def test_an_unknown_code_is_refused(scene):
    assert scene.redeem("1.guess")[1]["error_codes"] == [70000]


def test_a_code_of_a_revoked_user_is_refused(scene):
    code = scene.code()
    scene.tenant.revoke(scene.ada)
    assert scene.redeem(code)[1]["error_codes"] == [50173]


@pytest.mark.parametrize("missing", ["code", "redirect_uri"])
def test_missing_parameters_are_named(scene, missing):
    form = {"code": "x", "redirect_uri": scene.callback}
    del form[missing]
    status, error = scene.request("authorization_code", **form)
    assert (status, error["error"], error["error_codes"]) == (400, "invalid_request", [900144])
    assert f"'{missing}'" in error["error_description"]


class TestProofKey:
    """RFC 7636."""

    @pytest.mark.parametrize("method", ["S256", "plain", None])
    def test_the_matching_verifier_is_accepted(self, scene, method):
        challenge = scene.challenge if method == "S256" else scene.verifier
        code = scene.code(code_challenge=challenge, code_challenge_method=method)
        assert scene.redeem(code, code_verifier=scene.verifier)[0] == 200

    @pytest.mark.parametrize("verifier", [{}, {"code_verifier": "another"}, {"code_verifier": "ünicode"}])
    def test_a_missing_or_wrong_verifier_is_refused(self, scene, verifier):
        code = scene.code(code_challenge=scene.challenge, code_challenge_method="S256")
        assert scene.redeem(code, **verifier)[1]["error_codes"] == [501481]

    def test_the_challenge_is_not_accepted_as_verifier(self, scene):
        code = scene.code(code_challenge=scene.challenge, code_challenge_method="S256")
        assert scene.redeem(code, code_verifier=scene.challenge)[1]["error_codes"] == [501481]

    def test_a_verifier_without_a_challenge_is_refused(self, scene):
        assert scene.redeem(scene.code(), code_verifier=scene.verifier)[1]["error_codes"] == [501481]

    def test_a_public_client_needs_no_secret(self, scene):
        url = scene.authorize_url(
            client_id=scene.public.client_id,
            redirect_uri="http://localhost:8400",
            code_challenge=scene.challenge,
            code_challenge_method="S256",
        )
        location = scene.browser.sign_in(url, "ada@tenant.test", "ada-password")
        assert location.startswith("http://localhost:8400?code=")
        code = location.partition("code=")[2].partition("&")[0]
        status, reply = scene.request(
            "authorization_code",
            client=scene.public,
            code=code,
            redirect_uri="http://localhost:8400",
            code_verifier=scene.verifier,
        )
        assert status == 200
        assert scene.claims(reply["access_token"])["azpacr"] == "0"
