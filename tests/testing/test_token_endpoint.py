"""The token endpoint: checks before the grant, the format of errors, and the scope parameter."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

import pytest


def test_only_post(scene):
    status, error = scene.get_json(f"{scene.tenant.tenant_url}/oauth2/v2.0/token?grant_type=client_credentials")
    assert (status, error["error_codes"]) == (405, [900561])


def test_a_repeated_parameter_is_refused(scene):
    status, error = scene.post("grant_type=client_credentials&scope=a&scope=b")
    assert (status, error["error"], error["error_codes"]) == (400, "invalid_request", [9002313])


def test_too_many_parameters(scene):
    assert scene.post("&".join(f"p{number}=1" for number in range(200)))[1]["error_codes"] == [9002313]


def test_no_grant_type(scene):
    assert scene.post({})[1]["error_codes"] == [900144]


def test_a_body_that_is_not_a_form_is_refused(scene):
    status, error = scene.post('{"grant_type": "client_credentials"}', {"Content-Type": "application/json"})
    assert (status, error["error_codes"]) == (400, [900144])


def test_an_unknown_grant(scene):
    status, error = scene.request("implicit", username="ada@tenant.test")
    assert (status, error["error"], error["error_codes"]) == (400, "unsupported_grant_type", [70003])


def test_another_tenant_is_refused(scene):
    url = f"{scene.tenant.base_url}/22222222-2222-4222-8222-222222222222/oauth2/v2.0/token"
    response = scene.send("POST", url)
    assert response.status == 400
    assert b"AADSTS90002" in response.body


@pytest.mark.parametrize("name", ["tenant.test", "common", "organizations", "TENANT.TEST"])
def test_other_names_of_the_tenant(scene, name):
    response = scene.send("POST", f"{scene.tenant.base_url}/{name}/oauth2/v2.0/token")
    assert b"AADSTS900144" in response.body


def test_errors_have_the_format_of_entra(scene):
    correlation_id = str(uuid.uuid4())
    _, error = scene.post({}, {"client-request-id": correlation_id})
    assert error["correlation_id"] == correlation_id
    assert error["timestamp"] == "2027-01-15 08:00:00Z"
    assert error["error_uri"] == f"{scene.tenant.base_url}/error?code=900144"
    assert error["error_description"] == (
        "AADSTS900144: The request body must contain the following parameter: 'grant_type'. "
        f"Trace ID: {error['trace_id']} Correlation ID: {correlation_id} Timestamp: 2027-01-15 08:00:00Z"
    )
    assert {"suberror", "claims"}.isdisjoint(error)


def test_a_correlation_id_that_is_not_a_uuid_is_replaced(scene):
    _, error = scene.post({}, {"client-request-id": "x\r\ny"})
    assert str(uuid.UUID(error["correlation_id"])) == error["correlation_id"]


@pytest.mark.parametrize("endpoint", ["token", "devicecode"])
def test_replies_have_the_ids_of_the_request(scene, endpoint):
    """A success has them too: the tenant's, and the client's if it sent one."""
    url = f"{scene.tenant.tenant_url}/oauth2/v2.0/{endpoint}"
    form = {"client_id": scene.web.client_id, "client_secret": "web-secret", "scope": "openid"}
    body = urlencode({**form, "grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    correlation_id = str(uuid.uuid4())
    plain = scene.send("POST", url, body.encode(), kind)
    named = scene.send("POST", url, body.encode(), {**kind, "client-request-id": correlation_id})
    assert plain.status == named.status
    assert plain.header("client-request-id") is None
    assert named.header("client-request-id") == correlation_id
    assert uuid.UUID(plain.header("x-ms-request-id")) != uuid.UUID(named.header("x-ms-request-id"))


def test_replies_are_not_stored(scene):
    response = scene.send("POST", f"{scene.tenant.tenant_url}/oauth2/v2.0/token")
    assert "no-store" in response.header("cache-control")


class TestScopes:
    """The scope parameter."""

    def refused(self, scene, scope):
        status, error = scene.request("refresh_token", refresh_token=scene.tokens()["refresh_token"], scope=scope)
        return status, error["error"], error["error_codes"]

    def test_two_resources(self, scene):
        assert self.refused(scene, f"{scene.files_read} User.Read") == (400, "invalid_request", [28000])

    def test_a_scope_that_does_not_exist(self, scene):
        assert self.refused(scene, f"{scene.api.identifier_uri}/Nope") == (400, "invalid_scope", [70011])

    def test_a_resource_that_does_not_exist(self, scene):
        assert self.refused(scene, "api://unknown/x") == (400, "invalid_resource", [500011])

    def test_a_resource_can_be_named_by_its_client_id_in_any_case(self, scene):
        token = scene.tokens()["refresh_token"]
        scope = f"{scene.api.client_id}/files.read"
        _, reply = scene.request("refresh_token", refresh_token=token, scope=scope)
        assert scene.claims(reply["access_token"])["scp"] == "Files.Read"
        assert reply["scope"].split()[0] == scope

    def test_default_is_every_consented_scope(self, scene):
        token = scene.tokens(scope=f"offline_access {scene.files_read} {scene.api.identifier_uri}/Files.Write")
        _, reply = scene.request(
            "refresh_token", refresh_token=token["refresh_token"], scope=f"{scene.api.identifier_uri}/.default"
        )
        assert scene.claims(reply["access_token"])["scp"] == "Files.Read Files.Write"
        assert f"{scene.api.identifier_uri}/.default" in reply["scope"].split()

    def test_a_token_has_only_the_requested_scopes(self, scene):
        scene.tenant.grant_consent(scene.ada, scene.web, scene.api, ["Files.Write"])
        assert scene.claims(scene.tokens()["access_token"])["scp"] == "Files.Read"

    def test_consent_to_a_scope_that_does_not_exist(self, scene):
        with pytest.raises(ValueError, match="has no scope 'Nope'"):
            scene.tenant.grant_consent(scene.ada, scene.web, scene.api, ["Nope"])
        with pytest.raises(TypeError, match="list of strings"):
            scene.tenant.grant_admin_consent(scene.web, scene.api, "Files.Read")
