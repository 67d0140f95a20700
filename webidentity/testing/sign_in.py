"""Signing in with a username and a password."""

from __future__ import annotations

import hmac

from .errors import TenantError
from .model import User
from .sign_on import SignOn
from .state import SignedIn, TenantState
from .tokens import new_session_id


def check_password(state: TenantState, username: str, password: str) -> User:
    """The user whose password this is, or the refusal."""
    user = state.directory.user_named(username)
    if user is None:
        raise TenantError(
            50034,
            f"The user account does not exist in the {state.domain} directory. Check the username and try again.",
        )
    if not hmac.compare_digest(password.encode(), user.password.encode()):
        raise TenantError(50126, "Error validating credentials due to invalid username or password.")
    return user


def sign_in(sign_on: SignOn, user: User, *, acrs: frozenset[str], claims: str | None) -> SignedIn:
    """Add a user to a browser's session, with what this sign-in was asked to satisfy."""
    known = sign_on.account_of(user.object_id)
    state = sign_on.state
    account = SignedIn(
        user=user,
        sid=known.sid if known else new_session_id(),
        auth_time=state.now(),
        epoch=state.directory.epoch(user),
        acrs=(known.acrs if known else frozenset[str]()) | acrs,
    )
    sign_on.add(account)
    state.directory.satisfy_claims(user, claims)
    return account


def is_strong_enough(state: TenantState, account: SignedIn, *, acrs: frozenset[str], claims: str | None) -> bool:
    """Whether an account that is signed in needs no further sign-in for these claims."""
    return acrs <= account.acrs and not state.directory.outstanding_claims(account.user, claims)
