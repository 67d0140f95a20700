"""Sealed links to the sign-in route: signed, timed and encrypted."""

from base64 import urlsafe_b64decode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.kit.clock import Clock
from tests.kit.request_facts import facts
from webidentity.cache import KeyRing
from webidentity.web import Routes
from webidentity.web._sign_in_links import LIFETIME, OpenedLink, SignInLinks, SignInRequest

REQUEST = SignInRequest("/files?folder=private", ("openid", "api://files/Files.Read"), '{"access_token":{"acrs":1}}')


def links(secret: str = "a-secret-key", *fallbacks: str) -> SignInLinks:
    """Return the links of an application with these secret keys."""
    return SignInLinks([secret, *fallbacks], KeyRing(secret, fallbacks), Routes)


def open_with(opener: SignInLinks, url: str) -> OpenedLink | None:
    """Open the link as the sign-in route does."""
    path, _, query = url.partition("?")
    return opener.open(facts(path, query=query))


def test_a_link_is_opened_as_it_was_sealed() -> None:
    """The opened link has its path, scopes and claims, and its URL needs no escaping."""
    url = links().url(facts(root_path="/mount"), REQUEST)
    path, _, value = url.partition("?request=")
    assert path == "/mount/auth/sign-in"
    assert set(value) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert open_with(links(), url) == OpenedLink(REQUEST, is_expired=False)


def test_the_content_of_a_link_is_encrypted() -> None:
    """It appears in access logs, and the path may have private parameters."""
    value = links().url(facts(), REQUEST).partition("=")[2]
    opened = b"".join(urlsafe_b64decode(part + "==") for part in value.split("."))
    for secret in (b"private", b"Files.Read", b"acrs"):
        assert secret not in opened


def test_a_link_expires(clock: Clock) -> None:
    """A link expires after an hour; its request can still be read, so that the user can return to the page."""
    clock.stop()
    url = links().url(facts(), REQUEST)
    clock.advance(LIFETIME)
    assert open_with(links(), url) == OpenedLink(REQUEST, is_expired=False)
    clock.advance(1)
    assert open_with(links(), url) == OpenedLink(REQUEST, is_expired=True)


def test_a_link_of_a_server_whose_clock_is_ahead_is_accepted(clock: Clock) -> None:
    """Several servers share the secret key, and their clocks differ."""
    clock.advance(30)
    url = links().url(facts(), REQUEST)
    clock.advance(-30)
    assert open_with(links(), url) == OpenedLink(REQUEST, is_expired=False)


def test_a_fallback_of_the_secret_key_opens_a_link() -> None:
    """Replacing SECRET_KEY leaves earlier links valid; an unknown key opens nothing."""
    url = links("the-old-key").url(facts(), REQUEST)
    assert open_with(links("a-new-key", "another-key", "the-old-key"), url) == OpenedLink(REQUEST, is_expired=False)
    assert open_with(links("a-new-key", "another-key"), url) is None


def test_a_new_link_is_signed_with_the_current_key() -> None:
    """A fallback key can be removed after the lifetime of a link."""
    url = links("a-new-key", "the-old-key").url(facts(), REQUEST)
    assert open_with(links("a-new-key"), url) is not None
    assert open_with(links("the-old-key"), url) is None


@given(st.data())
def test_a_changed_link_is_not_opened(data: st.DataObject) -> None:
    """Any character of content, time or signature is changed."""
    value = links().url(facts(), REQUEST).partition("=")[2]
    position = data.draw(st.integers(0, len(value) - 2))
    character = data.draw(st.sampled_from("ABCXYZabcxyz019-_."))
    # Not a filter of the strategy: the link contains the time, so a filter would not be repeatable.
    assume(character != value[position])
    changed = value[:position] + character + value[position + 1 :]
    assert open_with(links(), f"/?request={changed}") is None


@pytest.mark.parametrize("query", ["", "request=", "request=x", "request=a.b.c", "request=%00", "request=ä"])
def test_another_value_is_not_a_link(query: str) -> None:
    """Anyone can write the query."""
    assert links().open(facts(query=query)) is None


def test_a_plain_link_names_the_page() -> None:
    """Below the mount point; without a page there is no query."""
    request = facts(root_path="/mount")
    assert links().plain_url(request, "/a?b=c&d") == "/mount/auth/sign-in?next=%2Fa%3Fb%3Dc%26d"
    assert links().plain_url(request) == links().plain_url(request, "") == "/mount/auth/sign-in"


def test_a_link_that_cannot_be_decrypted_is_ignored() -> None:
    """It was signed with the same key, but encrypted with another one."""
    other = SignInLinks(["a-secret-key"], KeyRing("another"), Routes)
    assert open_with(links(), other.url(facts(), REQUEST)) is None


def test_a_request_does_not_show_the_user() -> None:
    """The login hint may be an e-mail address, and the path may have private parameters: neither is in a repr."""
    request = SignInRequest("/files?folder=private", ("openid",), None, "ada@tenant.test")
    for shown in (repr(request), repr(OpenedLink(request, is_expired=False))):
        assert "ada" not in shown
        assert "private" not in shown
        assert "openid" in shown
