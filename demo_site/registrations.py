"""How the sites and the API are known to the authority: the whole difference between the local tenant and Entra ID."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_REQUIRED = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
GRAPH_SCOPE = "https://graph.microsoft.com/User.Read"
ENTRA_GRAPH_URL = "https://graph.microsoft.com/v1.0"


class RegistrationError(ValueError):
    """The environment names a registration incompletely."""


@dataclass(frozen=True)
class Registration:
    """One application registration."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Registrations:
    """What the demonstration needs of an authority, be it the local tenant or Microsoft Entra ID.

    :param authority: base URL of the authority, "" for the public cloud.
    :param files_scope: the scope under which the sites ask for tokens for the API.
    :param graph_url: where Microsoft Graph is.
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
        """What people consent to at sign-in: a site that is its own API has to ask for the API's permissions too."""
        return (self.graph_scope,) if self.flask_site == self.api else ()

    @property
    def names(self) -> dict[str, str]:
        """What the identifiers in tokens stand for, for people."""
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
    """Return the registrations at Microsoft Entra ID that the environment names, None if it names none.

    AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are the registration of both sites, and of the API too
    unless DEMO_API_CLIENT_ID and DEMO_API_CLIENT_SECRET name another. DEMO_API_SCOPE is the scope that the API
    publishes, ``api://<its client id>/Files.Read`` unless set.

    :raises RegistrationError: some of them are set and others are missing.
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
        raise RegistrationError(f"{' and '.join(missing)} missing beside {' and '.join(present)}: set all, or none")
