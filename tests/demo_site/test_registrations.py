"""Tests of reading registrations from environment variables."""

import pytest

from demo_site.registrations import ENTRA_GRAPH_URL, GRAPH_SCOPE, RegistrationError, read_environment

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-000000000000"
SITE = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": "canary-site"}


def test_no_variables_select_the_local_tenant():
    assert read_environment({"PATH": "/bin", "AZURE_TENANT_ID": ""}) is None


def test_sites_and_api_share_one_registration():
    found = read_environment(SITE)
    assert found is not None
    assert found.tenant_id == TENANT
    assert found.authority == ""
    assert found.flask_site == found.django_site == found.api
    assert found.api.client_id == CLIENT
    assert found.files_scope == f"api://{CLIENT}/Files.Read"
    assert found.graph_url == ENTRA_GRAPH_URL == "https://graph.microsoft.com/v1.0"
    assert found.sign_in_scopes == (GRAPH_SCOPE,)
    assert found.names[CLIENT] == "the demo's registration"


def test_api_with_its_own_registration():
    api = {"DEMO_API_CLIENT_ID": "api-id", "DEMO_API_CLIENT_SECRET": "canary-api"}
    found = read_environment({**SITE, **api, "AZURE_AUTHORITY_HOST": "login.microsoftonline.us"})
    assert found is not None
    assert found.authority == "login.microsoftonline.us"
    assert found.files_scope == "api://api-id/Files.Read"
    assert found.sign_in_scopes == ()
    assert found.names["api-id"] == "Files API"


def test_scope_of_the_api_is_configurable():
    found = read_environment({**SITE, "DEMO_API_SCOPE": "https://contoso.test/files/Read"})
    assert found is not None
    assert found.files_scope == "https://contoso.test/files/Read"


@pytest.mark.parametrize("missing", list(SITE))
def test_incomplete_registration_names_the_missing_variable(missing):
    with pytest.raises(RegistrationError, match=rf"^{missing} not set"):
        read_environment({name: value for name, value in SITE.items() if name != missing})


def test_incomplete_api_registration():
    with pytest.raises(RegistrationError, match=r"^DEMO_API_CLIENT_SECRET not set"):
        read_environment({**SITE, "DEMO_API_CLIENT_ID": "api-id"})


def test_repr_contains_no_secret():
    assert "canary" not in repr(read_environment(SITE))
