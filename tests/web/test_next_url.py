"""No target leads a browser to another site."""

import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webidentity.web._next_url import safe_next

_PIECES = ["/", "//", "\\", "%2f", "%2F", "%5c", "%252f", "%09", "%0a", "\t", "\n", "\r", "\x00", " ", ".", "..", "%2e"]
_CUTS = ["%23", "%3f", "%2523"]
_WORDS = ["evil.test", "@", ":", "https:", "javascript:", "?", "#", "a", "[", "]", ";", "日", "\u3000", "/", "\u2044"]
TARGETS = st.one_of(
    st.text(max_size=40),
    st.text(max_size=40).map(lambda text: f"/{text}"),
    st.lists(st.sampled_from([*_PIECES, *_CUTS, *_WORDS]), max_size=12).map("".join),
    st.lists(st.sampled_from([*_PIECES, *_CUTS, *_WORDS]), max_size=12).map(lambda parts: f"/{''.join(parts)}"),
)


def where_a_browser_goes(location: str) -> str:
    """Return the URL that a browser resolves from a Location header (WHATWG URL: basic URL parser)."""
    text = re.sub(r"[\t\n\r]", "", location.strip("".join(map(chr, range(33)))))
    path, mark, rest = text.partition("?")
    return urljoin("https://app.test/auth/callback", path.replace("\\", "/") + mark + rest)


def is_here(url: str) -> bool:
    """Whether the URL is one of this site."""
    parts = urlsplit(url)
    return (parts.scheme, parts.netloc) == ("https", "app.test")


@given(TARGETS)
def test_no_target_leads_to_another_site(target: str) -> None:
    """A target stays on this site even after a server or a proxy has decoded it up to three times."""
    path = safe_next(target)
    if path is None:
        return
    assert is_here(where_a_browser_goes(path)), path
    decoded = path.partition("?")[0]
    for _ in range(3):
        decoded = unquote(decoded)
        assert is_here(where_a_browser_goes(decoded.partition("?")[0])), (path, decoded)


@given(TARGETS)
def test_an_accepted_target_can_be_sent(target: str) -> None:
    """A target is printable ASCII without spaces, at most 2048 characters, and is accepted again unchanged."""
    path = safe_next(target)
    if path is not None:
        assert re.fullmatch(r"/[!-~]*", path)
        assert len(path) <= 2048
        assert safe_next(path) == path


@given(TARGETS)
def test_a_mount_point_is_not_left(target: str) -> None:
    """An application under a path does not send people to its neighbours."""
    for candidate in (target, f"/mount{target}", f"/mount/{target}"):
        path = safe_next(candidate, "/mount")
        if path is not None:
            resolved = urlsplit(where_a_browser_goes(path))
            assert is_here(resolved.geturl())
            assert re.match(r"/mount(/|$)", resolved.path), path


def test_the_browser_of_these_tests_is_fooled_like_a_real_one() -> None:
    """Otherwise the tests above could not fail."""
    for trick in (
        "//evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "\\\\evil.test",
        "\n//evil.test",
        "https://evil.test",
    ):
        assert urlsplit(where_a_browser_goes(trick)).netloc == "evil.test", trick


@pytest.mark.parametrize("cut", ["%23", "%3f", "%2523"])
@pytest.mark.parametrize("parent", ["..", "%2e%2e", "%2E."])
def test_an_encoded_cut_does_not_hide_a_parent(cut: str, parent: str) -> None:
    """Browsers resolve "%2e%2e" too, before a server decodes the number sign or the question mark in front of it."""
    assert safe_next(f"/mount/{cut}/{parent}/{parent}/admin", "/mount") is None
    assert safe_next(f"/mount/{parent}{cut}", "/mount") is None


@pytest.mark.parametrize("target", ["/", "/a/b", "/a?b=c&d=%2F%2Fe", "/a?next=//b", "/a#b", "/a:b@c", "/%E6%97%A5"])
def test_ordinary_pages_are_kept_as_they_are(target: str) -> None:
    """Encoded characters are not encoded again."""
    assert safe_next(target) == target


@pytest.mark.parametrize("target", [None, "", "a", "?a=b", "#a", "/" + "a" * 2048, "/" + "日" * 700])
def test_a_target_that_is_not_a_path_or_too_long_is_refused(target: str | None) -> None:
    """A target that becomes too long for a cookie when it is encoded is refused too."""
    assert safe_next(target) is None


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "/\\evil.test",
        "/%2fevil.test",
        "/%252fevil.test",
        "/%25252fevil.test",
        "/%5cevil.test",
        "/%25255cevil.test",
        "/a/../b",
        "/a/%2e%2e/b",
        "/a/..;x=1/b",
        "/a%3f/../b",
        "/a%23/%2e%2e/b",
        "/\t/evil.test",
        "/a%0a",
        "/a?b=\r\nSet-Cookie:c=d",
        "/a#\x00",
        "/a?b=\x7f",
    ],
)
def test_tricks_are_refused(target: str) -> None:
    """Also after up to three decodings, and control characters anywhere."""
    assert safe_next(target) is None


@pytest.mark.parametrize(
    ("target", "location"),
    [("/mount", "/mount"), ("/mount/a?b", "/mount/a?b"), ("/mount?a", "/mount?a"), ("/mount/a b", "/mount/a%20b")],
)
def test_pages_below_the_mount_point_are_kept(target: str, location: str) -> None:
    """The mount point itself is one of them. A neighbour whose name begins in the same way is not."""
    assert safe_next(target, "/mount") == location
    assert safe_next(target.replace("/mount", "/mountain"), "/mount") is None
