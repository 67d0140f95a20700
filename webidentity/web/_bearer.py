"""Bearer tokens (RFC 6750): the token is verified, and exchanged on behalf of its user."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.key_source import KeysUnavailableError
from webidentity._flows.on_behalf_of import OnBehalfOf
from webidentity._json import as_text
from webidentity._protocol.account import account_in_tenant
from webidentity._protocol.effects import Flow
from webidentity._protocol.verification import TokenRejectedError
from webidentity.web._answer import Answer, json_answer
from webidentity.web._challenge import header_text
from webidentity.web._credential import BearerGrant, CredentialFactory, Drivers
from webidentity.web._identity import Identity, Principal
from webidentity.web._outages import with_advice
from webidentity.web._settings import Settings
from webidentity.web._tenants import TenantResolver

_LOGGER = logging.getLogger("webidentity.web")
#: Seconds between two lines about the same outage.
_LOG_INTERVAL = 60


class BearerTokens:
    """Turns access tokens for this application into identities."""

    def __init__(self, settings: Settings, tenants: TenantResolver, user_tokens: UserTokens, drivers: Drivers) -> None:
        self._tenants = tenants
        self._user_tokens = user_tokens
        self._drivers = drivers
        self._audiences = settings.audiences
        self._outage = _OutageLog()

    def identify(self, token: str) -> Flow[Identity]:
        """Return the identity of the token's user. Its ``refusal`` is set if the token is not acceptable."""
        tenant = self._tenants.for_bearer_token()
        audiences = frozenset({tenant.client_id, f"api://{tenant.client_id}", *self._audiences})
        try:
            claims = yield from tenant.key_source.verify(token, audiences)
            self._outage.ended()
            _check_delegated(claims)
        except TokenRejectedError as error:
            _LOGGER.info("A bearer token was refused: %s", error)
            return Identity(refusal=_invalid_token(str(error)))
        except _ApplicationOnlyError:
            return Identity(refusal=_application_only())
        except KeysUnavailableError as error:
            self._outage.failed(with_advice(str(error), tenant.authority))
            content = {
                "error": "temporarily_unavailable",
                "message": "Tokens cannot be verified now. Try again.",
            }
            return Identity(refusal=json_answer(503, content, (("Retry-After", "5"),)))
        home_account_id = account_in_tenant(claims)
        user_tokens = self._user_tokens
        grant = OnBehalfOf(
            user_tokens.client,
            user_tokens.cache,
            token,
            home_account_id,
            needs_all_scopes=user_tokens.needs_all_scopes,
        )
        return Identity(
            Principal(tenant.record(claims, home_account_id), claims, is_bearer=True),
            lambda: CredentialFactory(BearerGrant(grant), tenant.tenants, self._drivers),
        )


class _OutageLog:
    """Logs that tokens cannot be verified: once a minute, because each request fails meanwhile; and the end of it."""

    def __init__(self) -> None:
        self._logged_at: float | None = None

    def failed(self, reason: str) -> None:
        now = time.time()
        if self._logged_at is None or not 0 <= now - self._logged_at < _LOG_INTERVAL:
            self._logged_at = now
            _LOGGER.warning("Bearer tokens cannot be verified: %s", reason)

    def ended(self) -> None:
        if self._logged_at is not None:
            self._logged_at = None
            _LOGGER.info("Bearer tokens can be verified again")


class _ApplicationOnlyError(Exception):
    """The token acts for an application, not for a user."""


def _check_delegated(claims: Mapping[str, Any]) -> None:
    """Check that the claims are those of an access token that acts for a user."""
    if not (as_text(claims.get("azp")) or as_text(claims.get("appid"))):
        raise TokenRejectedError("the token is an ID token: send an access token for this application")
    if (as_text(claims.get("scp")) or "").split() and claims.get("idtyp") != "app":
        return
    if claims.get("idtyp") == "app" or claims.get("roles"):
        raise _ApplicationOnlyError
    raise TokenRejectedError("the token grants nothing: it has neither scopes nor roles")


def _invalid_token(reason: str) -> Answer:
    content = {"error": "invalid_token", "message": f"The access token was refused: {reason}."}
    challenge = f'Bearer error="invalid_token", error_description="{header_text(reason)}"'
    return json_answer(401, content, (("WWW-Authenticate", challenge),))


def _application_only() -> Answer:
    reason = "The token acts for an application. This address requires a token that acts for a user"
    challenge = f'Bearer error="insufficient_scope", error_description="{reason}"'
    return json_answer(
        403, {"error": "insufficient_scope", "message": f"{reason}."}, (("WWW-Authenticate", challenge),)
    )
