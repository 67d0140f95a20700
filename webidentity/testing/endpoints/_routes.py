"""Maps requests to endpoints, and errors to responses."""

from __future__ import annotations

from collections.abc import Callable

from webidentity.testing._errors import ErrorTrace, TenantError
from webidentity.testing.directory._state import TenantState
from webidentity.testing.pages._sign_in import error_page, welcome_page
from webidentity.testing.tokens._token_endpoint import answer_token_request
from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response

from ._authorize import answer_authorize
from ._device_authorization import VERIFICATION_PATH, issue_device_code
from ._device_verification import answer_verification
from ._discovery import SHARED_NAMES, instance_discovery, metadata_issuer, openid_configuration
from ._graph import answer_graph
from ._logout import answer_logout
from ._user_realm import USER_REALM, user_realm

_PAGES = ("oauth2/v2.0/authorize", "oauth2/v2.0/logout", VERIFICATION_PATH)
_METHODS = {
    "v2.0/.well-known/openid-configuration": ("GET",),
    "discovery/v2.0/keys": ("GET",),
    "discovery/instance": ("GET",),
    USER_REALM: ("GET",),
    VERIFICATION_PATH: ("GET", "POST"),
    "oauth2/v2.0/devicecode": ("GET", "POST"),
    "oauth2/v2.0/authorize": ("GET", "POST"),
    "oauth2/v2.0/logout": ("GET", "POST"),
    "oauth2/v2.0/token": ("GET", "POST"),
}


def answer(state: TenantState, request: TenantRequest) -> TenantResponse:
    """Answer any request."""
    tenant, endpoint = _place(state, request.path)
    if tenant == "graph":
        return answer_graph(state, request, endpoint)
    if not tenant and request.method == "GET":
        return welcome_page(state.base_url, state.tenant_id, (user.username for user in state.directory.users.values()))
    if endpoint not in _METHODS:
        return json_response(404, {"error": "not_found", "error_description": "The local tenant has no such endpoint."})
    if request.method not in _METHODS[endpoint]:
        allowed = ", ".join(_METHODS[endpoint])
        return json_response(405, {"error": "invalid_request"}, ("Allow", allowed))
    trace = ErrorTrace.of(state.clock(), request.header("client-request-id"))
    try:
        return _endpoint(state, request, _known_tenant(state, tenant), endpoint, trace)
    except TenantError as error:
        if endpoint in _PAGES:
            return error_page(trace.describe(error), status=error.status)
        return json_response(error.status, trace.document(error, state.base_url), *_ids(request, trace))


def _place(state: TenantState, path: str) -> tuple[str, str]:
    tenant, _, endpoint = path.strip("/").partition("/")
    if tenant == VERIFICATION_PATH and not endpoint:
        # Users type this address, so it does not contain the tenant.
        return state.tenant_id, VERIFICATION_PATH
    return tenant, USER_REALM if endpoint.startswith(f"{USER_REALM}/") else endpoint


def _endpoint(
    state: TenantState, request: TenantRequest, tenant: str, endpoint: str, trace: ErrorTrace
) -> TenantResponse:
    endpoints: dict[str, Callable[[], TenantResponse]] = {
        "v2.0/.well-known/openid-configuration": lambda: json_response(200, openid_configuration(state, tenant)),
        "discovery/v2.0/keys": lambda: json_response(200, state.keys.jwks(metadata_issuer(state, tenant))),
        "discovery/instance": lambda: json_response(200, instance_discovery(state, request.query)),
        USER_REALM: lambda: json_response(200, user_realm(state, request)),
        VERIFICATION_PATH: lambda: answer_verification(state, request),
        "oauth2/v2.0/devicecode": lambda: json_response(200, issue_device_code(state, request), *_ids(request, trace)),
        "oauth2/v2.0/authorize": lambda: answer_authorize(state, request, trace),
        "oauth2/v2.0/logout": lambda: answer_logout(state, request),
        "oauth2/v2.0/token": lambda: json_response(200, answer_token_request(state, request), *_ids(request, trace)),
    }
    return endpoints[endpoint]()


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
