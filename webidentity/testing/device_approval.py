"""Approving and declining a device code without the pages, for tests that are not about them."""

from __future__ import annotations

from .consent import record_consent
from .device_code import DeviceRequest, approve, decline, find_pending
from .errors import TenantError
from .model import User
from .state import DeviceCode, SignedIn, TenantState
from .tokens import new_session_id


def approve_for(state: TenantState, user_code: str, user: User) -> None:
    """Sign a user in for a device, with consent to what it asks for."""
    request = DeviceRequest.of(state, _pending(state, user_code))
    account = SignedIn(
        user=user,
        sid=new_session_id(),
        auth_time=state.now(),
        epoch=state.directory.epoch(user),
        acrs=request.acrs,
    )
    state.directory.satisfy_claims(user, request.code.claims_text)
    record_consent(state, request, user)
    approve(state, request, account)


def decline_for(state: TenantState, user_code: str) -> None:
    """Refuse a device its sign-in."""
    decline(state, _pending(state, user_code))


def _pending(state: TenantState, user_code: str) -> DeviceCode:
    try:
        return find_pending(state, user_code)
    except TenantError as error:
        raise ValueError(error.message) from None
