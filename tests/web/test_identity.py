"""The user of one request: what views read from it."""

import json
from typing import Any

import pytest

from webidentity import AuthenticationRecord, AuthenticationRequiredError
from webidentity.web import Identity
from webidentity.web._identity import Principal

RECORD = AuthenticationRecord("tenant", "client", "login.test", "home", "ada@tenant.test")
CLAIMS: dict[str, Any] = {"sub": "ada", "groups": ["first"], "address": {"country": "UK", "lines": ["first"]}}


def test_an_anonymous_identity_is_empty() -> None:
    """And its credentials say which guard the view needs."""
    identity = Identity()
    assert not identity
    assert (identity.is_authenticated, identity.is_bearer, identity.record, identity.claims) == (False, False, None, {})
    assert repr(identity) == "<Identity: anonymous>"
    for name in ("credential", "aio_credential"):
        with pytest.raises(AuthenticationRequiredError, match="@require_sign_in"):
            getattr(identity, name)


@pytest.mark.parametrize(("is_bearer", "kind"), [(False, "session"), (True, "bearer token")])
def test_a_user_has_a_record_and_claims(is_bearer: bool, kind: str) -> None:
    """The representation names the kind only."""
    identity = Identity(Principal(RECORD, CLAIMS, is_bearer=is_bearer))
    assert identity
    assert (identity.is_authenticated, identity.is_bearer, identity.record) == (True, is_bearer, RECORD)
    assert repr(identity) == f"<Identity: {kind}>"


def test_changes_of_the_claims_affect_nothing() -> None:
    """Neither the request nor the session, at any depth."""
    identity = Identity(Principal(RECORD, CLAIMS, is_bearer=False))
    claims = identity.claims
    assert json.loads(json.dumps(claims)) == CLAIMS
    claims["groups"].append("administrators")
    claims["sub"] = "grace"
    claims["address"]["country"] = "US"
    claims["address"]["lines"].append("second")
    expected = {"sub": "ada", "groups": ["first"], "address": {"country": "UK", "lines": ["first"]}}
    assert identity.claims == expected
