"""The application registrations of the sites and the API, in the local tenant or in Microsoft Entra ID."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_REQUIRED = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
GRAPH_SCOPE = "https://graph.microsoft.com/User.Read"
ENTRA_GRAPH_URL = "https://graph.microsoft.com/v1.0"


class RegistrationError(ValueError):
    """Some environment variables of a registration are missing."""


@dataclass(frozen=True)
class Registration:
    """One application registration."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Registrations:
    """The tenant and the registrations of the demonstration.

    :param authority: base URL of the authority, or "" for the public cloud.
    :param files_scope: the scope that the sites request to call the API.
    :param graph_url: base URL of Microsoft Graph.
    :param graph_scope: the scope that the API requests to call Microsoft Graph.
    """

    tenant_id: str
    authority: str
    flask_site: Registration
    django_site: Registration
    api: Registration
    files_scope: str
    graph_url: str
    graph_scope: str = GRAPH_SCOPE

    @property
    def sign_in_scopes(self) -> tuple[str, ...]:
        """Extra scopes that users consent to at sign-in: the API's own, if it shares the site's registration."""
        return (self.graph_scope,) if self.flask_site == self.api else ()

    @property
    def names(self) -> dict[str, str]:
        """Display names for the identifiers in tokens."""
        graph = {"https://graph.microsoft.com": "Microsoft Graph", "00000003-0000-0000-c000-000000000000": "Graph"}
        if self.flask_site == self.api:
            return {**graph, self.api.client_id: "the demo's registration"}
        return {
            **graph,
            self.flask_site.client_id: "Flask site",
            self.django_site.client_id: "Django site",
            self.api.client_id: "Files API",
            f"api://{self.api.client_id}": "Files API",
        }


def read_environment(environment: Mapping[str, str]) -> Registrations | None:
    """Return the registrations in Microsoft Entra ID from environment variables, or None if there are none.

    AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are the registration of both sites. The API uses the same
    registration unless DEMO_API_CLIENT_ID and DEMO_API_CLIENT_SECRET are set. DEMO_API_SCOPE is the scope that the API
    exposes, by default ``api://<API client id>/Files.Read``.

    :raises RegistrationError: some of the variables are set and others are missing.
    """
    present = [name for name in _REQUIRED if environment.get(name)]
    if not present:
        return None
    _require_all(environment, _REQUIRED, present)
    site = Registration(environment["AZURE_CLIENT_ID"], environment["AZURE_CLIENT_SECRET"])
    api = site
    own = ("DEMO_API_CLIENT_ID", "DEMO_API_CLIENT_SECRET")
    if present := [name for name in own if environment.get(name)]:
        _require_all(environment, own, present)
        api = Registration(*(environment[name] for name in own))
    return Registrations(
        tenant_id=environment["AZURE_TENANT_ID"],
        authority=environment.get("AZURE_AUTHORITY_HOST", ""),
        flask_site=site,
        django_site=site,
        api=api,
        files_scope=environment.get("DEMO_API_SCOPE") or f"api://{api.client_id}/Files.Read",
        graph_url=ENTRA_GRAPH_URL,
    )


def _require_all(environment: Mapping[str, str], names: tuple[str, ...], present: list[str]) -> None:
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise RegistrationError(
            f"{' and '.join(missing)} not set, but {' and '.join(present)} set: set all of them or none"
        )
