"""The facts of a request: which site caused it, and what it contains."""

import pytest

from tests.kit.request_facts import facts
from webidentity.web import RequestFacts, RequestTarget
from webidentity.web._facts import EnvironHeaders


@pytest.mark.parametrize(
    ("site", "origin", "is_cross_site"),
    [
        ("", "", False),
        ("none", "", False),
        ("same-origin", "", False),
        ("Same-Origin", "https://app.test", False),
        ("same-site", "", True),
        ("cross-site", "", True),
        ("cross-site", "https://app.test", True),
        ("unknown", "", True),
        ("", "https://app.test", False),
        ("", "HTTPS://APP.TEST", False),
        ("", "http://app.test", True),
        ("", "https://app.test:8443", True),
        ("", "https://evil.test", True),
        ("same-origin", "https://evil.test", True),
        ("none", "https://evil.test", True),
        ("same-origin", "null", False),
        ("", "null", True),
        ("none", "null", True),
        ("cross-site", "null", True),
    ],
)
def test_requests_that_another_site_causes_are_recognized(site: str, origin: str, *, is_cross_site: bool) -> None:
    """Both headers must name this site, if they are sent. The pages of the sign-in post with the origin "null"."""
    headers = {name: value for name, value in (("sec-fetch-site", site), ("origin", origin)) if value}
    assert facts(method="POST", headers=headers).is_cross_site is is_cross_site
    assert facts(method="POST", headers=headers, root_url="https://app.test/mount").is_cross_site is is_cross_site


@pytest.mark.parametrize(
    ("method", "headers", "is_preflight"),
    [
        ("OPTIONS", {"origin": "https://app.test", "access-control-request-method": "POST"}, True),
        ("POST", {"origin": "https://app.test", "access-control-request-method": "POST"}, False),
        ("OPTIONS", {"origin": "https://app.test"}, False),
        ("OPTIONS", {"access-control-request-method": "POST"}, False),
        ("OPTIONS", {}, False),
    ],
)
def test_only_a_browsers_preflight_needs_no_user(method: str, headers: dict[str, str], *, is_preflight: bool) -> None:
    """All three signs are required (Fetch standard, CORS-preflight request)."""
    assert facts(method=method, headers=headers).is_preflight is is_preflight


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=b", {"a": "b"}),
        ("a=b; c=d=e ;\tf= g\t", {"a": "b", "c": "d=e", "f": "g"}),
        ("a=first; a=second", {"a": "first"}),
        ("a; b=c; =d", {"b": "c", "": "d"}),
        ("\xa0a=b; \x0ba=c", {"\xa0a": "b", "\x0ba": "c"}),
    ],
)
def test_cookies_are_read_as_they_were_sent(header: str, cookies: dict[str, str]) -> None:
    """A name with another kind of space is another name: it does not have the protection of the prefix __Host-."""
    assert facts(headers={"cookie": header}).cookies == cookies


def test_a_parameter_counts_if_it_was_sent_once() -> None:
    """Two values would be read differently by different programs."""
    request = facts(query="a=1&b=2&b=3&c=")
    assert [request.parameter(name) for name in "abcd"] == ["1", None, "", None]
    assert request.parameters() == {"a": ["1"], "b": ["2", "3"], "c": [""]}


def test_a_query_with_too_many_parameters_is_not_read() -> None:
    """Each of them costs memory before anything is checked."""
    accepted, refused = (facts(query="&".join(f"p{n}=1" for n in range(count))) for count in (100, 101))
    assert accepted.parameter("p0") == "1"
    assert refused.parameter("p0") is None
    with pytest.raises(ValueError, match="fields"):
        refused.parameters()


@pytest.mark.parametrize(
    ("root_url", "is_trusted", "expected"),
    [
        ("https://app.test", True, True),
        ("https://app.test", False, False),
        ("http://localhost:8000", False, True),
        ("http://127.0.0.1", False, True),
        ("http://localhost.evil.test", False, False),
    ],
)
def test_a_host_is_trusted_if_the_framework_knows_it(root_url: str, *, is_trusted: bool, expected: bool) -> None:
    """Or if it is this computer: then no other host can be meant."""
    assert facts(root_url=root_url, host_is_trusted=is_trusted).has_trusted_host is expected


def test_a_page_to_return_to_has_its_query() -> None:
    """Without one there is no question mark."""
    assert facts("/a", query="b=c").return_path == "/a?b=c"
    assert facts("/a").return_path == "/a"


@pytest.mark.parametrize(("root_url", "is_secure"), [("https://app.test", True), ("http://app.test", False)])
def test_only_https_is_secure(root_url: str, *, is_secure: bool) -> None:
    """The cookies of the sign-in depend on it."""
    assert facts(root_url=root_url).is_secure is is_secure


def test_the_target_is_found_once_and_only_if_it_is_needed() -> None:
    """Most requests of a signed-in user do not need it, and a framework takes long to find it."""
    found: list[RequestTarget] = []

    def find() -> RequestTarget:
        found.append(RequestTarget("https://app.test", "", "/page", "a=b", host_is_trusted=True))
        return found[-1]

    request = RequestFacts("GET", {"accept": "text/html"}, find)
    assert (request.header("accept"), request.cookies, request.is_preflight) == ("text/html", {}, False)
    assert not found
    assert (request.path, request.return_path, request.is_secure) == ("/page", "/page?a=b", True)
    assert len(found) == 1


def test_the_fields_of_a_wsgi_environ_are_found_by_their_names() -> None:
    """Two of them have no prefix (PEP 3333)."""
    headers = EnvironHeaders({"CONTENT_TYPE": "text/html", "CONTENT_LENGTH": "5", "HTTP_X_A": "b"})
    names = ("content-type", "content-length", "x-a", "accept")
    assert [headers.get(name, "") for name in names] == ["text/html", "5", "b", ""]
