"""The account of a sign-in, read from the ID token (OpenID Connect Core 1.0 section 3.1.3.7)."""

import hmac
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from azure.core.exceptions import ClientAuthenticationError

from webidentity._authority import SHARED_TENANTS, authority_host, is_guid, is_tenant_id
from webidentity._json import as_text
from webidentity._protocol.token_reply import TokenReply, decode_unverified
from webidentity.record import AuthenticationRecord

#: Seconds that clocks may differ.
_LEEWAY = 300


class ExpectedAccount(NamedTuple):
    """What the reply to a sign-in must match.

    :param tenant: the tenant of the token request.
    :param home_account_id: the account that must sign in, or None for any account.
    """

    client_id: str
    authority: str
    tenant: str
    home_account_id: str | None = None


def account_of(
    reply: TokenReply, expected: ExpectedAccount, *, now: float, nonce: str | None = None, issuer: str | None = None
) -> AuthenticationRecord:
    """Return the account that signed in.

    The ID token comes directly from the token endpoint over TLS, which replaces the check of its signature (item 6 of
    the section named above). Its audience, lifetime and tenant are checked, and the nonce and the issuer if given.

    :param now: Unix seconds.
    :param nonce: the nonce of the authorization request.
    :param issuer: the issuer that the authorization response names (RFC 9207).
    :raises ClientAuthenticationError: the reply names no account, or does not match ``expected``.
    """
    client_id, authority, tenant, settled = expected
    claims = decode_unverified(reply.id_token) if reply.id_token else {}
    tenant_id = as_text(claims.get("tid")) or tenant
    if reply.home_account_id is None or not claims:
        raise _unusable("it does not name an account. Check that the application's registration issues ID tokens")
    # Entra writes client ids in lower case, even if they were sent in upper case.
    if (as_text(claims.get("aud")) or "").lower() != client_id.lower():
        raise _unusable("its ID token is for another application")
    if nonce is not None and not hmac.compare_digest(_bytes(as_text(claims.get("nonce")) or ""), _bytes(nonce)):
        raise _unusable("its ID token belongs to another sign-in")
    if issuer is not None and claims.get("iss") != issuer:
        raise _unusable("its ID token comes from another issuer than the browser's redirect")
    if tenant_id in SHARED_TENANTS:
        raise _unusable("its ID token does not say in which tenant the user signed in")
    if not is_tenant_id(tenant_id) or (is_guid(tenant) and tenant_id.lower() != tenant.lower()):
        raise _unusable("its ID token comes from another tenant than the one requested")
    expires_on = claims.get("exp")
    # Python's JSON parser accepts NaN, which compares as false, and Infinity.
    if not isinstance(expires_on, int | float) or not now - _LEEWAY <= expires_on < math.inf:
        raise _unusable("its ID token has expired: check the clock of this machine")
    if settled is not None and names_another(reply.home_account_id, settled):
        raise ClientAuthenticationError(
            message="Authentication failed: another user signed in. Sign in as the user that this credential "
            "acts for, or call 'authenticate' to change the user."
        )
    username = as_text(claims.get("preferred_username")) or as_text(claims.get("upn")) or ""
    return AuthenticationRecord(tenant_id, client_id, authority_host(authority), reply.home_account_id, username)


def names_another(named: str | None, home_account_id: str) -> bool:
    """Whether the reply names a different account. False if it names none, or only a subject."""
    if named is None or ("." in named) is not ("." in home_account_id):
        return False
    return named.lower() != home_account_id.lower()


def account_in_tenant(claims: Mapping[str, Any]) -> str:
    """Return the ID of the account that the verified claims of a token name: object ID and tenant ID.

    For a member of the tenant it is the home account ID. Without an object ID it consists of the subject.
    """
    return f"{as_text(claims.get('oid')) or claims['sub']}.{claims['tid']}"


def names_another_in_tenant(reply: TokenReply, account: str) -> bool:
    """Whether the reply names a different account than this one, an output of :func:`account_in_tenant`.

    For a guest, ``client_info`` contains the IDs of the home tenant, which cannot be compared.
    """
    user, _, tenant = account.lower().rpartition(".")
    claims = decode_unverified(reply.id_token) if reply.id_token else {}
    subject = as_text(claims.get("oid")) or as_text(claims.get("sub"))
    if subject and f"{subject}.{claims.get('tid')}".lower() != account.lower():
        return True
    named, _, home = (reply.home_account_id or "").lower().rpartition(".")
    return is_guid(user) and home == tenant and named != user


def _bytes(text: str) -> bytes:
    # JSON may contain escaped lone surrogates, which cannot be encoded.
    return text.encode(errors="replace")


def _unusable(reason: str) -> ClientAuthenticationError:
    return ClientAuthenticationError(message=f"Authentication failed: the authority's reply cannot be used, {reason}")
