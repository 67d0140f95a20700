"""Conditional access: required claims, and the ``claims`` parameter (OpenID Connect Core, section 5.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._directory import Directory
from webidentity.testing.directory._model import App, User


def parse_claims(text: str | None) -> dict[str, Any]:
    """The claims request as a dictionary; empty if the parameter was not sent."""
    if not text:
        return {}
    try:
        parsed: object = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise TenantError(9002313, "Invalid request. The 'claims' parameter is not a JSON object.")
    return cast("dict[str, Any]", parsed)


def requested_values(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values requested for a claim of the access token, from ``value`` or ``values``."""
    member = _mapping(_mapping(claims.get("access_token")).get(name))
    values: object = member.get("values")
    if isinstance(values, list):
        return tuple(str(value) for value in cast("list[object]", values))
    return (str(member["value"]),) if "value" in member else ()


def client_capabilities(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The capabilities a client declares through ``xms_cc``, such as ``cp1`` for continuous access evaluation."""
    return requested_values(claims, "xms_cc")


def authentication_contexts(claims: Mapping[str, Any]) -> frozenset[str]:
    """The authentication contexts (``acrs``) requested for the access token."""
    return frozenset(requested_values(claims, "acrs"))


def require_claims(directory: Directory, user: User, resource: App, claims: str) -> None:
    """Refuse tokens for this user and resource until the user signs in with these claims."""
    parse_claims(claims)
    directory.require_claims(user, resource, claims)


def outstanding_claims(directory: Directory, user: User, claims: str | None) -> list[str]:
    """The client ids of the resources whose required claims a sign-in with these claims satisfies."""
    if not claims:
        return []
    offered = parse_claims(claims)
    required = directory.required_claims_by_resource(user)
    return [client_id for client_id, text in required.items() if covers(offered, parse_claims(text))]


def satisfy_claims(directory: Directory, user: User, claims: str | None) -> None:
    """Record that the user has signed in with these claims."""
    for client_id in outstanding_claims(directory, user, claims):
        directory.drop_required_claims(user, client_id)


def check_conditional_access(
    directory: Directory, user: User, resource: App, *, claims: str | None, held: frozenset[str]
) -> None:
    """Refuse a token if the user must sign in again first.

    :param claims: the ``claims`` parameter of the token request.
    :param held: the authentication contexts of the current sign-in.
    :raises TenantError: ``interaction_required``, with the claims to request (AADSTS50076).
    """
    required = directory.required_claims(user, resource)
    if required is None and not authentication_contexts(parse_claims(claims)) <= held:
        required = claims
    if required is not None:
        raise TenantError(
            50076,
            "Due to a configuration change made by your administrator, or because you moved to a new location, you "
            f"must use multi-factor authentication to access '{resource.client_id}'.",
            suberror="basic_action",
            claims=required,
        )


def covers(offered: object, required: object) -> bool:
    """Whether a claims request includes everything that is required."""
    if isinstance(required, dict):
        wanted = cast("dict[str, object]", required)
        have = _mapping(offered)
        return all(key in have and covers(have[key], value) for key, value in wanted.items())
    if isinstance(required, list):
        return isinstance(offered, list) and all(item in offered for item in cast("list[object]", required))
    return required is None or offered == required


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
