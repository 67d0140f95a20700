"""What a reader of the documentation has already: a registered application, a user, and code of their own.

Snippets use these names without defining them. Everything else they must import themselves.
"""

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from webidentity.cli import _register_app
from webidentity.testing import LocalTenant, TenantBrowser, serve

USER, PASSWORD = "ada@tenant.test", "ada-password"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
STORAGE = "https://storage.azure.com/user_impersonation"


class BlobServiceClient:
    """Stands in for an Azure SDK client: asks its credential for a token."""

    def __init__(self, url: str, credential: Any) -> None:
        self.url, self._credential = url, credential

    def list_containers(self) -> list[str]:
        """Return the names, if the credential has a token."""
        return [f"{self.url}{'reports' if self._credential.get_token(STORAGE).token else ''}"]


def list_blobs(client: BlobServiceClient) -> list[str]:
    """Stand in for the reader's own function."""
    return client.list_containers()


def create_app(**settings: Any) -> Flask:
    """Stand in for the reader's own factory, with one guarded view."""
    from webidentity_flask import require_token

    app = Flask(__name__)
    app.config.update(SECRET_KEY="of-this-site-0123456789", TESTING=True, **settings)

    @app.get("/files")
    @require_token(scopes=["https://graph.microsoft.com/User.Read"])
    def files(credential: Any) -> str:
        return str(bool(credential))

    return app


#: The reader's own code, which every snippet may use.
OWN_CODE: dict[str, Any] = {
    "BlobServiceClient": BlobServiceClient,
    "list_blobs": list_blobs,
    "create_app": create_app,
    "url": "https://account.blob.core.windows.net/",
    "scope": "https://graph.microsoft.com/.default",
    "SECRET_KEY": "a-secret-key-of-the-reader-0123456789",
}


@contextmanager
def names_of_a_reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Serve a tenant, set the environment variables that point to it, and lend the names that snippets may use."""
    tenant = LocalTenant()
    tenant.add_user(USER, password=PASSWORD, name="Ada Lovelace")
    own = tenant.add_app(
        "The reader's", secrets=["reader-secret"], redirect_uris=["http://localhost"], scopes={"Use": "Use it"}
    )
    tools = tenant.add_app(
        "Azure CLI", client_id=AZURE_CLI, public_client=True, redirect_uris=["http://localhost"], family=True
    )
    vault = tenant.add_app("Key Vault", identifier_uri="https://vault.azure.net", app_roles=["Read"])
    with serve(tenant):
        for name, value in _register_app(tenant, [5000]).items():
            monkeypatch.setenv(name, value)
        storage = next(app for app in tenant.apps if "https://storage.azure.com" in (app.identifier_uri or ""))
        for client in (own, tools):
            for resource, scopes in ((tenant.graph, ["User.Read"]), (storage, ["user_impersonation"])):
                tenant.grant_admin_consent(client, resource, scopes)
        tenant.grant_app_role(own, vault, "Read")
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", tenant.base_url)
        monkeypatch.setenv("AZURE_TENANT_ID", tenant.tenant_id)
        monkeypatch.setenv("AZURE_CLIENT_ID", own.client_id)
        monkeypatch.setenv("AZURE_CLIENT_SECRET", "reader-secret")
        monkeypatch.setattr("webbrowser.open", lambda url, *_: _sign_in(tenant, url))
        yield {
            **OWN_CODE,
            "tenant_id": tenant.tenant_id,
            "client_id": own.client_id,
            "client_secret": "reader-secret",
            "token": tenant.mint_access_token(client=own, resource=own, user=USER, scopes=["Use"]),
        }


def _sign_in(tenant: LocalTenant, url: str) -> bool:
    """Sign the user in as a browser would, and follow the redirect to the program that waits."""

    def drive() -> None:
        reply = TenantBrowser(tenant).sign_in_form_post(url, USER, PASSWORD)
        urllib.request.urlopen(reply.url, urlencode(reply.fields).encode(), timeout=10).close()

    threading.Thread(target=drive, daemon=True).start()
    return True
