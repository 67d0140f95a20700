"""Replies of the token endpoint (RFC 6749 section 5), and which of the requested scopes they grant."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from webidentity._json import as_list, as_seconds, as_text, parse_object
from webidentity.errors import EntraError

#: Longest plausible lifetime in seconds. Longer ones are errors, and stores may not support them.
_NEVER = 10 * 366 * 24 * 3600
#: A token without refresh_in that lives at least this many seconds is renewed at half of its lifetime.
_LONG = 7200

#: The form of an error code (the words of RFC 6749 section 5.2), and of a request's ID. Compiled at the first error.
_CODE = r"[a-z0-9_]{1,40}"
_REQUEST_ID = r"[0-9A-Fa-f-]{1,36}"
#: Scopes of OpenID Connect. Entra does not repeat all of them, and an access token is not about them.
_OPENID = frozenset({"openid", "profile", "email", "offline_access"})
#: The ID of an application, or a URI without a path: the resource itself, with what was granted before.
_RESOURCE = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z][a-z0-9+.-]*://[^/]*/?"


class TokenReply(NamedTuple):
    """A successful reply. Times are Unix seconds."""

    access_token: str
    expires_on: int
    refresh_on: int | None
    token_type: str
    scopes: tuple[str, ...]
    refresh_token: str | None = None
    id_token: str | None = None
    home_account_id: str | None = None
    #: Microsoft's family of clients that may redeem the refresh token.
    family_id: str | None = None

    def __repr__(self) -> str:
        """Leave the tokens out."""
        return (
            f"TokenReply(expires_on={self.expires_on}, refresh_on={self.refresh_on}, token_type={self.token_type!r}, "
            f"scopes={self.scopes}, home_account_id={self.home_account_id!r})"
        )


def read_token_reply(response: Any, *, now: int, secrets: Iterable[str] = ()) -> TokenReply:
    """Return the reply's content.

    :param response: the HTTP response.
    :param now: when the request was sent (Unix seconds). Lifetimes count from then.
    :param secrets: values of the request that must not appear in a message.
    :raises EntraError: the authority refused, or the reply is malformed.
    """
    document = read_document(response)
    token = document.get("access_token")
    if response.status_code >= 400 or "error" in document or not isinstance(token, str) or not token:
        raise refusal(response, document, secrets)
    refresh_token = as_text(document.get("refresh_token"))
    if not is_token(token) or (refresh_token is not None and not is_token(refresh_token)):
        raise EntraError("Microsoft Entra ID sent a token with characters that no token has", response=response)
    token_type = document.get("token_type", "Bearer")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        # RFC 6749 section 7.1: a client must not use a token whose type it does not know.
        raise EntraError(
            "Authentication failed: Microsoft Entra ID sent a token that is not of the type Bearer", response=response
        )
    expires_in = as_seconds(document.get("expires_in"))
    if expires_in is None or expires_in > _NEVER:
        raise EntraError("Microsoft Entra ID sent a token without a lifetime (expires_in)", response=response)
    refresh_in = read_refresh_in(document, expires_in)
    return TokenReply(
        access_token=token,
        expires_on=now + expires_in,
        refresh_on=None if refresh_in is None else now + refresh_in,
        token_type=token_type,
        scopes=tuple((as_text(document.get("scope")) or "").split()),
        refresh_token=refresh_token,
        id_token=as_text(document.get("id_token")),
        home_account_id=_home_account_id(document),
        family_id=as_text(document.get("foci")),
    )


def is_token(text: str) -> bool:
    """Whether the text has printable ASCII characters only (RFC 6749 appendix A.12 and A.17)."""
    return text.isascii() and text.isprintable()


def read_refresh_in(document: Mapping[str, Any], expires_in: int) -> int | None:
    """Return the seconds after which to renew the token: ``refresh_in``, or half of a long lifetime, or None."""
    refresh_in = as_seconds(document.get("refresh_in"))
    if refresh_in is None:
        return expires_in // 2 if expires_in >= _LONG else None
    return min(refresh_in, expires_in)


def decode_unverified(token: str) -> dict[str, Any]:
    """Return the claims of a token without verifying it, for a trusted origin, or {} if they cannot be read."""
    try:
        payload = token.split(".")[1]
        return parse_object(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) or {}
    except (IndexError, ValueError):
        return {}


def read_document(response: Any) -> dict[str, Any]:
    """Return the JSON object in a response of the authority.

    :raises EntraError: the response is not a JSON object.
    """
    try:
        text = response.text()
    except (LookupError, ValueError):
        text = "undecodable"
    if not text:
        raise EntraError("No response content from Microsoft Entra ID", response=response)
    document = parse_object(text)
    if document is None:
        raise EntraError(
            f"Authentication failed: the reply (HTTP {response.status_code}) is not from Microsoft Entra ID, because "
            "it is not a JSON object. Check the authority, and whether a proxy sent the reply.",
            response=response,
        )
    return document


def refusal(response: Any, document: Mapping[str, Any], secrets: Iterable[str], *, what: str = "token") -> EntraError:
    """Return the error for a response with which the authority refused a request.

    :param secrets: values of the request that must not appear in a message.
    :param what: what was requested, for the message.
    """
    # Imported at the first error.
    from webidentity._protocol.advice import add_advice
    from webidentity._protocol.redaction import scrub

    secrets = tuple(secrets)

    def plain(name: str, form: str) -> str | None:
        # Other text may be an echo of a secret, or anything, and these members are logged and shown on pages.
        text = as_text(document.get(name))
        return text if text and re.fullmatch(form, text) and scrub(text, secrets) == text else None

    error = plain("error", _CODE)
    description = scrub(as_text(document.get("error_description")) or "no description", secrets)
    codes = tuple(
        number for number in as_list(document.get("error_codes")) if type(number) is int and 0 < number < 10**8
    )
    if error is None:
        message = f"Microsoft Entra ID sent no {what} (HTTP {response.status_code})"
    else:
        message = f"Microsoft Entra ID error '({error}) {description}'"
    claims = document.get("claims")
    return EntraError(
        add_advice(message, codes),
        response=response,
        error=error,
        suberror=plain("suberror", _CODE),
        error_codes=codes,
        correlation_id=plain("correlation_id", _REQUEST_ID),
        claims=json.dumps(claims) if isinstance(claims, dict) else as_text(claims),
    )


def read_text(response: Any) -> str:
    """Return the text of a response, or "" if it cannot be decoded: a proxy's page, for example."""
    try:
        text: str = response.text()
    except (LookupError, ValueError):
        return ""
    return text


def _home_account_id(document: Mapping[str, Any]) -> str | None:
    """Return the account's id from client_info, or the ID token's subject, as MSAL does."""
    info = as_text(document.get("client_info"))
    if info:
        content = decode_unverified(f".{info}")
        uid, utid = as_text(content.get("uid")), as_text(content.get("utid"))
        if uid and utid:
            return f"{uid}.{utid}"
    id_token = as_text(document.get("id_token"))
    return as_text(decode_unverified(id_token).get("sub")) if id_token else None


def granted(requested: Iterable[str], replied: Collection[str]) -> list[str]:
    """Return the requested scopes that were granted, as they were requested and in order.

    Entra may write a scope in another way in its reply: ``https://graph.microsoft.com/user.read`` as ``User.Read``, or
    ``<application ID>/access`` as ``api://<application ID>/access``. A token is for one resource, so that only the
    names of the permissions are compared. ``.default`` and a resource stand for all that was granted before.

    :param replied: the scopes in the reply. None of them means that all were granted (RFC 6749 section 5.1).
    """
    names = sorted(requested)
    if not replied:
        return names
    given = {_permission(scope) for scope in replied}
    return [scope for scope in names if _permission(scope) in given or _is_always_granted(scope.lower())]


def _permission(scope: str) -> str:
    return scope.rpartition("/")[2].lower()


def _is_always_granted(scope: str) -> bool:
    return scope in _OPENID or scope.endswith(".default") or re.fullmatch(_RESOURCE, scope) is not None
