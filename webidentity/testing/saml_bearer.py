"""The grants that redeem a SAML assertion (RFC 7522; its SAML 1.1 sibling is Microsoft's)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from webidentity.testing.directory._model import App
from webidentity.testing.directory._state import TenantState
from webidentity.testing.policies._scopes import parse_scopes
from webidentity.testing.tokens._token_reply import delegated_reply, direct_order
from webidentity.testing.transports._messages import Parameters

from ._errors import TenantError
from .saml_assertion import SAML_1_1, SAML_2_0, verify_assertion

SAML_1_1_BEARER = "urn:ietf:params:oauth:grant-type:saml1_1-bearer"
SAML_2_BEARER = "urn:ietf:params:oauth:grant-type:saml2-bearer"

_TOKEN_TYPES: Mapping[str, str] = {SAML_1_1_BEARER: SAML_1_1, SAML_2_BEARER: SAML_2_0}


def redeem_saml_assertion(state: TenantState, client: App, form: Parameters) -> dict[str, Any]:
    """Tokens for the user of an assertion of this tenant's federation server."""
    text, scope = _decode(form.require("assertion")), form.require("scope")
    assertion = verify_assertion(state, text, _TOKEN_TYPES[form.require("grant_type")])
    scopes = parse_scopes(scope, state.directory, client=client)
    order = direct_order(state, client, assertion.user, scope=scope, scopes=scopes, auth_time=assertion.issued_at)
    return delegated_reply(state, form, order)


def _decode(value: str) -> str:
    """RFC 7522, section 2.1, asks for base64url without padding; MSAL pads, and other clients use plain base64."""
    bare = value.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise TenantError(50008, "SAML assertion is missing or misconfigured in the token.") from None
