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
        ("No-Store", "private, No-Store"),
        ("NO-STORE, max-age=0", "private, NO-STORE, max-age=0"),
        ("private, no-store", "private, no-store"),
        ("public, no-store", "private, no-store"),
        ("must-understand, no-store, max-age=60", "private, must-understand, no-store, max-age=60"),
        ('no-cache="a, no-store, b", public, max-age=60', 'private, no-cache="a, no-store, b", max-age=60'),
        ('max-age="60, public', 'private, max-age="60'),
        ('Private="x-a", max-age=1', "private, max-age=1"),
    ],
)
def test_a_page_is_private_whatever_the_view_sets(given: str | None, sent: str) -> None:
    """Names of directives are case-insensitive (RFC 9111 section 5.2)."""
    identity = Identity(Principal(RECORD, {}, is_bearer=False))
    assert {"Cache-Control": given, **dict(private_headers(identity, given, None))} == {
        "Cache-Control": sent,
        "Vary": "Cookie",
    }


def test_a_public_page_is_left_alone() -> None:
    """No user is signed in, or the view did not ask."""
    assert private_headers(None, "public", None) == ()
    assert private_headers(Identity(), "public", None) == ()


def test_a_response_to_a_bearer_token_varies_by_its_header() -> None:
    """And not by the cookie, which the request does not have."""
    identity = Identity(Principal(RECORD, {}, is_bearer=True))
    assert private_headers(identity, None, None) == (("Cache-Control", "private, no-store"), ("Vary", "Authorization"))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, "Cookie"),
        ("", "Cookie"),
        ("Accept", "Accept, Cookie"),
        ("Accept,Accept-Language", "Accept, Accept-Language, Cookie"),
        ("cookie", "cookie"),
        ("Accept, Cookie", "Accept, Cookie"),
        ("*", "*"),
    ],
)
def test_what_a_view_varies_by_is_kept(given: str | None, sent: str) -> None:
    """Names of fields are case-insensitive, and ``*`` covers all of them (RFC 9110 section 12.5.5)."""
    identity = Identity(Principal(RECORD, {}, is_bearer=False))
    assert {"Vary": given, **dict(private_headers(identity, None, given))}["Vary"] == sent


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ((None, "Accept"), ("private, no-store", "Accept, Cookie")),
        (("public, max-age=60", "Cookie"), ("private, max-age=60", "Cookie")),
        (("public, max-age=60", None), ("private, max-age=60", "Cookie")),
        (("private, no-store", "Accept"), ("private, no-store", "Accept, Cookie")),
        (("private, no-store", "Authorization"), ("private, no-store", "Authorization, Cookie")),
        (("private, no-store", "Cookie"), ("private, no-store", "Cookie")),
    ],
)
def test_both_headers_are_checked(given: tuple[str | None, str | None], sent: tuple[str, str]) -> None:
    """Also if one of them is as it should be."""
    identity = Identity(Principal(RECORD, {}, is_bearer=False))
    changes = dict(private_headers(identity, *given))
    assert (changes.get("Cache-Control", given[0]), changes.get("Vary", given[1])) == sent
