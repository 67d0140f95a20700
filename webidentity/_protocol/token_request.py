"""Requests to the token endpoint (RFC 6749 section 4, Microsoft identity platform v2.0)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from azure.core.rest import HttpRequest

from webidentity._authority import authority_host
from webidentity._json import as_object, parse_object
from webidentity.hosts import AzureAuthorityHosts

#: Tells the authority that the client handles claims challenges (continuous access evaluation).
_CLIENT_CAPABILITY = {"xms_cc": {"values": ["CP1"]}}
#: The scope of Azure Resource Manager in each cloud. With two slashes: the first is part of the resource's identifier.
_MANAGEMENT_SCOPES = {
    AzureAuthorityHosts.AZURE_CHINA: "https://management.core.chinacloudapi.cn//.default",
    AzureAuthorityHosts.AZURE_GOVERNMENT: "https://management.core.usgovcloudapi.net//.default",
    AzureAuthorityHosts.AZURE_PUBLIC_CLOUD: "https://management.core.windows.net//.default",
}


class TokenRequest(NamedTuple):
    """The arguments of one call of ``get_token``."""

    scopes: tuple[str, ...]
    tenant: str
    claims: str | None = None
    enable_cae: bool = False

    @property
    def fields(self) -> dict[str, str]:
        """The form fields that every grant sends."""
        fields = {"scope": " ".join(self.scopes)}
        claims = merge_claims(self.claims, enable_cae=self.enable_cae)
        if claims:
            fields["claims"] = claims
        return fields


def token_endpoint(authority: str, tenant: str) -> str:
    """Return the URL of the v2.0 token endpoint. It is derived without discovery."""
    return f"{authority}/{tenant}/oauth2/v2.0/token"


def build_token_request(url: str, fields: Mapping[str, str]) -> HttpRequest:
    """Return the POST request with the fields as a form."""
    return HttpRequest(
        "POST",
        url,
        data=dict(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
    )


def merge_claims(claims: str | None, *, enable_cae: bool) -> str | None:
    """Return the claims parameter (OpenID Connect Core 1.0 section 5.5) with the CAE capability added.

    :raises ValueError: the claims are not a JSON object.
    """
    if not enable_cae:
        if claims:
            _parse_claims(claims)
        return claims or None
    document = _parse_claims(claims) if claims else {}
    access_token = as_object(document.get("access_token")) or {}
    return json.dumps({**document, "access_token": {**access_token, **_CLIENT_CAPABILITY}})


def _parse_claims(claims: str) -> dict[str, Any]:
    document = parse_object(claims)
    if document is None:
        raise ValueError("claims must be a JSON object: the base64-decoded content of a claims challenge")
    return document


def require_texts(claims: object, tenant_id: object) -> None:
    """Check the types of a call's options. Their content is checked where it is used.

    :raises ValueError: one of them is not a string.
    """
    if claims is not None and not isinstance(claims, str):
        raise ValueError("claims must be a JSON object as a string: the base64-decoded content of a claims challenge")
    if tenant_id is not None and not isinstance(tenant_id, str):
        raise ValueError("tenant_id must be a string: the directory's GUID or a verified domain")


def require_scopes(scopes: Sequence[object], method: str) -> None:
    """Check the scopes of a call before anything is sent.

    :raises ValueError: there is no scope, or one is not a non-empty string.
    """
    if not scopes:
        raise ValueError(f'"{method}" requires at least one scope, for example "https://graph.microsoft.com/.default"')
    for scope in scopes:
        if not isinstance(scope, str) or not scope:
            raise ValueError(f'"{method}" takes scopes as separate strings: get_token("scope1", "scope2")')


def resource_of(scopes: Sequence[str]) -> str:
    """Return the resource of the one scope, for endpoints and tools of the v1.0 protocol, which has no scopes.

    :raises ValueError: there are several scopes.
    """
    if len(scopes) != 1:
        raise ValueError("This credential requires exactly one scope per token request.")
    return scopes[0].removesuffix("/.default")


def management_scope(authority: str) -> str | None:
    """Return the scope of Azure Resource Manager in the cloud of a normalized authority, or None for other clouds."""
    return _MANAGEMENT_SCOPES.get(authority_host(authority))
