"""The refresh token grant."""

from __future__ import annotations

from webidentity.testing import LocalTenant


def test_a_refresh_token_is_valid_for_every_consented_resource(scene):
    reply = scene.tokens(scope=f"openid offline_access {scene.files_read} User.Read")
    for scope, audience in ((scene.files_read, scene.api.client_id), ("User.Read", "https://graph.microsoft.com")):
        status, refreshed = scene.request("refresh_token", refresh_token=reply["refresh_token"], scope=scope)
        assert status == 200
        assert scene.claims(refreshed["access_token"])["aud"] == audience


def test_a_refresh_rotates_and_the_old_token_stays_valid(scene):
    old = scene.tokens()["refresh_token"]
    _, reply = scene.request("refresh_token", refresh_token=old)
    assert reply["refresh_token"] != old
    assert scene.claims(reply["id_token"])["oid"] == scene.ada.object_id
    for token in (old, reply["refresh_token"]):
        assert scene.request("refresh_token", refresh_token=token)[0] == 200


def test_single_use_refresh_tokens_end_the_whole_grant_on_reuse(scene):
    scene.tenant._state.single_use_refresh_tokens = True
    old = scene.tokens()["refresh_token"]
    _, reply = scene.request("refresh_token", refresh_token=old)
    assert scene.request("refresh_token", refresh_token=old)[1]["error_codes"] == [50173]
    assert scene.request("refresh_token", refresh_token=reply["refresh_token"])[1]["error_codes"] == [50173]


def test_a_resource_without_consent_is_refused(scene):
    token = scene.tokens()["refresh_token"]
    status, error = scene.request("refresh_token", refresh_token=token, scope="Files.Read")
    assert (status, error["error"], error["suberror"]) == (400, "invalid_grant", "consent_required")
    assert error["error_codes"] == [65001]
    scene.tenant.grant_consent(scene.ada, scene.web, scene.tenant.graph, ["Files.Read"])
    assert scene.request("refresh_token", refresh_token=token, scope="Files.Read")[0] == 200


def test_a_refresh_token_of_another_client_is_refused(scene):
    token = scene.tokens()["refresh_token"]
    assert scene.request("refresh_token", client=scene.api, refresh_token=token)[1]["error_codes"] == [70000]


def test_an_expired_refresh_token_is_refused(scene):
    token = scene.tokens()["refresh_token"]
    scene.clock.move(90 * 24 * 3600)
    assert scene.request("refresh_token", refresh_token=token)[1]["error_codes"] == [700082]


def test_revocation_invalidates_refresh_tokens_until_a_new_sign_in(scene):
    token = scene.tokens()["refresh_token"]
    scene.tenant.revoke(scene.ada)
    status, error = scene.request("refresh_token", refresh_token=token)
    assert (status, error["error"], error["error_codes"]) == (400, "invalid_grant", [50173])
    new = scene.tokens()["refresh_token"]
    assert scene.request("refresh_token", refresh_token=new)[0] == 200


def test_two_tenants_share_no_tokens(scene):
    other = LocalTenant(tenant_id="11111111-1111-4111-8111-111111111111")
    assert other.add_app("Files Web").client_id != scene.web.client_id
