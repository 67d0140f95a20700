"""Cache-Control of pages for a signed-in user."""

import pytest

from webidentity.record import AuthenticationRecord
from webidentity.web import Identity, private_headers
from webidentity.web._identity import Principal

RECORD = AuthenticationRecord("tenant", "client", "login.test", "home", "ada@tenant.test")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, "private, no-store"),
        ("", "private, no-store"),
        ("public, max-age=60", "private, max-age=60"),
        ("Public, Max-Age=60, S-MaxAge=90", "private, Max-Age=60"),
        ("PRIVATE, max-age=60", "private, max-age=60"),
        ("No-Store", "No-Store"),
        ("NO-STORE, max-age=0", "NO-STORE, max-age=0"),
        ('Private="x-a", max-age=1', "private, max-age=1"),
    ],
)
def test_a_page_is_private_whatever_the_view_sets(given: str | None, sent: str) -> None:
    """Names of directives are case-insensitive (RFC 9111 section 5.2)."""
    identity = Identity(Principal(RECORD, {}, is_bearer=False))
    assert private_headers(identity, given) == (sent, "Cookie")


def test_a_public_page_is_left_alone() -> None:
    """No user is signed in, or the view did not ask."""
    assert private_headers(None, "public") is None
    assert private_headers(Identity(), "public") is None


def test_a_response_to_a_bearer_token_varies_by_its_header() -> None:
    """And not by the cookie, which the request does not have."""
    identity = Identity(Principal(RECORD, {}, is_bearer=True))
    assert private_headers(identity, None) == ("private, no-store", "Authorization")
