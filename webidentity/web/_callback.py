"""The end of a sign-in: the authorization response (RFC 6749 section 4.1.2) and what it is worth."""

import logging
import re
import time
from typing import Any

from azure.core.exceptions import AzureError

from webidentity._authority import authority_host
from webidentity._flows.authorization_code import AuthorizationCodeGrant, UserTokens
from webidentity._flows.key_source import KeySource, KeysUnavailableError
from webidentity._protocol.advice import aadsts, advice_for
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest
from webidentity._protocol.verification import TokenRejectedError, verify_response
from webidentity.cache._envelope import KeyRing
from webidentity.cache._partition import digest
from webidentity.errors import EntraError
from webidentity.record import AuthenticationRecord
from webidentity.web._answer import Answer, Cookie, StartSession, redirect
from webidentity.web._callback_pages import CallbackPages
from webidentity.web._facts import RequestFacts
from webidentity.web._pending import LIFETIME, PendingCookies, PendingSignIn
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._session import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._settings import Settings
from webidentity.web._sign_in import SignInRequest

_AADSTS = re.compile(r"\bAADSTS(\d{5,8})\b", re.ASCII)
_LOGGER = logging.getLogger("webidentity.web")
#: Claims that only tie the ID token to its request.
_SPENT = frozenset({"nonce", "at_hash", "c_hash"})
_ONCE = ("code", "state", "error", "error_description", "session_state", "iss", "client_info")


class Callback:
    """Completes sign-ins: whatever arrives is refused unless this browser asked for it, just now, and once."""

    def __init__(
        self,
        settings: Settings,
        keys: KeyRing,
        user_tokens: UserTokens,
        key_source: KeySource,
        sessions: Sessions,
        loop_guard: RedirectLoopGuard,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._user_tokens = user_tokens
        self._key_source = key_source
        self._sessions = sessions
        self._loop_guard = loop_guard

    def complete(self, facts: RequestFacts, earlier: SessionState | None, pages: CallbackPages) -> Flow[Answer]:
        """Return the answer to the authority's redirection.

        :param earlier: the session that the browser has already, perhaps of somebody else.
        """
        if facts.method != "GET":
            return pages.wrong_method()
        parameters = _single_parameters(facts)
        if parameters is None or ("code" in parameters) == ("error" in parameters) or not parameters.get("state"):
            return pages.malformed()
        state = parameters["state"]
        cookies = PendingCookies(self._keys, self._settings.client_id, is_secure=facts.is_secure)
        found = cookies.find(state, facts.cookies)
        if found is None:
            # Back or reload after a sign-in: it is over, and the person is signed in.
            is_signed_in = earlier is not None and (yield from self._sessions.find(earlier)) is not None
            return pages.signed_in_already() if is_signed_in else pages.not_begun_here()
        name, pending = found
        answer = yield from self._answer(pending, state, parameters, earlier, pages)
        if answer.session is not None:
            done = SignInRequest(pending.next_path, pending.scopes, pending.claims)
            answer = answer.with_cookies(self._loop_guard.remember(facts, done))
        return answer.with_cookies(cookies.end(name), *_stale(cookies, facts, name))

    def _answer(
        self,
        pending: PendingSignIn,
        state: str,
        parameters: dict[str, str],
        earlier: SessionState | None,
        pages: CallbackPages,
    ) -> Flow[Answer]:
        now = time.time()
        if now - pending.began_at > LIFETIME:
            return pages.too_late()
        # Deleting the cookie is a request to the browser; this is what makes the state single use.
        first = yield from self._user_tokens.cache.claim_once(f"sign-in/{digest(state)}", expires_at=now + 2 * LIFETIME)
        if not first:
            return pages.used_before()
        if "error" in parameters:
            name, codes = _error_name(parameters["error"]), _aadsts_codes(parameters.get("error_description", ""))
            advice = advice_for(codes) or ""
            _LOGGER.warning("Sign-in ended at the authority: %s %s. %s", name, aadsts(codes), advice)
            return pages.ended_at_authority(name, codes, pending)
        try:
            started, same_user = yield from self._sign_in(pending, parameters, earlier)
        except TokenRejectedError as error:
            _LOGGER.warning("Sign-in refused: %s", error)
            return pages.not_acceptable(str(error))
        except EntraError as error:
            # The message is scrubbed, and says what to do.
            _LOGGER.warning("Sign-in failed: %s. Correlation id %s", error.message, error.correlation_id)
            return pages.refused_by_authority(error, pending)
        except (AzureError, KeysUnavailableError) as error:
            _LOGGER.warning("Sign-in failed, the authority cannot be reached: %s", type(error).__name__)
            return pages.authority_unreachable(pending)
        return redirect(pending.next_path, status=303).with_session(StartSession(started, same_user))

    def _sign_in(
        self, pending: PendingSignIn, parameters: dict[str, str], earlier: SessionState | None
    ) -> Flow[tuple[SessionState, bool]]:
        settings = self._settings
        # Named by authorities that guard against mix-up (RFC 9207); Entra does not send it yet.
        issuer = parameters.get("iss")
        verified: dict[str, Any] = {}

        def accept(reply: TokenReply) -> Flow[None]:
            if not reply.id_token:
                raise TokenRejectedError("the authority sent no ID token")
            claims = yield from self._key_source.verify(reply.id_token, frozenset({settings.client_id}))
            verify_response(claims, client_id=settings.client_id, nonce=pending.nonce, token=reply.access_token)
            if issuer is not None and issuer != claims["iss"]:
                raise TokenRejectedError("another authority answered the sign-in")
            _check_account(reply.home_account_id, claims)
            verified.update({name: value for name, value in claims.items() if name not in _SPENT})

        grant = AuthorizationCodeGrant(
            self._user_tokens, pending.redirect_uri, parameters["code"], pending.verifier, accept=accept
        )
        yield from grant.token(TokenRequest(pending.scopes, settings.tenant_id, pending.claims))
        record = AuthenticationRecord(
            tenant_id=verified["tid"],
            client_id=settings.client_id,
            authority=authority_host(settings.authority),
            home_account_id=grant.home_account_id or "",
            username=str(verified.get("preferred_username") or verified.get("upn") or ""),
        )
        started = yield from self._sessions.start(record, verified)
        if earlier is not None:
            yield from self._sessions.end(earlier)
        same_user = earlier is not None and earlier.record.home_account_id == record.home_account_id
        return started, earlier is None or same_user


def _check_account(home_account_id: str | None, claims: dict[str, Any]) -> None:
    """A user of the tenant itself has the same ids in the reply as in the ID token; a guest has those of home."""
    user, _, tenant = (home_account_id or "").partition(".")
    if tenant == claims["tid"] and user != claims.get("oid", user):
        raise TokenRejectedError("the reply names another account than its ID token")


def _single_parameters(facts: RequestFacts) -> dict[str, str] | None:
    """Return the parameters, None if there are too many or one that counts was sent twice."""
    try:
        parameters = facts.parameters()
    except ValueError:
        return None
    if any(len(parameters.get(name, [])) > 1 for name in _ONCE):
        return None
    return {name: values[0] for name, values in parameters.items()}


def _error_name(error: str) -> str:
    """Return the OAuth error if it is a plain word, since the text comes from a URL that anybody can write."""
    return error if error.isascii() and error.replace("_", "").isalnum() and len(error) <= 40 else "unknown"


def _aadsts_codes(description: str) -> tuple[int, ...]:
    """Return the numbers of the error codes in a text of which nothing else is believed."""
    return tuple(dict.fromkeys(int(number) for number in _AADSTS.findall(description)))[:3]


def _stale(cookies: PendingCookies, facts: RequestFacts, name: str) -> list[Cookie]:
    """Return the deletion of older sign-ins that were given up: they could only be finished by mistake."""
    return [cookies.end(other) for other in cookies.expired(facts.cookies, time.time()) if other != name]
