"""Every request is answered: no request makes the tenant raise."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webidentity.testing import LocalTenant, TenantRequest

CALLBACK = "https://app.test/callback"
PATHS = (
    "oauth2/v2.0/authorize",
    "oauth2/v2.0/token",
    "oauth2/v2.0/devicecode",
    "devicelogin",
    "userrealm/ada@tenant.test",
    "oauth2/v2.0/logout",
    "discovery/instance",
    "discovery/v2.0/keys",
    "v2.0/.well-known/openid-configuration",
    "nothing",
)
NAMES = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "login_hint",
    "claims",
    "max_age",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "client_secret",
    "client_assertion",
    "assertion",
    "client_assertion_type",
    "requested_token_use",
    "refresh_token",
    "step",
    "anti_forgery",
    "username",
    "password",
    "account",
    "answer",
    "post_logout_redirect_uri",
    "id_token_hint",
    "logout_hint",
    "authorization_endpoint",
    "client_info",
    "user_code",
    "device_code",
    "api-version",
]


@pytest.fixture(scope="module")
def tenant():
    tenant = LocalTenant()
    tenant.add_user("ada@tenant.test", password="ada-password", name="Ada")
    tenant.add_app("Web", secrets=["s"], redirect_uris=[CALLBACK], scopes={"Do": "Do it"})
    tenant.add_app("Native", public_client=True, redirect_uris=["http://localhost"])
    return tenant


def values(tenant):
    known = [app.client_id for app in tenant.apps]
    likely = [
        *known, CALLBACK, "code", "openid", "s", "none", "query", "form_post", "{}", "[]", "0", "1", "S256", "sign_in",
        "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        "password", "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "ada@tenant.test", "ada-password", "enter_code", "YQ",
        "on_behalf_of", "https://graph.microsoft.com/.default", f"api://{known[1]}/Do", "http://[", "\r\nX: y",
        '{"access_token": {"acrs": 1, "xms_cc": {"values": 2}}}', '{"access_token": []}', '{"id_token": "x"}',
    ]  # fmt: skip
    return st.one_of(st.sampled_from(likely), st.text(max_size=12))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_request_is_answered(tenant, data):
    pairs = st.lists(st.tuples(st.sampled_from(NAMES), values(tenant)), max_size=12)
    query, form = data.draw(pairs), data.draw(pairs)
    if data.draw(st.booleans()):
        trusted = [("client_id", tenant.apps[1].client_id), ("redirect_uri", CALLBACK), ("response_type", "code")]
        query = trusted + [pair for pair in query if pair[0] not in dict(trusted)]
    path = data.draw(st.sampled_from(PATHS))
    url = f"{tenant.tenant_url}/{path}?{urlencode(query, errors='replace')}"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": data.draw(st.text(max_size=20)),
        "Authorization": data.draw(st.sampled_from(["", "Basic", "Basic eDp5", "Bearer x.y.z", "Bearer"])),
    }
    body = urlencode(form, errors="replace").encode() if data.draw(st.booleans()) else data.draw(st.binary(max_size=40))
    method = data.draw(st.sampled_from(["GET", "POST", "PUT"]))
    response = tenant.handle(TenantRequest(method, url, headers, body))
    assert response.status in (200, 302, 303, 400, 401, 404, 405)
    location = response.header("Location")
    if location is not None:
        assert location.partition("?")[0] == CALLBACK
        assert location.isprintable()


@pytest.mark.parametrize("path", ["", "/", "//", "/graph", "/graph/v1.0/me?%zz", "/%2e%2e/x", "/é"])
def test_any_path_is_answered(tenant, path):
    for method in ("GET", "POST", "HEAD", "OPTIONS"):
        welcomed = method == "GET" and not path.strip("/")
        response = tenant.handle(TenantRequest(method, tenant.base_url + path, {}))
        assert response.status == 200 if welcomed else response.status >= 400
