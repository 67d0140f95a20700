"""Completing a sign-in: the authorization response (RFC 6749 section 4.1.2)."""

import logging
import re
import time

from azure.core.exceptions import AzureError

from webidentity._flows.authorization_code import Accepted, AuthorizationCodeGrant, UserTokens
from webidentity._flows.key_source import KeysUnavailableError
from webidentity._protocol.account import account_in_tenant, names_another_in_tenant
from webidentity._protocol.advice import aadsts, add_advice
from webidentity._protocol.effects import Flow
from webidentity._protocol.request_name import describe
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.token_request import TokenRequest
from webidentity._protocol.verification import TokenRejectedError, verify_response
from webidentity.cache._envelope import KeyRing
from webidentity.cache._partition import digest
from webidentity.errors import EntraError
from webidentity.web._account_change import PARAMETER, AccountChange
from webidentity.web._answer import Answer, StartSession, redirect
from webidentity.web._callback_pages import RETRY_AFTER, CallbackPages
from webidentity.web._cookies import Cookie
from webidentity.web._facts import RequestFacts
from webidentity.web._long_requests import LongRequests
from webidentity.web._next_url import safe_next
from webidentity.web._outages import describe_outage, retry_after_of
from webidentity.web._pending import LIFETIME, PendingCookies, PendingSignIn, StateParameter
from webidentity.web._redirect_loop import RedirectLoopGuard
from webidentity.web._session_state import SessionState
from webidentity.web._sessions import Sessions
from webidentity.web._sign_in_links import SignInRequest
from webidentity.web._tenants import TenantResolver

#: A string: :mod:`re` compiles it at the first error of the authority, not during the import.
_AADSTS = r"\bAADSTS(\d{5,8})\b"
_LOGGER = logging.getLogger("webidentity.web")
#: Parameters that may be sent once only.
_ONCE = ("code", "state", "error", "error_description", "session_state", "iss", "client_info")


class Callback:
    """Completes sign-ins. A response is accepted once, in the browser that started the sign-in, within ten minutes."""

    def __init__(
        self,
        tenants: TenantResolver,
        keys: KeyRing,
        user_tokens: UserTokens,
        sessions: Sessions,
        loop_guard: RedirectLoopGuard,
    ) -> None:
        self._tenants = tenants
        self._keys = keys
        self._user_tokens = user_tokens
        self._sessions = sessions
        self._loop_guard = loop_guard
        self._long_requests = LongRequests(user_tokens.cache)
        self._has_reported_another_secret = False
        self._account_change = AccountChange(tenants, keys, sessions)

    def complete(
        self, facts: RequestFacts, earlier: SessionState | None, pages: CallbackPages, *, has_login: bool
    ) -> Flow[Answer]:
        """Return the answer to the authority's redirection.

        :param earlier: the session that the browser already has, perhaps of another user.
        :param has_login: whether the browser has a login of the framework, perhaps of another user.
        """
        if facts.method == "POST" and facts.parameter(PARAMETER) is not None:
            return (yield from self._account_change.decide(facts, earlier, pages, has_login=has_login))
        if facts.method != "GET":
            return pages.wrong_method()
        parameters = _single_parameters(facts)
        if parameters is None or ("code" in parameters) == ("error" in parameters) or not parameters.get("state"):
            return pages.malformed()
        state, sealed_path = StateParameter(self._keys).read(parameters["state"])
        tenant = self._tenants.for_sign_in()
        cookies = PendingCookies(self._keys, tenant.client_id, is_secure=facts.is_secure)
        found = cookies.find(state, facts.cookies)
        if found is None:
            self._report_another_secret(cookies, facts)
            # The user went back, reloaded the page after a successful sign-in, or signed in in another tab.
            is_signed_in = earlier is not None and (yield from self._sessions.find(earlier)) is not None
            path = safe_next(sealed_path, facts.root_path)
            return pages.signed_in_already(path) if is_signed_in else pages.not_found(path)
        name, kept = found
        pending = yield from self._long_requests.restore(kept, start_page=f"{facts.root_path}/")
        issuer = ""
        if "code" in parameters or "iss" in parameters:
            try:
                # Before anything is used up: reloading the page then completes the sign-in.
                issuer = yield from tenant.key_source.issuer()
            except KeysUnavailableError as error:
                _LOGGER.warning("A sign-in has to wait: %s", error)
                return pages.authority_unreachable(pending, RETRY_AFTER)
        answer = yield from self._answer(pending, state, parameters, issuer, earlier, pages, has_login=has_login)
        if answer.session is not None:
            done = SignInRequest(pending.next_path, pending.scopes, pending.claims)
            answer = answer.with_cookies(self._loop_guard.remember(facts, done))
        return answer.with_cookies(cookies.delete(name), *_expired(cookies, facts, name))

    def _report_another_secret(self, cookies: PendingCookies, facts: RequestFacts) -> None:
        """Warn once if another process with another secret key started the sign-in."""
        if not self._has_reported_another_secret and cookies.are_of_another_secret(facts.cookies):
            self._has_reported_another_secret = True
            _LOGGER.warning(
                "A sign-in cannot be completed because its cookie was encrypted with another SECRET_KEY. All workers "
                "need the same key: set it, and do not create it at start-up. If it was changed, add the earlier one "
                "to SECRET_KEY_FALLBACKS"
            )

    def _answer(
        self,
        pending: PendingSignIn,
        state: str,
        parameters: dict[str, str],
        issuer: str,
        earlier: SessionState | None,
        pages: CallbackPages,
        *,
        has_login: bool,
    ) -> Flow[Answer]:
        now, authority = time.time(), self._tenants.for_sign_in().authority
        if now - pending.started_at > LIFETIME:
            return pages.expired()
        # A browser may ignore the deletion of the cookie. This makes the state single-use.
        first = yield from self._user_tokens.cache.claim_once(f"sign-in/{digest(state)}", expires_at=now + 2 * LIFETIME)
        if not first:
            return pages.used_before()
        # Sent by authorities that protect against mix-up attacks, also with errors (RFC 9207). Not by Entra yet.
        if parameters.get("iss", issuer) != issuer:
            _LOGGER.warning("A sign-in was refused: the authorization response names a different issuer")
            return pages.not_acceptable("the authorization response names a different issuer")
        if "error" in parameters:
            name, codes = _error_name(parameters["error"]), _aadsts_codes(parameters.get("error_description", ""))
            _LOGGER.warning("The authority ended a sign-in: %s", add_advice(f"{name} {aadsts(codes)}", codes))
            was_declined = name == "access_denied" and not set(codes) - {65004}
            if was_declined and earlier and (yield from self._sessions.find(earlier)) is not None:
                return pages.not_granted(name, pending)
            return pages.ended_at_authority(name, codes, pending)
        is_live = earlier is not None and (yield from self._sessions.find(earlier)) is not None
        try:
            started = yield from self._sign_in(pending, parameters, earlier, may_replace=is_live or has_login)
        except TokenRejectedError as error:
            _LOGGER.warning("A sign-in was refused: %s", error)
            return pages.not_acceptable(str(error))
        except EntraError as error:
            retry_after = retry_after_of(error)
            if retry_after is not None:
                _LOGGER.warning(
                    "A sign-in has to wait: %s", describe_outage(error, self._tenants.for_sign_in().authority)
                )
                return pages.authority_unreachable(pending, retry_after)
            # The message contains no secret, and says what to do.
            _LOGGER.warning("A sign-in failed: %s", describe(error, error.message))
            return pages.refused_by_authority(error, pending)
        except KeysUnavailableError as error:
            _LOGGER.warning("A sign-in failed: %s", error)
            return pages.authority_unreachable(pending, RETRY_AFTER)
        except AzureError as error:
            _LOGGER.warning("A sign-in failed: %s", describe_outage(error, authority))
            return pages.authority_unreachable(pending, retry_after_of(error) or RETRY_AFTER)
        same_user = earlier is None or earlier.is_of(started.record)
        is_same = earlier is not None and same_user
        if (is_live or has_login) and not is_same:
            return self._account_change.ask(pages.facts, earlier, started, replaces_login=not is_live)
        session = StartSession(started.to_json(), same_user, same_login=is_live)
        return redirect(pending.next_path, status=303).with_session(session)

    def _sign_in(
        self, pending: PendingSignIn, parameters: dict[str, str], earlier: SessionState | None, *, may_replace: bool
    ) -> Flow[SessionState]:
        """Redeem the code, and store the tokens and the session.

        :param may_replace: whether the browser has a valid session or a login of the framework. The session waits if it
            is of another account.
        """
        tenant = self._tenants.for_sign_in()
        begun: list[SessionState] = []

        def accept(reply: TokenReply) -> Flow[Accepted]:
            if not reply.id_token:
                raise TokenRejectedError("the token response has no ID token")
            claims = yield from tenant.key_source.verify(reply.id_token, frozenset({tenant.client_id}), waits=True)
            verify_response(
                claims,
                client_id=tenant.client_id,
                nonce=pending.nonce,
                token=reply.access_token,
                code=parameters["code"],
            )
            account = account_in_tenant(claims)
            if names_another_in_tenant(reply, account):
                raise TokenRejectedError("the token response and its ID token name different accounts")
            record = tenant.record(claims, account)
            if earlier is not None and earlier.is_of(record):
                session = self._sessions.begin(record, claims, replaced=earlier)
            else:
                session = self._sessions.begin(record, claims, waits_for=pending.next_path if may_replace else None)
            begun.append(session.state)
            return Accepted(account, session.enter, session.until)

        grant = AuthorizationCodeGrant(
            self._user_tokens, pending.redirect_uri, parameters["code"], pending.verifier, accept=accept
        )
        yield from grant.token(TokenRequest(pending.scopes, tenant.tenant_id, pending.claims))
        return begun[-1]


def _single_parameters(facts: RequestFacts) -> dict[str, str] | None:
    """Return the parameters, None if there are too many, or if a parameter of the protocol was sent twice."""
    try:
        parameters = facts.parameters()
    except ValueError:
        return None
    if any(len(parameters.get(name, [])) > 1 for name in _ONCE):
        return None
    return {name: values[0] for name, values in parameters.items()}


def _error_name(error: str) -> str:
    """Return the OAuth error if it is a plain word: the text comes from a URL that anyone can write."""
    return error if error.isascii() and error.replace("_", "").isalnum() and len(error) <= 40 else "unknown"


def _aadsts_codes(description: str) -> tuple[int, ...]:
    """Return the numbers of the error codes in the text. The rest of the text is not trusted."""
    return tuple(dict.fromkeys(int(number) for number in re.findall(_AADSTS, description, re.ASCII)))[:3]


def _expired(cookies: PendingCookies, facts: RequestFacts, name: str) -> list[Cookie]:
    """Return the deletion of the cookies of abandoned sign-ins."""
    return [cookies.delete(other) for other in cookies.expired(facts.cookies, time.time()) if other != name]
