"""Consent: which scopes a user must still consent to, and the record of the consent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from webidentity.testing.directory._model import OIDC_SCOPES, App, User
from webidentity.testing.directory._state import TenantState
from webidentity.testing.policies._scopes import RequestedScopes, missing_consent


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
