"""Scopes: the ``scope`` parameter of the v2.0 endpoints, and which scopes a user has consented to.

Follows Microsoft's "Scopes and permissions in the Microsoft identity platform": a scope is a resource and a
permission, a bare name belongs to Microsoft Graph, ``.default`` means everything that was consented to before, and
the scopes of OpenID Connect belong to no API.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._directory import Directory
from webidentity.testing.directory._model import OIDC_SCOPES, App, User
from webidentity.testing.directory._state import TenantState

DEFAULT = ".default"


@dataclass(frozen=True, slots=True)
class ResourceScopes:
    """The scopes requested for one resource: ``names`` as registered, ``spelled`` as the client wrote them."""

    resource: App
    names: tuple[str, ...] = ()
    spelled: tuple[str, ...] = ()
    default: bool = False


@dataclass(frozen=True, slots=True)
class RequestedScopes:
    """A parsed ``scope`` parameter."""

    oidc: frozenset[str]
    resources: tuple[ResourceScopes, ...]

    def single_resource(self, directory: Directory) -> ResourceScopes:
        """The resource of a token request: Microsoft Graph if only OpenID Connect scopes are requested.

        :raises TenantError: there is more than one.
        """
        if len(self.resources) > 1:
            raise TenantError(
                28000,
                "Provided value for the input parameter scope is not valid because it contains more than one resource.",
            )
        return self.resources[0] if self.resources else ResourceScopes(directory.graph)


def parse_scopes(
    text: str, directory: Directory, *, unknown: int = 70011, client: App | None = None
) -> RequestedScopes:
    """Parse a ``scope`` parameter.

    :param unknown: the AADSTS code of the error for a scope that its resource does not have.
    :raises TenantError: a resource or a scope is not registered.
    """
    oidc: set[str] = set()
    resources: dict[str, ResourceScopes] = {}
    for spelled in text.split():
        identifier, separator, name = spelled.rpartition("/")
        resource = directory.find_resource(identifier) if separator else directory.graph
        if resource is None:
            raise TenantError(
                500011,
                f"The resource principal named {identifier} was not found in the tenant named "
                f"{directory.tenant_id}. Register it with LocalTenant.add_app(identifier_uri=...).",
            )
        if resource is directory.graph and name.lower() in OIDC_SCOPES:
            oidc.add(name.lower())
            continue
        before = resources.get(resource.client_id, ResourceScopes(resource))
        resources[resource.client_id] = _with_scope(before, name, spelled, unknown, client)
    return RequestedScopes(frozenset(oidc), tuple(resources.values()))


def _with_scope(before: ResourceScopes, name: str, spelled: str, unknown: int, client: App | None) -> ResourceScopes:
    resource = before.resource
    if name == DEFAULT:
        return ResourceScopes(resource, before.names, (*before.spelled, spelled), default=True)
    registered = resource.scope_named(name)
    if registered is None:
        asker = f"The application '{client.name}'" if client else "The application"
        raise TenantError(
            unknown, f"{asker} asked for scope '{name}' that doesn't exist on the resource '{resource.client_id}'."
        )
    return ResourceScopes(resource, (*before.names, registered), (*before.spelled, spelled), before.default)


def missing_consent(directory: Directory, user: User, client: App, requested: ResourceScopes) -> tuple[str, ...]:
    """The scopes of one resource that the user has not consented to yet.

    ``.default`` requests what was consented to before. Without any consent it requests every published scope, because
    the local tenant has no list of permissions in a client's registration.
    """
    consented = directory.consented(user, client, requested.resource)
    wanted = requested.names
    if requested.default and not consented:
        wanted = (*wanted, *requested.resource.scopes)
    return tuple(dict.fromkeys(scope for scope in wanted if scope not in consented))


def granted_scopes(directory: Directory, user: User, client: App, requested: ResourceScopes) -> tuple[str, ...]:
    """The scopes of a token for one resource.

    :raises TenantError: consent is required (AADSTS65001).
    """
    consented = directory.consented(user, client, requested.resource)
    if missing_consent(directory, user, client, requested) or (requested.default and not consented):
        raise TenantError(
            65001,
            f"The user or administrator has not consented to use the application with ID '{client.client_id}' named "
            f"'{client.name}'. Send an interactive authorization request for this user and resource.",
            suberror="consent_required",
        )
    extra = sorted(consented - OIDC_SCOPES.keys()) if requested.default else ()
    return tuple(dict.fromkeys((*requested.names, *extra)))


def scope_reply(requested: ResourceScopes, granted: tuple[str, ...], oidc: frozenset[str]) -> str:
    """The ``scope`` of a token response: the requested scopes as the client wrote them, then the others granted."""
    resource = requested.resource
    implied = (resource.full_scope(name) for name in granted if name not in requested.names)
    named = (scope for scope in OIDC_SCOPES if scope in oidc)
    return " ".join(dict.fromkeys((*requested.spelled, *implied, *named)))


class ConsentRequest(Protocol):
    """A request that may need the user's consent."""

    @property
    def client(self) -> App:
        """The application that sent the request."""
        ...

    @property
    def scopes(self) -> RequestedScopes:
        """The requested scopes."""
        ...

    @property
    def prompt(self) -> str | None:
        """``consent`` to show the consent page in any case."""
        ...


def missing_consents(state: TenantState, request: ConsentRequest, user: User) -> dict[str, tuple[str, ...]]:
    """The scopes without consent, by the client id of their resource.

    The scopes of OpenID Connect need consent at the first sign-in to an application only.
    """
    directory = state.directory
    missing = {
        asked.resource.client_id: missing_consent(directory, user, request.client, asked)
        for asked in request.scopes.resources
    }
    missing = {client_id: scopes for client_id, scopes in missing.items() if scopes}
    if request.scopes.oidc and (missing or not directory.knows_client(user, request.client)):
        graph_id = directory.graph.client_id
        missing[graph_id] = (*_in_order(request.scopes.oidc), *missing.get(graph_id, ()))
    return missing


def consent_rows(state: TenantState, request: ConsentRequest, user: User) -> Iterator[tuple[str, str]]:
    """The scopes that the consent page lists, each with its description.

    These are the scopes without consent, or with ``prompt=consent`` all requested scopes.
    """
    for client_id, scopes in _asked(state, request, user).items():
        resource = state.directory.apps[client_id]
        for name in scopes:
            yield _row(resource, name)


def record_consent(state: TenantState, request: ConsentRequest, user: User) -> None:
    """Record the user's consent to the scopes that the page listed."""
    for client_id, scopes in _asked(state, request, user).items():
        state.directory.grant_consent(user, request.client, state.directory.apps[client_id], scopes)


def _asked(state: TenantState, request: ConsentRequest, user: User) -> dict[str, tuple[str, ...]]:
    asked = missing_consents(state, request, user)
    if request.prompt == "consent":
        for wanted in request.scopes.resources:
            names = wanted.resource.scopes if wanted.default else wanted.names
            client_id = wanted.resource.client_id
            asked[client_id] = tuple(dict.fromkeys((*asked.get(client_id, ()), *names)))
        if request.scopes.oidc:
            graph_id = state.directory.graph.client_id
            asked[graph_id] = tuple(dict.fromkeys((*_in_order(request.scopes.oidc), *asked.get(graph_id, ()))))
    return asked


def _in_order(oidc: frozenset[str]) -> tuple[str, ...]:
    return tuple(scope for scope in OIDC_SCOPES if scope in oidc)


def _row(resource: App, name: str) -> tuple[str, str]:
    if name in OIDC_SCOPES:
        return name, OIDC_SCOPES[name]
    return resource.full_scope(name), resource.scopes[name]
