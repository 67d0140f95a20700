"""The authorization response: a code or an error, in the requested response mode."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from webidentity.testing._errors import ErrorTrace, TenantError
from webidentity.testing.directory._state import Authorization, IssuedCode, SignedIn, TenantState
from webidentity.testing.endpoints._authorization_request import AuthorizationRequest, ReplyAddress
from webidentity.testing.pages._sign_in import form_post_page
from webidentity.testing.policies._conditional_access import client_capabilities
from webidentity.testing.tokens._claims import client_info
from webidentity.testing.transports._messages import TenantResponse


def issue_code(state: TenantState, request: AuthorizationRequest, account: SignedIn) -> dict[str, str]:
    """Issue an authorization code, and return the fields of the successful response."""
    value = f"1.{secrets.token_urlsafe(48)}"
    authorization = Authorization(
        grant_id=secrets.token_urlsafe(16),
        user=account.user,
        client=request.client,
        scope=request.scope,
        sid=account.sid,
        auth_time=account.auth_time,
        epoch=account.epoch,
        acrs=account.acrs & request.acrs,
        capabilities=client_capabilities(request.claims),
    )
    code = IssuedCode(
        authorization=authorization,
        redirect_uri=request.reply.redirect_uri,
        expires_at=state.clock() + state.code_lifetime,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        code_challenge_method=request.code_challenge_method,
        wants_auth_time=request.max_age is not None or request.asks_auth_time,
    )
    state.codes.put(value, code)
    fields = {"code": value, "session_state": account.sid}
    if request.client_info:
        fields["client_info"] = client_info(state, account.user)
    return fields


def refuse(reply: ReplyAddress, trace: ErrorTrace, error: TenantError, *, after_form: bool) -> TenantResponse:
    """Send an error to the application."""
    name = "consent_required" if error.code == 65001 else error.error
    return answer_app(reply, {"error": name, "error_description": trace.describe(error)}, after_form=after_form)


def answer_app(reply: ReplyAddress, fields: Mapping[str, str], *, after_form: bool) -> TenantResponse:
    """Send fields and the application's ``state`` to the redirect URI."""
    sent = dict(fields)
    if reply.state is not None:
        sent["state"] = reply.state
    if reply.response_mode == "form_post":
        return form_post_page(action=reply.redirect_uri, fields=sent)
    parts = urlsplit(reply.redirect_uri)
    if reply.response_mode == "fragment":
        parts = parts._replace(fragment=urlencode(sent))
    else:
        parts = parts._replace(query="&".join(filter(None, (parts.query, urlencode(sent)))))
    # 303 after a form, so that browsers do not post the password to the application (RFC 9700, section 4.12).
    return redirect(urlunsplit(parts), status=303 if after_form else 302)


def redirect(location: str, *, status: int = 302) -> TenantResponse:
    """A redirect that is not stored and sends no ``Referer``."""
    headers = (("Location", location), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"))
    return TenantResponse(status, headers)
