"""The emulated hosts: accepted requests, errors and scripted failures."""

from __future__ import annotations

import hashlib
import json
import os
import ssl
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import requests

from webidentity.testing import HostEmulator, LocalTenant, TenantRequest
from webidentity.testing.hosts._identities import HostIdentity

VAULT = "https://vault.azure.net"
KINDS = ("imds", "app_service", "arc", "azure_ml", "cloud_shell", "service_fabric")


def ask(host: HostEmulator, *, headers: dict[str, str] | None = None, **parameters: str) -> tuple[int, dict[str, Any]]:
    """Send the request of a program on the host in-process, with other headers if given."""
    given = right_headers(host) if headers is None else headers
    version = {} if host.kind == "cloud_shell" else {"api-version": host.host.api_version}
    query = {name: value for name, value in {**version, "resource": VAULT, **parameters}.items() if value}
    url = f"{host.base_url}{host.host.path}"
    if host.kind == "cloud_shell":
        form = {**given, "Content-Type": "application/x-www-form-urlencoded"}
        response = host.handle(TenantRequest("POST", url, form, urlencode(query).encode()))
    else:
        response = host.handle(TenantRequest("GET", f"{url}?{urlencode(query)}", given))
    return response.status, json.loads(response.body)


def right_headers(host: HostEmulator) -> dict[str, str]:
    if host.kind == "arc":
        path = host.host.challenge()[1].removeprefix("Basic realm=")
        with open(path) as file:
            return {"Metadata": "true", "Authorization": f"Basic {file.read()}"}
    return {
        "imds": {"Metadata": "true"},
        "cloud_shell": {"Metadata": "true"},
        "app_service": {"X-IDENTITY-HEADER": host.host.secret},
        "azure_ml": {"secret": host.host.secret},
        "service_fabric": {"Secret": host.host.secret},
    }[host.kind]


@pytest.fixture(params=KINDS)
def host(request):
    made = HostEmulator(request.param)
    yield made
    made.close()


def test_the_tenant_signs_the_token(host):
    """It is for the requested resource and the host's identity."""
    status, reply = ask(host)
    assert status == 200
    keys = host.tenant.handle(TenantRequest("GET", f"{host.tenant.tenant_url}/discovery/v2.0/keys", {}))
    key = jwt.PyJWKSet.from_dict(json.loads(keys.body))[jwt.get_unverified_header(reply["access_token"])["kid"]]
    vault = next(app for app in host.tenant.apps if app.identifier_uri == VAULT)
    claims = jwt.decode(reply["access_token"], key, algorithms=["RS256"], audience=vault.audience)
    assert claims["iss"] == host.tenant.issuer
    assert claims["idtyp"] == "app"
    assert claims["oid"] == host.system_assigned.object_id
    assert claims["exp"] - claims["iat"] == 86400
    assert reply["resource"] == VAULT


def test_roles_are_those_of_the_identity():
    """They are granted at the resource, as to any application."""
    tenant = LocalTenant()
    vault = tenant.add_app("vault", identifier_uri=VAULT, app_roles=["Read"])
    host = HostEmulator("imds", tenant)
    shop = host.add_identity("shop")
    tenant.grant_app_role(shop.app, vault, "Read")
    _, reply = ask(host, client_id=shop.client_id)
    assert jwt.decode(reply["access_token"], options={"verify_signature": False})["roles"] == ["Read"]


def test_only_a_host_without_a_tenant_accepts_any_resource():
    """A host with a tenant accepts only the resources that are registered in it."""
    host = HostEmulator("imds", LocalTenant())
    status, reply = ask(host)
    assert (status, reply["error"]) == (400, "invalid_resource")
    assert "AADSTS500011" in reply["error_description"]
    assert ask(HostEmulator("imds"))[0] == 200
    assert ask(HostEmulator("app_service", LocalTenant()))[1]["statusCode"] == 500
    assert ask(HostEmulator("service_fabric", LocalTenant()))[1]["error"]["code"] == "InternalServerError"


@pytest.mark.parametrize(
    ("kind", "headers", "status", "said"),
    [
        ("imds", {}, 400, "Required metadata header not specified"),
        ("imds", {"Metadata": "True"}, 400, "Required metadata header not specified"),
        ("imds", {"Metadata": "true", "X-Forwarded-For": "1.2.3.4"}, 400, "Required metadata header not specified"),
        ("cloud_shell", {}, 400, "Required metadata header not specified"),
        ("arc", {}, 400, "Required metadata header not specified"),
        ("arc", {"Metadata": "true"}, 401, "key"),
        ("arc", {"Metadata": "true", "Authorization": "Basic x"}, 401, "key"),
        ("arc", {"Metadata": "true", "Authorization": "Bearer x"}, 401, "key"),
        ("app_service", {}, 401, "X-IDENTITY-HEADER"),
        ("app_service", {"X-IDENTITY-HEADER": "x"}, 403, "X-IDENTITY-HEADER"),
        ("azure_ml", {}, 401, "secret"),
        ("azure_ml", {"secret": "x"}, 401, "secret"),
        ("service_fabric", {}, 400, "SecretHeaderNotFound"),
        ("service_fabric", {"Secret": "x"}, 404, "ManagedIdentityNotFound"),
    ],
)
def test_a_missing_or_wrong_header_is_refused(kind, headers, status, said):
    """The error has the format of the host."""
    host = HostEmulator(kind)
    answered, reply = ask(host, headers=headers)
    assert answered == status
    assert said in json.dumps(reply)
    host.close()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "cloud_shell"])
def test_version_and_resource_are_required(kind):
    """Both are query or form parameters."""
    host = HostEmulator(kind)
    assert ask(host, **{"api-version": "2000-01-01"})[0] == 400
    assert ask(host, **{"api-version": ""})[0] == 400
    assert ask(host, resource="")[0] == 400
    host.close()


def test_other_paths_and_methods_are_refused(host):
    """A host has one endpoint with one method."""
    headers = right_headers(host)
    assert host.handle(TenantRequest("GET", f"{host.base_url}/", headers)).status == 404
    method = "GET" if host.kind == "cloud_shell" else "POST"
    assert host.handle(TenantRequest(method, f"{host.base_url}{host.host.path}", headers)).status == 405


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("imds", {"client_id": "client_id", "object_id": "object_id", "msi_res_id": "resource_id"}),
        ("app_service", {"client_id": "client_id", "principal_id": "object_id", "mi_res_id": "resource_id"}),
        ("arc", {"client_id": "client_id", "object_id": "object_id", "msi_res_id": "resource_id"}),
        ("azure_ml", {"clientid": "client_id", "object_id": "object_id", "mi_res_id": "resource_id"}),
    ],
)
def test_an_identity_can_be_selected_by_each_id(kind, names):
    """Each host has its own names for the parameters. An unknown id is an error, without a fallback."""
    host = HostEmulator(kind)
    host.add_identity("other")
    shop = host.add_identity("shop")
    for parameter, attribute in names.items():
        status, reply = ask(host, **{parameter: getattr(shop, attribute).upper()})
        claims = jwt.decode(reply["access_token"], options={"verify_signature": False})
        assert (status, claims["azp"]) == (200, shop.client_id)
        assert ask(host, **{parameter: "unknown"})[0] == 400
    first, second = list(names)[:2]
    assert ask(host, **{first: shop.client_id, second: shop.object_id})[0] == 400
    host.close()


@pytest.mark.parametrize("parameter", ["resource_id", "clientId"])
def test_unknown_parameters_are_ignored(parameter):
    """The token is for the default identity, as in Azure."""
    host = HostEmulator("imds")
    shop = host.add_identity("shop")
    _, reply = ask(host, **{parameter: shop.client_id})
    assert (
        jwt.decode(reply["access_token"], options={"verify_signature": False})["azp"] == host.system_assigned.client_id
    )


def test_the_default_identity():
    """It is the system-assigned identity, or the only one; otherwise the request is ambiguous."""
    host = HostEmulator("imds", system_assigned=False)
    assert host.system_assigned is None
    assert ask(host)[1] == {"error": "invalid_request", "error_description": "Identity not found"}
    shop = host.add_identity("shop")
    assert ask(host)[1]["client_id"] == shop.client_id
    host.add_identity("other")
    assert "Multiple user assigned identities exist" in ask(host)[1]["error_description"]


def test_an_identity_can_be_assigned_to_several_hosts():
    """All hosts share the application of the tenant."""
    tenant = LocalTenant()
    identities = [HostEmulator(kind, tenant).add_identity("shop") for kind in ("imds", "app_service")]
    assert identities[0] == identities[1]
    assert isinstance(identities[0], HostIdentity)


def test_a_key_of_arc_is_accepted_once():
    """Its file is deleted after use. An old agent ignores the requested identity."""
    host = HostEmulator("arc")
    shop = host.add_identity("shop")
    headers = right_headers(host)
    assert ask(host, headers=headers, client_id=shop.client_id)[1]["client_id"] == shop.client_id
    assert list(host.host.key_folder.iterdir()) == []
    assert ask(host, headers=headers)[0] == 401
    (left,) = host.host.key_folder.iterdir()
    assert left.suffix == ".key"
    assert left.stat().st_mode & 0o077 == 0
    host.host.knows_user_assigned = False
    assert "client_id" not in ask(host, client_id=shop.client_id)[1]
    folder = host.host.key_folder
    host.close()
    assert not folder.exists()


@pytest.mark.parametrize("status", [404, 410, 429, 500])
def test_failures_can_be_scripted(host, status):
    """They are answered in order; then requests succeed again."""
    host.fail(status, times=2, retry_after=7)
    host.fail(200, body="<html>")
    seen = [host.handle(TenantRequest("GET", f"{host.base_url}{host.host.path}", {})) for _ in range(3)]
    assert [response.status for response in seen] == [status, status, 200]
    assert [response.header("Retry-After") for response in seen] == ["7", "7", None]
    assert json.loads(seen[0].body)
    assert seen[2].body == b"<html>"
    assert ask(host)[0] == 200


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_host_can_hang(host):
    """It does not answer until it is closed."""
    with host:
        host.hang()
        with pytest.raises(requests.Timeout):
            requests.get(host.base_url, timeout=0.3, verify=False)
        assert len(host.requests) == 1


def test_a_host_is_on_loopback_and_sets_its_variables(host):
    """It sets all variables of its kind and no others."""
    with host:
        assert "://localhost:" in host.base_url
        assert host.base_url in " ".join(host.environment.values())
    host.close()
    assert repr(host) == f"<HostEmulator {host.kind} {host.base_url}>"


def test_installing_replaces_another_host(monkeypatch):
    """The variables of the earlier host are unset."""
    for kind in KINDS:
        with HostEmulator(kind) as host:
            host.install(monkeypatch)
            found = {name for name in os.environ if name.startswith(("IDENTITY_", "MSI_", "IMDS_", "AZURE_POD"))}
            assert found == host.environment.keys() - {"PROGRAMDATA"}


def test_service_fabric_serves_tls_with_its_own_certificate():
    """The thumbprint is in the environment. No certificate authority has signed the certificate."""
    with HostEmulator("service_fabric") as host:
        assert host.base_url.startswith("https://")
        port = int(host.base_url.rpartition(":")[2])
        pem = ssl.get_server_certificate(("127.0.0.1", port))
        digest = hashlib.sha1(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
        assert host.environment["IDENTITY_SERVER_THUMBPRINT"] == digest.upper()
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(host.base_url, timeout=5)


def test_a_silent_client_does_not_block_others():
    """Each connection does its handshake in its own thread."""
    import socket

    with HostEmulator("service_fabric") as host:
        port = int(host.base_url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            assert ssl.get_server_certificate(("127.0.0.1", port), timeout=5)


def test_requests_are_recorded_without_secrets_in_the_repr():
    """The record has headers, query and body."""
    host = HostEmulator("app_service")
    ask(host)
    (sent,) = host.requests
    assert sent.headers["x-identity-header"] == host.host.secret
    assert sent.query["resource"] == VAULT
    assert host.host.secret not in repr(host.requests)


def test_an_unknown_kind_is_refused():
    """The error lists the known kinds."""
    with pytest.raises(ValueError, match="imds, app_service"):
        HostEmulator("vm")


def test_the_fixture_installs_a_host(azure_host, local_tenant):
    """The test can pass its own tenant."""
    host = azure_host("azure_ml", local_tenant, lifetime=600)
    assert os.environ["MSI_SECRET"] == host.host.secret
    assert host.tenant is local_tenant
    local_tenant.add_app("vault", identifier_uri=VAULT)
    reply = ask(host)[1]
    claims = jwt.decode(reply["access_token"], options={"verify_signature": False})
    assert int(reply["expires_on"]) == claims["exp"] == claims["iat"] + 600


def test_the_example_of_the_documentation(azure_host, local_tenant):
    """The token has the role that was granted to the identity."""
    from webidentity import ManagedIdentityCredential

    reports = local_tenant.add_app("reports", identifier_uri="https://reports.test", app_roles=["Read"])
    host = azure_host("app_service", local_tenant)
    local_tenant.grant_app_role(host.system_assigned.app, reports, "Read")
    with ManagedIdentityCredential() as credential:
        token = credential.get_token("https://reports.test/.default").token
    assert jwt.decode(token, options={"verify_signature": False})["roles"] == ["Read"]
