"""The account that a sign-in brought, read from its ID token (OpenID Connect Core 1.0 section 3.1.3.7)."""

import hmac
import math
import re
from typing import NamedTuple

from azure.core.exceptions import ClientAuthenticationError

from webidentity._authority import SHARED_TENANTS, authority_host, is_tenant_id
from webidentity._json import as_text
from webidentity._protocol.token_reply import TokenReply, decode_unverified
from webidentity.record import AuthenticationRecord

#: Seconds by which clocks may differ.
_LEEWAY = 300
#: Compiled by the first sign-in, not by the import.
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class ExpectedAccount(NamedTuple):
    """Whose sign-in is waited for.

    :param tenant: where the token request goes.
    :param home_account_id: the account if it is settled; None for whoever signs in.
    """

    client_id: str
    authority: str
    tenant: str
    home_account_id: str | None = None


def account_of(
    reply: TokenReply, expected: ExpectedAccount, *, now: float, nonce: str | None = None, issuer: str | None = None
) -> AuthenticationRecord:
    """Return who signed in.

    The ID token came from the token endpoint itself, over TLS, which stands for its signature (item 6 of the section
    named above). Its audience, its lifetime, its tenant and its nonce, if one was sent, are checked.

    :param now: Unix seconds.
    :param issuer: who the authorization response says it is from (RFC 9207).
    :raises ClientAuthenticationError: the reply names nobody, or the ID token is somebody else's.
    """
    client_id, authority, tenant, settled = expected
    claims = decode_unverified(reply.id_token) if reply.id_token else {}
    tenant_id = as_text(claims.get("tid")) or tenant
    if reply.home_account_id is None or not claims:
        raise _unusable("it does not say who signed in. Does the application's registration issue ID tokens?")
    # Entra writes the ids of applications in lower case, however they were sent.
    if (as_text(claims.get("aud")) or "").lower() != client_id.lower():
        raise _unusable("its ID token is for another application")
    if nonce is not None and not hmac.compare_digest(_bytes(as_text(claims.get("nonce")) or ""), _bytes(nonce)):
        raise _unusable("its ID token belongs to another sign-in")
    if issuer is not None and claims.get("iss") != issuer:
        raise _unusable("its ID token is of another issuer than the one that answered in the browser")
    if tenant_id in SHARED_TENANTS:
        raise _unusable("its ID token does not say in which tenant the user signed in")
    if not is_tenant_id(tenant_id) or (_is_guid(tenant) and tenant_id.lower() != tenant.lower()):
        raise _unusable("its ID token is of another tenant than the one that was asked for")
    expires_on = claims.get("exp")
    # Python's JSON has NaN, which is never before anything, and Infinity.
    if not isinstance(expires_on, int | float) or not now - _LEEWAY <= expires_on < math.inf:
        raise _unusable("its ID token has expired: is this machine's clock right?")
    if settled is not None and names_another(reply.home_account_id, settled):
        raise ClientAuthenticationError(
            message="Authentication failed: another user signed in than the one that this credential acts for. Sign in "
            "as that user, or call 'authenticate' to act for another."
        )
    username = as_text(claims.get("preferred_username")) or as_text(claims.get("upn")) or ""
    return AuthenticationRecord(tenant_id, client_id, authority_host(authority), reply.home_account_id, username)


def names_another(named: str | None, home_account_id: str) -> bool:
    """Whether a reply is somebody else's. One that names nobody, or by a subject instead of the home, says nothing."""
    if named is None or ("." in named) is not ("." in home_account_id):
        return False
    return named.lower() != home_account_id.lower()


def _is_guid(tenant: str) -> bool:
    """Whether the tenant is named by its id, which is also what its tokens say; a domain is not."""
    return re.fullmatch(_GUID, tenant.lower(), re.ASCII) is not None


def _bytes(text: str) -> bytes:
    # JSON can escape halves of surrogate pairs, which no encoding can write.
    return text.encode(errors="replace")


def _unusable(reason: str) -> ClientAuthenticationError:
    return ClientAuthenticationError(message=f"Authentication failed: the authority's reply cannot be used, {reason}")
