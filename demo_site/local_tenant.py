"""The local tenant that replaces Microsoft Entra ID: two users, two sites, one API."""

import secrets

from demo_site.addresses import Addresses
from demo_site.personal_files import ADA_FILES, GRACE_FILES, PersonalFiles
from demo_site.registrations import Registration, Registrations
from webidentity.testing import App, LocalTenant


def build_tenant() -> LocalTenant:
    """Return a tenant with two users. Its sign-in page shows their passwords."""
    tenant = LocalTenant(show_users=True)
    tenant.add_user("ada@tenant.test", password="engine-1843", name="Ada Lovelace", job_title="Analyst")
    tenant.add_user("grace@tenant.test", password="compiler-1952", name="Grace Hopper", job_title="Rear admiral")
    return tenant


def register_apps(tenant: LocalTenant, addresses: Addresses) -> Registrations:
    """Register the sites and the API, as you would in the portal, and return the registrations."""
    api = tenant.add_app("Files API", secrets=[_secret()], scopes={"Files.Read": "Read your files"})
    flask_site = _add_site(tenant, "Flask site", addresses.flask)
    django_site = _add_site(tenant, "Django site", addresses.django)
    # The API has no pages on which a user could consent, so an administrator grants its permission for Graph.
    tenant.grant_admin_consent(api, tenant.graph, ["User.Read"])
    return Registrations(
        tenant_id=tenant.tenant_id,
        authority=tenant.base_url,
        flask_site=_registration(flask_site),
        django_site=_registration(django_site),
        api=_registration(api),
        files_scope=api.full_scope("Files.Read"),
        graph_url=f"{tenant.base_url}/graph/v1.0",
    )


def files_of_users(tenant: LocalTenant) -> PersonalFiles:
    """Return the files that the API stores for ada and grace."""
    ada, grace = tenant.users
    return PersonalFiles(
        {(tenant.tenant_id, ada.object_id): ADA_FILES, (tenant.tenant_id, grace.object_id): GRACE_FILES}
    )


def _add_site(tenant: LocalTenant, name: str, url: str) -> App:
    origins = (url, url.replace("//localhost", "//127.0.0.1"))
    uris = [f"{origin}{path}" for origin in origins for path in ("/auth/callback", "/")]
    return tenant.add_app(name, secrets=[_secret()], redirect_uris=uris)


def _registration(app: App) -> Registration:
    return Registration(app.client_id, app.secrets[0])


def _secret() -> str:
    return secrets.token_urlsafe(32)
