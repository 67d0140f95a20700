"""The sign-in's own cookies."""

import pytest

from webidentity.web import Answer, Cookie
from webidentity.web._cookies import CookieNames


@pytest.mark.parametrize("secure", [False, True])
def test_the_header_has_every_attribute(secure: bool) -> None:
    """The same as ``set_cookie`` of Flask and Django writes."""
    parts = Cookie("name", "a-value", 600, secure=secure).header().split("; ")
    assert parts[0] == "name=a-value"
    assert set(parts[1:]) == {"HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", *(["Secure"] if secure else [])}


def test_a_deletion_has_no_age() -> None:
    """Browsers delete a cookie whose age is 0."""
    assert "Max-Age=0" in Cookie("name", "", 0, secure=True).header().split("; ")


def test_an_answer_lists_all_its_headers() -> None:
    """The headers are a list as in WSGI, in which several Set-Cookie headers are allowed."""
    answer = Answer(200, headers=(("X-A", "b"),)).with_cookies(*(Cookie(name, "v", 1, secure=True) for name in "cd"))
    names = [name for name, _ in answer.header_list()]
    assert names == ["Content-Type", "X-A", "Set-Cookie", "Set-Cookie"]


def test_names_differ_by_application_and_by_scheme() -> None:
    """Browsers send a host's cookies to the applications on all of its ports."""
    names = [CookieNames(client_id, is_secure=is_secure) for client_id in ("one", "two") for is_secure in (False, True)]
    assert len({name.completed for name in names}) == 4
    assert len({slot for name in names for slot in name.pending}) == 4 * len(names[0].pending)
    assert [name.completed.startswith("__Host-") for name in names] == [False, True, False, True]
