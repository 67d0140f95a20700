"""Public clients: loopback redirects, proof keys, well-known ids and the family of refresh tokens."""

from __future__ import annotations

import pytest

from webidentity.testing import LocalTenant, TenantBrowser

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
ARM = "https://management.core.windows.net/"


def native(scene, **changes):
    return scene.authorize_url(
        **{
            "client_id": scene.public.client_id,
            "redirect_uri": "http://localhost:8400",
            "code_challenge": scene.challenge,
            "code_challenge_method": "S256",
            **changes,
        }
    )


def redeem(scene, code, **form):
    form = {"code": code, "redirect_uri": "http://localhost:8400", "code_verifier": scene.verifier, **form}
    return scene.request(
        "authorization_code", client=scene.public, **{name: value for name, value in form.items() if value is not None}
    )


class TestLoopback:
    """RFC 8252, section 7.3."""

    @pytest.mark.parametrize("port", [1, 8400, 65535])
    def test_any_port_is_accepted_with_response_mode_query(self, scene, port):
        uri = f"http://localhost:{port}"
        url = scene.browser.sign_in(native(scene, redirect_uri=uri), "ada@tenant.test", "ada-password")
        assert url.startswith(f"{uri}?code=")
        code = url.partition("code=")[2].partition("&")[0]
        assert redeem(scene, code, redirect_uri=uri)[0] == 200

    def test_any_port_is_accepted_with_response_mode_form_post(self, scene):
        url = native(scene, response_mode="form_post", prompt="select_account")
        post = scene.browser.sign_in_form_post(url, "ada@tenant.test", "ada-password")
        assert post.url == "http://localhost:8400"
        assert post.fields["state"] == "the-state"
        assert redeem(scene, post.fields["code"])[0] == 200

    def test_the_code_must_be_redeemed_with_the_same_port(self, scene):
        post = scene.browser.sign_in_form_post(
            native(scene, response_mode="form_post"), "ada@tenant.test", "ada-password"
        )
        reply = redeem(scene, post.fields["code"], redirect_uri="http://localhost:8401")
        assert reply[1]["error_codes"] == [500112]

    def test_the_path_must_be_registered(self, scene):
        app = scene.tenant.add_app("Path", public_client=True, redirect_uris=["http://127.0.0.1/done"])
        for uri, known in (("http://127.0.0.1:9/done", True), ("http://127.0.0.1:9/", False)):
            page = scene.browser.open(native(scene, client_id=app.client_id, redirect_uri=uri))
            assert ("AADSTS50011" in page.text) is not known


class TestProofKeys:
    """RFC 7636."""

    @pytest.mark.parametrize("verifier", [None, "another-verifier-of-the-length-that-is-asked-for"])
    def test_a_challenge_requires_its_verifier(self, scene, verifier):
        url = scene.browser.sign_in(native(scene), "ada@tenant.test", "ada-password")
        code = url.partition("code=")[2].partition("&")[0]
        assert redeem(scene, code, code_verifier=verifier)[1]["error_codes"] == [501481]

    def test_proof_keys_can_be_required(self):
        tenant = LocalTenant(require_pkce=True)
        app = tenant.add_app("Native", public_client=True, redirect_uris=["http://localhost"])
        web = tenant.add_app("Web", secrets=["s"], redirect_uris=["http://localhost:1"])
        base = f"{tenant.tenant_url}/oauth2/v2.0/authorize?response_type=code&scope=openid&client_id="
        browser = TenantBrowser(tenant)
        url = f"{base}{app.client_id}&redirect_uri=http%3A%2F%2Flocalhost%3A1"
        assert "AADSTS9002325" in browser.open(url).location
        assert browser.open(f"{url}&code_challenge=x").form("sign_in")
        assert browser.open(f"{base}{web.client_id}&redirect_uri=http%3A%2F%2Flocalhost%3A1").form("sign_in")

    def test_proof_keys_are_optional_by_default(self, scene):
        page = scene.browser.open(native(scene, code_challenge=None, code_challenge_method=None))
        assert page.form("sign_in")


@pytest.fixture
def family(scene):
    tenant = scene.tenant
    arm = tenant.add_app(
        "Azure Resource Manager", identifier_uri=ARM, scopes={"user_impersonation": "Manage Azure as you"}
    )
    cli = tenant.add_app(
        "Azure CLI", client_id=AZURE_CLI, public_client=True, redirect_uris=["http://localhost"], family=True
    )
    editor = tenant.add_app("Editor", public_client=True, family=True)
    tenant.grant_admin_consent(cli, arm, ["user_impersonation"])
    tenant.grant_admin_consent(editor, tenant.graph, ["User.Read"])
    device = scene.device(client=cli, scope=f"openid offline_access {ARM}/.default")
    tenant.approve_device_code(device["user_code"], scene.ada)
    return cli, editor, arm, scene.poll(device, client=cli)


def test_well_known_clients_are_registered_with_their_ids(scene, family):
    _, _, arm, (status, reply) = family
    assert status == 200
    claims = scene.claims(reply["access_token"])
    assert (claims["azp"], claims["aud"]) == (AZURE_CLI, arm.client_id)
    assert claims["scp"] == "user_impersonation"
    assert reply["scope"].split()[:2] == [f"{ARM}/.default", f"{ARM}/user_impersonation"]


@pytest.mark.parametrize("spelled", [f"{ARM}/.default", f"{ARM}.default", f"{ARM}user_impersonation"])
def test_a_resource_whose_name_ends_with_a_slash(scene, family, spelled):
    cli, _, _, (_, reply) = family
    status, refreshed = scene.request("refresh_token", client=cli, refresh_token=reply["refresh_token"], scope=spelled)
    assert status == 200
    assert scene.claims(refreshed["access_token"])["scp"] == "user_impersonation"


class TestFamily:
    """Microsoft's family of client ids."""

    def test_a_refresh_token_can_be_redeemed_by_another_member(self, scene, family):
        _, editor, _, (_, reply) = family
        assert reply["foci"] == "1"
        status, theirs = scene.request(
            "refresh_token", client=editor, refresh_token=reply["refresh_token"], scope="User.Read"
        )
        assert (status, theirs["foci"]) == (200, "1")
        claims = scene.claims(theirs["access_token"])
        assert (claims["azp"], claims["oid"]) == (editor.client_id, scene.ada.object_id)
        assert scene.claims(theirs["id_token"])["aud"] == editor.client_id
        again = scene.request("refresh_token", client=editor, refresh_token=theirs["refresh_token"], scope="User.Read")
        assert again[0] == 200

    def test_each_member_needs_its_own_consent(self, scene, family):
        _, editor, _, (_, reply) = family
        refused = scene.request(
            "refresh_token", client=editor, refresh_token=reply["refresh_token"], scope=f"{ARM}/.default"
        )
        assert refused[1]["error_codes"] == [65001]

    def test_others_are_refused(self, scene, family):
        cli, _, _, (_, reply) = family
        refresh = reply["refresh_token"]
        refused = scene.request("refresh_token", client=scene.public, refresh_token=refresh, scope="User.Read")
        assert refused[1]["error_codes"] == [70000]
        device = scene.device()
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        reply = scene.poll(device)[1]
        assert "foci" not in reply
        refused = scene.request("refresh_token", client=cli, refresh_token=reply["refresh_token"])
        assert refused[1]["error_codes"] == [70000]

    def test_a_confidential_client_has_no_family(self, scene):
        with pytest.raises(ValueError, match="public_client=True"):
            scene.tenant.add_app("Web of the family", family=True)
