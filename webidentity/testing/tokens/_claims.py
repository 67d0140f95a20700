"""The claims of access tokens and ID tokens, as in Entra's v2.0 tokens.

Follows Microsoft's "Access token claims reference" and "ID token claims reference". Tokens are signed RS256.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from webidentity.testing.directory._model import OIDC_SCOPES, App, User, pairwise_subject
from webidentity.testing.directory._state import Authorization, TenantState, new_session_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenSubject:
    """The parties of an access token: the client, the resource, and the user unless the token is app-only."""

    client: App
    resource: App
    user: User | None = None
    scopes: tuple[str, ...] = ()
    sid: str | None = field(default=None, repr=False)
    acrs: frozenset[str] = frozenset()
    capabilities: tuple[str, ...] = ()


def access_token_claims(state: TenantState, subject: AccessTokenSubject) -> dict[str, Any]:
    """The claims of an access token; without a user it is an app-only token."""
    principal = subject.user or subject.client
    claims = {
        "aud": subject.resource.audience,
        **_lifetime(state, state.access_token_lifetime),
        "azp": subject.client.client_id,
        "azpacr": _client_authentication(subject.client),
        "oid": principal.object_id,
        "tid": state.tenant_id,
        "ver": "2.0",
        "uti": secrets.token_urlsafe(16),
    }
    if subject.user:
        claims |= {
            "name": subject.user.name,
            "preferred_username": subject.user.username,
            "scp": " ".join(subject.scopes),
            "sid": subject.sid or new_session_id(),
            "sub": pairwise_subject(state.tenant_id, subject.resource, subject.user.object_id),
        }
        state.token_epochs.put(claims["uti"], state.directory.epoch(subject.user))
    else:
        claims |= {"idtyp": "app", "sub": subject.client.object_id}
    roles = state.directory.roles(principal, subject.resource)
    optional = {"roles": roles, "acrs": sorted(subject.acrs), "xms_cc": list(subject.capabilities)}
    return claims | {name: value for name, value in optional.items() if value}


def id_token_claims(
    state: TenantState, authorization: Authorization, oidc: Collection[str], *, nonce: str | None, auth_time: bool
) -> dict[str, Any]:
    """The claims of an ID token. As in Entra, the scope ``profile`` adds the name and the object id."""
    user, client = authorization.user, authorization.client
    claims: dict[str, Any] = {
        "aud": client.client_id,
        **_lifetime(state, state.access_token_lifetime),
        "sub": pairwise_subject(state.tenant_id, client, user.object_id),
        "tid": state.tenant_id,
        "sid": authorization.sid,
        "login_hint": opaque_login_hint(state, user),
        "uti": secrets.token_urlsafe(16),
        "ver": "2.0",
    }
    if "profile" in oidc:
        claims |= {"name": user.name, "preferred_username": user.username, "oid": user.object_id}
    if "email" in oidc and user.email:
        claims["email"] = user.email
    optional = {
        "nonce": nonce,
        "auth_time": authorization.auth_time if auth_time else None,
        "roles": state.directory.roles(user, client),
        "acrs": sorted(authorization.acrs),
    }
    return claims | {name: value for name, value in optional.items() if value}


def graph_scopes(oidc: Collection[str]) -> tuple[str, ...]:
    """The OpenID Connect scopes that the ``scp`` claim of a Microsoft Graph token lists."""
    return tuple(scope for scope in OIDC_SCOPES if scope in oidc and scope != "offline_access")


def client_info(state: TenantState, user: User) -> str:
    """The ``client_info`` of a reply: the ids of the user and the tenant, as base64url encoded JSON."""
    text = f'{{"uid":"{user.object_id}","utid":"{state.tenant_id}"}}'
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode("ascii")


def opaque_login_hint(state: TenantState, user: User) -> str:
    """The ``login_hint`` claim: an opaque value that only this tenant can resolve."""
    return f"O.{pairwise_subject(state.tenant_id, state.directory.graph, f'login_hint|{user.object_id}')}"


def user_hinted(state: TenantState, hint: str | None) -> User | None:
    """The user of a ``login_hint`` or ``logout_hint``: a username, or the ``login_hint`` claim of an ID token."""
    if not hint:
        return None
    named = state.directory.user_named(hint)
    return named or next(
        (user for user in state.directory.users.values() if opaque_login_hint(state, user) == hint), None
    )


def _lifetime(state: TenantState, seconds: int) -> dict[str, Any]:
    now = state.now()
    return {"iss": state.issuer, "iat": now, "nbf": now, "exp": now + seconds}


def _client_authentication(client: App) -> str:
    return "0" if client.public_client else "1"
