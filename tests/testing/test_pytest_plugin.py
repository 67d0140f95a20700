"""The fixtures that pytest finds through the entry point of the installed package."""

from __future__ import annotations

from urllib.parse import urlencode


def test_a_tenant_and_a_browser(local_tenant, tenant_browser):
    assert [user.username for user in local_tenant.users] == ["ada@tenant.test", "grace@tenant.test"]
    app = local_tenant.add_app("App", secrets=["s"], redirect_uris=["https://app.test/"])
    query = {
        "client_id": app.client_id,
        "redirect_uri": "https://app.test/",
        "response_type": "code",
        "scope": "openid",
    }
    url = f"{local_tenant.tenant_url}/oauth2/v2.0/authorize?{urlencode(query)}"
    assert tenant_browser.sign_in(url, "grace@tenant.test", "grace-password").startswith("https://app.test/?code=")
