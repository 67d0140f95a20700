"""Signing out: by POST requests of this site only, and back to an address that is certainly this site's."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.kit.request_facts import facts
from tests.kit.world import SECRET_KEY, World
from webidentity.web import Answer, RequestFacts, Routes, Settings, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site without an adapter."""
    world = World()
    return Site(
        Settings(**world.settings, after_sign_out="/goodbye"),
        secret_keys=[SECRET_KEY],
        folder=tmp_path,
        routes=Routes,
        transport=world.transport,
    )


def signed_out(site: Site, request: RequestFacts) -> Answer:
    answer: Answer = site.run(site.sign_out(request, None))
    return answer


def return_address(answer: Answer) -> str | None:
    """Return the address that the authority sends the browser to."""
    headers = dict(answer.headers)
    url = headers.get("Location") or headers["Refresh"].partition("url=")[2]
    return parse_qs(urlsplit(url).query).get("post_logout_redirect_uri", [None])[0]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(site: Site, method: str) -> None:
    """No session ends."""
    answer = signed_out(site, facts("/auth/sign-out", method=method))
    assert (answer.status, dict(answer.headers)["Allow"], answer.session) == (405, "GET, POST", None)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_ends_no_session(site: Site, method: str) -> None:
    """It shows a button that posts."""
    answer = signed_out(site, facts("/auth/sign-out", method=method))
    assert (answer.status, answer.session) == (200, None)
    assert '<form method="post"' in answer.body


def test_the_authority_sends_the_browser_back(site: Site) -> None:
    """To the page of the settings, below the mount point."""
    request = facts("/mount/auth/sign-out", method="POST", root_url="https://app.test/mount", root_path="/mount")
    answer = signed_out(site, request)
    assert answer.session == "end"
    assert return_address(answer) == "https://app.test/mount/goodbye"


def test_an_unknown_host_is_not_sent_to_the_authority(site: Site) -> None:
    """Anyone can send a Host header. The session ends in any case."""
    request = facts("/auth/sign-out", method="POST", root_url="https://evil.test", host_is_trusted=False)
    answer = signed_out(site, request)
    assert answer.session == "end"
    assert return_address(answer) is None
