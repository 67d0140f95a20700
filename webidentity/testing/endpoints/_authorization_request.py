"""Parse and check authorization requests (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import TenantState
from webidentity.testing.policies._conditional_access import authentication_contexts, parse_claims
from webidentity.testing.policies._scopes import RequestedScopes, parse_scopes
from webidentity.testing.transports._messages import Parameters

RESPONSE_MODES = ("query", "form_post", "fragment")
PROMPTS = ("login", "select_account", "none", "consent")
_LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where the authorization response goes: a registered redirect URI, and how to send the response there."""

    client: App
    redirect_uri: str
    response_mode: str
    state: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """An authorization request that passed all checks."""

    reply: ReplyAddress
    scope: str
    scopes: RequestedScopes
    nonce: str | None = field(repr=False)
    code_challenge: str | None = field(repr=False)
    code_challenge_method: str
    prompt: str | None
    login_hint: str | None = field(repr=False)
    claims_text: str | None
    claims: Mapping[str, Any]
    max_age: int | None
    client_info: bool

    @property
    def client(self) -> App:
        """The application that sent the request."""
        return self.reply.client

    @property
    def acrs(self) -> frozenset[str]:
        """The authentication contexts that the sign-in must satisfy."""
        return authentication_contexts(self.claims)

    @property
    def asks_auth_time(self) -> bool:
        """Whether the claims request includes ``auth_time`` of the ID token."""
        asked: object = self.claims.get("id_token")
        return isinstance(asked, dict) and "auth_time" in asked


def read_reply_address(state: TenantState, query: Parameters) -> ReplyAddress:
    """Read the client and the redirect URI. Until they are checked, an error is shown on a page, never redirected."""
    client = state.directory.find_app(query.once_each().require("client_id"))
    redirect_uri = query.require("redirect_uri")
    if not _is_registered(client, redirect_uri):
        raise TenantError(
            50011,
            f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured "
            f"for the application '{client.client_id}'. Make sure the redirect URI sent in the request matches one "
            "added to your application.",
            advice=_how_to_register(client, redirect_uri),
        )
    mode = query.get("response_mode") or "query"
    return ReplyAddress(client, redirect_uri, mode if mode in RESPONSE_MODES else "query", query.get("state"))


def read_authorization_request(state: TenantState, reply: ReplyAddress, query: Parameters) -> AuthorizationRequest:
    """Read the rest of the request. Errors from here on are sent to the application."""
    mode = query.get("response_mode")
    if mode is not None and mode not in RESPONSE_MODES:
        raise TenantError(90023, f"Unsupported 'response_mode' value '{mode}'.")
    if query.require("response_type") != "code":
        raise TenantError(700054, "The only 'response_type' enabled for the application is 'code'.")
    scope = query.require("scope")
    challenge, method = _challenge(query)
    if state.require_pkce and reply.client.public_client and challenge is None:
        raise TenantError(9002325, "Proof Key for Code Exchange is required: send a 'code_challenge'.")
    prompt = query.get("prompt")
    if prompt is not None and prompt not in PROMPTS:
        raise TenantError(90023, f"Unsupported 'prompt' value '{prompt}'.")
    claims_text = query.get("claims")
    return AuthorizationRequest(
        reply=reply,
        scope=scope,
        scopes=parse_scopes(scope, state.directory, unknown=650053, client=reply.client),
        nonce=query.get("nonce"),
        code_challenge=challenge,
        code_challenge_method=method,
        prompt=prompt,
        login_hint=query.get("login_hint"),
        claims_text=claims_text,
        claims=parse_claims(claims_text),
        max_age=_max_age(query.get("max_age")),
        client_info=query.get("client_info") == "1",
    )


def _is_registered(client: App, redirect_uri: str) -> bool:
    if redirect_uri in client.redirect_uris:
        return True
    # RFC 8252, section 7.3: a native application cannot know its port in advance.
    return client.public_client and any(_without_port(redirect_uri) == known for known in client.redirect_uris)


def _how_to_register(client: App, redirect_uri: str) -> str:
    """Return how this redirect URI is registered at a local tenant."""
    try:
        asked, known = urlsplit(redirect_uri), [urlsplit(uri) for uri in client.redirect_uris]
        port = asked.port
    except ValueError:
        asked, port, known = urlsplit(""), None, []
    if port and any(each.hostname == asked.hostname and each.path == asked.path for each in known):
        return (
            f"At this local tenant: if your application listens on port {port}, start the tenant with "
            f"webidentity tenant --app-port {port}, and your command after it. In tests, register the application with "
            f'add_site("{asked.scheme}://{asked.netloc}").'
        )
    registered = ", ".join(client.redirect_uris) or "none"
    return (
        "At this local tenant: register it with add_site(origin, callback=path) or add_app(name, redirect_uris=[...]). "
        f"Registered are: {registered}."
    )


def _without_port(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or parts.username is not None:
        return None
    return urlunsplit(parts._replace(netloc=parts.hostname))


def _challenge(query: Parameters) -> tuple[str | None, str]:
    challenge, method = query.get("code_challenge"), query.get("code_challenge_method")
    if challenge is None and method is not None:
        raise TenantError(900144, "The request must contain the following parameter: 'code_challenge'.")
    if method not in (None, "S256", "plain"):
        raise TenantError(9002313, f"Invalid request. Unsupported 'code_challenge_method' value '{method}'.")
    return challenge, method or "plain"


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise TenantError(9002313, "Invalid request. 'max_age' must be a number of seconds.")
    return int(text)
