"""Callers with a bearer token (RFC 6750): the token is verified, and its user's credential exchanges it."""

import logging
from typing import Any

from webidentity._authority import authority_host
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.key_source import KeySource, KeysUnavailableError
from webidentity._flows.on_behalf_of import OnBehalfOf
from webidentity._json import as_text
from webidentity._protocol.effects import Flow
from webidentity._protocol.verification import TokenRejectedError
from webidentity.record import AuthenticationRecord
from webidentity.web._answer import Answer, json_answer
from webidentity.web._challenge import header_text
from webidentity.web._credential import CredentialFactory, Drivers
from webidentity.web._grants import BearerGrant
from webidentity.web._identity import Identity, Principal
from webidentity.web._settings import Settings

_LOGGER = logging.getLogger("webidentity.web")


class BearerTokens:
    """Turns an access token for this application into an identity, or into a refusal."""

    def __init__(self, settings: Settings, user_tokens: UserTokens, key_source: KeySource, drivers: Drivers) -> None:
        self._settings = settings
        self._user_tokens = user_tokens
        self._key_source = key_source
        self._drivers = drivers
        self._audiences = frozenset({settings.client_id, f"api://{settings.client_id}", *settings.audiences})

    def identify(self, token: str) -> Flow[Identity]:
        """Return the identity of the token's user; a refusal inside it if the token is not acceptable."""
        try:
            claims = yield from self._key_source.verify(token, self._audiences)
            _check_delegated(claims)
        except TokenRejectedError as error:
            _LOGGER.info("A bearer token was refused: %s", error)
            return Identity(refusal=_invalid_token(str(error)))
        except _ApplicationOnlyError:
            return Identity(refusal=_application_only())
        except KeysUnavailableError as error:
            _LOGGER.warning("Bearer tokens cannot be verified: %s", error)
            content = {"error": "temporarily_unavailable", "message": "Tokens cannot be verified just now. Try again."}
            return Identity(refusal=json_answer(503, content, (("Retry-After", "5"),)))
        settings = self._settings
        grant = OnBehalfOf(self._user_tokens.client, self._user_tokens.cache, token)
        record = AuthenticationRecord(
            tenant_id=claims["tid"],
            client_id=settings.client_id,
            authority=authority_host(settings.authority),
            home_account_id=f"{as_text(claims.get('oid')) or claims['sub']}.{claims['tid']}",
            username=as_text(claims.get("preferred_username")) or as_text(claims.get("upn")) or "",
        )
        credentials = CredentialFactory(BearerGrant(grant), settings.tenant_id, self._drivers)
        return Identity(Principal(record, claims), credentials)


class _ApplicationOnlyError(Exception):
    """The token acts for a program, not for a user."""


def _check_delegated(claims: dict[str, Any]) -> None:
    """Check that the claims are an access token's, and one that acts for a user."""
    if not (as_text(claims.get("azp")) or as_text(claims.get("appid"))):
        raise TokenRejectedError("the token is an ID token: send an access token for this application")
    if as_text(claims.get("scp")) and claims.get("idtyp") != "app":
        return
    if claims.get("idtyp") == "app" or claims.get("roles"):
        raise _ApplicationOnlyError
    raise TokenRejectedError("the token grants nothing: it has neither scopes nor roles")


def _invalid_token(reason: str) -> Answer:
    content = {"error": "invalid_token", "message": f"The access token was refused: {reason}."}
    challenge = f'Bearer error="invalid_token", error_description="{header_text(reason)}"'
    return json_answer(401, content, (("WWW-Authenticate", challenge),))


def _application_only() -> Answer:
    reason = "The token acts for an application; this address needs one that acts for a user"
    challenge = f'Bearer error="insufficient_scope", error_description="{reason}"'
    return json_answer(
        403, {"error": "insufficient_scope", "message": f"{reason}."}, (("WWW-Authenticate", challenge),)
    )
