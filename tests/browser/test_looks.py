"""What every page looks like: on a desk and on a phone, by day and by night. The pictures are for people."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.kit.demo_process import DemoProcess
from tests.kit.visitor import ADA, Visitor

SCREENSHOTS = Path(__file__).parent / "screenshots"
DESK = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
Scheme = Literal["light", "dark"]


#: Four ways in two sites, whose pages are the same in substance; those of the tenant and of the sign-in are the same.
WAYS: dict[str, tuple[tuple[str, ViewportSize, Scheme], ...]] = {
    "flask": (("desk", DESK, "light"), ("phone", PHONE, "dark")),
    "django": (("desk", DESK, "dark"), ("phone", PHONE, "light")),
}


class Photographer:
    """Looks at each page on a desk and on a phone."""

    def __init__(self, page: Page, site: str) -> None:
        self._page = page
        self._site = site
        self._number = 0

    def look(self, what: str, *, of_the_site: bool = True) -> None:
        """Check that nothing is cut off, and keep pictures."""
        self._number += 1
        if self._site == "django" and not of_the_site:
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        for device, size, scheme in WAYS[self._site]:
            self._page.set_viewport_size(size)
            self._page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            width = self._page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{what} scrolls sideways on a {device}"
            file = SCREENSHOTS / f"{self._site}-{self._number:02}-{what}-{device}-{scheme}.png"
            self._page.screenshot(path=file, full_page=True, animations="disabled")


@pytest.fixture
def photographer(page: Page, request: pytest.FixtureRequest) -> Photographer:
    return Photographer(page, request.node.callspec.params["site"])


def test_every_page(visitor: Visitor, photographer: Photographer, demo: DemoProcess) -> None:
    page = visitor.page
    visitor.go("/")
    photographer.look("home")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    photographer.look("tenant-sign-in", of_the_site=False)
    page.get_by_label("Username").fill(ADA.username)
    page.get_by_label("Password").fill("wrong")
    visitor.press("Sign in")
    photographer.look("tenant-wrong-password", of_the_site=False)
    visitor.enter_password(ADA)
    expect(visitor.heading("Permissions requested")).to_be_visible()
    photographer.look("tenant-consent", of_the_site=False)
    visitor.press("Cancel")
    photographer.look("did-not-agree", of_the_site=False)
    visitor.go("/profile")
    visitor.consent()
    visitor.sees_profile_of(ADA)
    photographer.look("profile")
    page.get_by_text("more claims").click()
    photographer.look("profile-all-claims")
    visitor.follow("My files")
    photographer.look("tenant-consent-to-files", of_the_site=False)
    visitor.consent()
    visitor.sees_files_of(ADA)
    photographer.look("files")
    visitor.go("/")
    photographer.look("home-signed-in")
    page.keyboard.press("Tab")
    photographer.look("home-focus")
    visitor.go("/nowhere")
    photographer.look("not-found")
    visitor.go("/auth/sign-out")
    photographer.look("sign-out", of_the_site=False)
    visitor.go("/auth/callback?code=1&state=2")
    photographer.look("not-begun-here", of_the_site=False)
    page.goto(f"{demo.urls['tenant']}/common/oauth2/v2.0/authorize?client_id=0")
    photographer.look("tenant-error", of_the_site=False)
    page.goto(f"{demo.urls['tenant']}/common/oauth2/v2.0/logout")
    photographer.look("tenant-signed-out", of_the_site=False)
