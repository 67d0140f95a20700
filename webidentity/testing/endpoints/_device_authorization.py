"""Device authorization (RFC 8628, sections 3.1 and 3.2): issues device codes, approves and declines them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App, User
from webidentity.testing.directory._state import Authorization, IssuedDeviceCode, SignedIn, TenantState, new_session_id
from webidentity.testing.policies._conditional_access import (
    authentication_contexts,
    client_capabilities,
    parse_claims,
    satisfy_claims,
)
from webidentity.testing.policies._scopes import RequestedScopes, parse_scopes, record_consent
from webidentity.testing.transports._messages import TenantRequest

#: Path of the page where users enter their codes. It is short because they type it.
VERIFICATION_PATH = "devicelogin"

#: Consonants only, so that codes are easy to read and form no words (RFC 8628, section 6.1).
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 9


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """The parsed request of a device."""

    code: IssuedDeviceCode
    scopes: RequestedScopes
    claims: Mapping[str, Any]

    @classmethod
    def of(cls, state: TenantState, code: IssuedDeviceCode) -> DeviceRequest:
        """Parse the request again; it was checked when the code was issued."""
        scopes = parse_scopes(code.scope, state.directory, client=code.client)
        return cls(code, scopes, parse_claims(code.claims_text))

    @property
    def client(self) -> App:
        """The application that sent the request."""
        return self.code.client

    @property
    def prompt(self) -> str | None:
        """None: a device cannot request a prompt."""
        return None

    @property
    def acrs(self) -> frozenset[str]:
        """The authentication contexts that the sign-in must satisfy."""
        return authentication_contexts(self.claims)


def issue_device_code(state: TenantState, request: TenantRequest) -> dict[str, Any]:
    """Issue a device code and a user code. As in Entra, the client authenticates at the token endpoint only."""
    if request.method != "POST":
        raise TenantError(900561, f"The endpoint only accepts POST requests. Received a {request.method} request.")
    form = request.form.once_each()
    client = state.directory.find_app(form.require("client_id"))
    scope, claims_text = form.require("scope"), form.get("claims")
    now = state.clock()
    code = IssuedDeviceCode(
        value=secrets.token_urlsafe(48),
        user_code=_new_user_code(state),
        client=client,
        scope=scope,
        claims_text=claims_text,
        issued_at=now,
        expires_at=now + state.device_code_lifetime,
        interval=state.device_code_interval,
    )
    DeviceRequest.of(state, code)
    state.device_codes.put(code.value, code)
    state.user_codes.put(code.user_code, code.value)
    page = f"{state.base_url}/{VERIFICATION_PATH}"
    return {
        "user_code": code.user_code,
        "device_code": code.value,
        "verification_uri": page,
        "expires_in": state.device_code_lifetime,
        "interval": state.device_code_interval,
        "message": f"To sign in, use a web browser to open the page {page} and enter the code {code.user_code} to "
        "authenticate.",
    }


def find_pending(state: TenantState, user_code: str) -> IssuedDeviceCode:
    """The pending device code of a user code, in any spelling.

    :raises TenantError: the code is unknown, was used (AADSTS70018) or has expired (AADSTS70019).
    """
    value = state.user_codes.get(bare_user_code(user_code))
    code = state.device_codes.get(value) if value else None
    if code is None or code.answered:
        raise TenantError(
            70018,
            "The code is unknown or was already used. Check the code on your device, or start the sign-in on your "
            "device again to get a new one.",
        )
    if code.expires_at <= state.clock():
        raise TenantError(70019, "This code has expired. Start the sign-in on your device again to get a new one.")
    return code


def pending_user_codes(state: TenantState) -> tuple[str, ...]:
    """The user codes of the pending device codes, oldest first."""
    values = (state.user_codes.get(user_code) or "" for user_code in state.user_codes)
    codes = (state.device_codes.get(value) for value in values)
    return tuple(code.user_code for code in codes if code and not code.answered and state.clock() < code.expires_at)


def approve(state: TenantState, request: DeviceRequest, account: SignedIn) -> None:
    """Approve a device's request for an account."""
    authorization = Authorization(
        grant_id=secrets.token_urlsafe(16),
        user=account.user,
        client=request.client,
        scope=request.code.scope,
        sid=account.sid,
        auth_time=account.auth_time,
        epoch=account.epoch,
        acrs=account.acrs & request.acrs,
        capabilities=client_capabilities(request.claims),
    )
    state.device_codes.put(request.code.value, replace(request.code, authorization=authorization))


def decline(state: TenantState, code: IssuedDeviceCode) -> None:
    """Decline a device's request."""
    state.device_codes.put(code.value, replace(code, declined=True))


def bare_user_code(text: str) -> str:
    """A user code in upper case, without spaces and dashes."""
    return "".join(character for character in text.upper() if character.isalnum())[:32]


def _new_user_code(state: TenantState) -> str:
    while True:
        user_code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        if state.user_codes.get(user_code) is None:
            return user_code


def approve_for(state: TenantState, user_code: str, user: User) -> None:
    """Approve a device's request without the pages: sign the user in and consent."""
    request = DeviceRequest.of(state, _pending(state, user_code))
    account = SignedIn(
        user=user,
        sid=new_session_id(),
        auth_time=state.now(),
        epoch=state.directory.epoch(user),
        acrs=request.acrs,
    )
    satisfy_claims(state.directory, user, request.code.claims_text)
    record_consent(state, request, user)
    approve(state, request, account)


def decline_for(state: TenantState, user_code: str) -> None:
    """Decline a device's request without the pages."""
    decline(state, _pending(state, user_code))


def _pending(state: TenantState, user_code: str) -> IssuedDeviceCode:
    try:
        return find_pending(state, user_code)
    except TenantError as error:
        raise ValueError(error.message) from None
