"""Maps requests to endpoints, and errors to responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webidentity.testing._errors import ErrorTrace, TenantError
from webidentity.testing.directory._state import TenantState
from webidentity.testing.endpoints._authorize import answer_authorize
from webidentity.testing.endpoints._device_authorization import VERIFICATION_PATH, issue_device_code
from webidentity.testing.endpoints._device_verification import answer_verification
from webidentity.testing.endpoints._discovery import (
    SHARED_NAMES,
    USER_REALM,
    instance_discovery,
    metadata_issuer,
    openid_configuration,
    user_realm,
)
from webidentity.testing.endpoints._graph import answer_graph
from webidentity.testing.endpoints._logout import answer_logout
from webidentity.testing.pages._sign_in import error_page, welcome_page
from webidentity.testing.tokens._token_endpoint import answer_token_request
from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response


@dataclass(frozen=True, slots=True)
class _Call:
    """A request to one endpoint of a tenant."""

    state: TenantState
    request: TenantRequest
    tenant: str
    trace: ErrorTrace


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """How an endpoint answers. Its errors are JSON, or a page if users open it."""

    answer: Callable[[_Call], TenantResponse]
    methods: tuple[str, ...] = ("GET", "POST")
    is_page: bool = False


def _json(answer: Callable[[_Call], Mapping[str, Any]], *methods: str) -> _Endpoint:
    return _Endpoint(lambda call: json_response(200, answer(call)), methods or ("GET", "POST"))


def _token(answer: Callable[[_Call], Mapping[str, Any]]) -> _Endpoint:
    return _Endpoint(lambda call: json_response(200, answer(call), *_ids(call.request, call.trace)))


def _page(answer: Callable[[_Call], TenantResponse]) -> _Endpoint:
    return _Endpoint(answer, is_page=True)


#: By the path below the tenant.
_ENDPOINTS: dict[str, _Endpoint] = {
    "v2.0/.well-known/openid-configuration": _json(lambda call: openid_configuration(call.state, call.tenant), "GET"),
    "discovery/v2.0/keys": _json(lambda call: call.state.keys.jwks(metadata_issuer(call.state, call.tenant)), "GET"),
    "discovery/instance": _json(lambda call: instance_discovery(call.state, call.request.query), "GET"),
    USER_REALM: _json(lambda call: user_realm(call.state, call.request), "GET"),
    VERIFICATION_PATH: _page(lambda call: answer_verification(call.state, call.request)),
    "oauth2/v2.0/devicecode": _token(lambda call: issue_device_code(call.state, call.request)),
    "oauth2/v2.0/authorize": _page(lambda call: answer_authorize(call.state, call.request, call.trace)),
    "oauth2/v2.0/logout": _page(lambda call: answer_logout(call.state, call.request)),
    "oauth2/v2.0/token": _token(lambda call: answer_token_request(call.state, call.request)),
}


def answer(state: TenantState, request: TenantRequest) -> TenantResponse:
    """Answer any request."""
    tenant, endpoint = _place(state, request.path)
    if tenant == "graph":
        return answer_graph(state, request, endpoint)
    if not tenant and request.method == "GET":
        return welcome_page(state.base_url, state.tenant_id, (user.username for user in state.directory.users.values()))
    found = _ENDPOINTS.get(endpoint)
    if found is None:
        return json_response(404, {"error": "not_found", "error_description": "The local tenant has no such endpoint."})
    if request.method not in found.methods:
        return json_response(405, {"error": "invalid_request"}, ("Allow", ", ".join(found.methods)))
    trace = ErrorTrace.of(state.clock(), request.header("client-request-id"))
    try:
        return found.answer(_Call(state, request, _known_tenant(state, tenant), trace))
    except TenantError as error:
        if found.is_page:
            return error_page(trace.describe(error), error.advice, status=error.status)
        return json_response(error.status, trace.document(error, state.base_url), *_ids(request, trace))


def _place(state: TenantState, path: str) -> tuple[str, str]:
    tenant, _, endpoint = path.strip("/").partition("/")
    if tenant == VERIFICATION_PATH and not endpoint:
        # Users type this address, so it does not contain the tenant.
        return state.tenant_id, VERIFICATION_PATH
    return tenant, USER_REALM if endpoint.startswith(f"{USER_REALM}/") else endpoint


def _ids(request: TenantRequest, trace: ErrorTrace) -> tuple[tuple[str, str], ...]:
    """The ids of a reply. That of the client is only repeated."""
    own = ("x-ms-request-id", trace.trace_id)
    was_sent = request.header("client-request-id") is not None
    return (own, ("client-request-id", trace.correlation_id)) if was_sent else (own,)


def _known_tenant(state: TenantState, name: str) -> str:
    if name.lower() in (state.tenant_id, state.domain, *SHARED_NAMES):
        return name.lower()
    raise TenantError(
        90002,
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        f"correct cloud. The local tenant is '{state.tenant_id}'.",
    )
