"""A federation server in the shape of AD FS: it knows the passwords of the federated users, and the tenant trusts it.

Clients find it through user realm discovery, read its metadata, and send it a username and a password for an assertion
(WS-Trust), which the token endpoint redeems.
"""

from __future__ import annotations

from webidentity.testing.directory._model import User
from webidentity.testing.directory._state import TenantState
from webidentity.testing.policies._sign_on import check_password
from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response

from ._errors import TenantError
from .mex_document import write_mex
from .saml_assertion import CLOUD_AUDIENCE, LIFETIME, issue_assertion
from .wstrust import (
    SECURITY,
    SOAP,
    WS_TRUST_13,
    WS_TRUST_2005,
    TokenRequest,
    TrustError,
    Version,
    read_request,
    write_fault,
    write_response,
)

#: The first part of every path of the server.
FEDERATION_PATH = "adfs"

_TRUST = "services/trust"
_VERSIONS = {f"{_TRUST}/{version.name}/usernamemixed": version for version in (WS_TRUST_13, WS_TRUST_2005)}


def mex_url(state: TenantState) -> str:
    """Where the server's metadata is (WS-MetadataExchange)."""
    return f"{state.base_url}/{FEDERATION_PATH}/{_TRUST}/mex"


def username_url(state: TenantState, version: str) -> str:
    """Where a username and a password are sent, in a version of WS-Trust: "13" or "2005"."""
    return f"{state.base_url}/{FEDERATION_PATH}/{_TRUST}/{version}/usernamemixed"


def answer_federation(state: TenantState, request: TenantRequest, endpoint: str) -> TenantResponse:
    """The metadata, an assertion or a fault."""
    version = _VERSIONS.get(endpoint)
    if version is None and endpoint != f"{_TRUST}/mex":
        return json_response(404, {"error": "not_found", "error_description": "There is no such endpoint."})
    allowed = "POST" if version else "GET"
    if request.method != allowed:
        return json_response(405, {"error": "invalid_request"}, ("Allow", allowed))
    if version is None:
        return _xml(200, write_mex(f"{state.base_url}/{FEDERATION_PATH}/{_TRUST}"), "text/xml")
    try:
        return _xml(200, _issue(state, request, version), "application/soap+xml")
    except TrustError as fault:
        # AD FS answers with 500 whatever was wrong, as SOAP asks (SOAP 1.2 part 2, section 7.5.2.2).
        return _xml(500, write_fault(fault), "application/soap+xml")


def _issue(state: TenantState, request: TenantRequest, version: Version) -> bytes:
    content_type = (request.header("Content-Type") or "").partition(";")[0].strip().lower()
    if content_type != "application/soap+xml":
        raise TrustError(SOAP, "Malformed", "The message has to be application/soap+xml.")
    url = username_url(state, version.name)
    asked = read_request(request.body, version, url=url, now=state.clock())
    user = _authenticated(state, asked)
    if asked.applies_to != CLOUD_AUDIENCE:
        raise TrustError(
            version.namespace,
            "RequestFailed",
            f"MSIS3127: The specified request failed: {CLOUD_AUDIENCE} is the only relying party of this server.",
        )
    assertion = issue_assertion(state, user, asked.token_type)
    return write_response(version, asked, assertion, issued_at=state.now(), lifetime=LIFETIME)


def _authenticated(state: TenantState, asked: TokenRequest) -> User:
    refused = TrustError(
        SECURITY, "FailedAuthentication", "ID3242: The security token could not be authenticated or authorized."
    )
    try:
        user = check_password(state, asked.username, asked.password)
    except TenantError:
        raise refused from None
    if not user.federated:
        raise refused
    return user


def _xml(status: int, body: bytes, content_type: str) -> TenantResponse:
    headers = (
        ("Content-Type", f"{content_type}; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return TenantResponse(status, headers, body)
