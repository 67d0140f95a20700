"""Screenshots of every page on desktop and phone, in light and dark mode, for visual review."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.kit.demo_process import DemoProcess
from tests.kit.visitor import ADA, GRACE, Visitor

SCREENSHOTS = Path(__file__).parent / "screenshots"
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
Scheme = Literal["light", "dark"]


#: Both sites have the same pages, so each covers two of the four combinations.
VARIANTS: dict[str, tuple[tuple[str, ViewportSize, Scheme], ...]] = {
    "flask": (("desktop", DESKTOP, "light"), ("phone", PHONE, "dark")),
    "django": (("desktop", DESKTOP, "dark"), ("phone", PHONE, "light")),
}


class Photographer:
    """Takes screenshots of the current page on desktop and phone."""

    def __init__(self, page: Page, site: str) -> None:
        self._page = page
        self._site = site
        self._number = 0

    def take(self, name: str, *, differs_by_site: bool = True) -> None:
        """Check that the page fits the window's width, and save screenshots.

        Pages of the tenant and of webidentity are the same for both sites: they are taken once.
        """
        self._number += 1
        if self._site == "django" and not differs_by_site:
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        for device, size, scheme in VARIANTS[self._site]:
            self._page.set_viewport_size(size)
            self._page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            width = self._page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{name} scrolls horizontally on a {device}"
            file = SCREENSHOTS / f"{self._site}-{self._number:02}-{name}-{device}-{scheme}.png"
            self._page.screenshot(path=file, full_page=True, animations="disabled")


@pytest.fixture
def photographer(page: Page, request: pytest.FixtureRequest) -> Photographer:
    return Photographer(page, request.node.callspec.params["site"])


def test_every_page(visitor: Visitor, photographer: Photographer, demo: DemoProcess) -> None:
    page = visitor.page
    visitor.go("/")
    photographer.take("home")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    photographer.take("tenant-sign-in", differs_by_site=False)
    page.get_by_label("Username").fill(ADA.username)
    page.get_by_label("Password").fill("wrong")
    visitor.press("Sign in")
    photographer.take("tenant-wrong-password", differs_by_site=False)
    visitor.enter_password(ADA)
    expect(visitor.heading("Permissions requested")).to_be_visible()
    photographer.take("tenant-consent", differs_by_site=False)
    visitor.press("Cancel")
    photographer.take("consent-declined", differs_by_site=False)
    visitor.go("/profile")
    visitor.consent()
    visitor.sees_profile_of(ADA)
    photographer.take("profile")
    page.get_by_text("more claims").click()
    photographer.take("profile-all-claims")
    visitor.follow("My files")
    photographer.take("tenant-consent-to-files", differs_by_site=False)
    visitor.consent()
    visitor.sees_files_of(ADA)
    photographer.take("files")
    visitor.go("/")
    photographer.take("home-signed-in")
    page.keyboard.press("Tab")
    photographer.take("home-focus")
    visitor.go("/nowhere")
    photographer.take("not-found")
    visitor.go("/auth/sign-out")
    photographer.take("sign-out", differs_by_site=False)
    visitor.go("/auth/callback?code=1&state=2")
    photographer.take("sign-in-not-matched", differs_by_site=False)
    page.goto(f"{demo.urls['tenant']}/common/oauth2/v2.0/authorize?client_id=0")
    photographer.take("tenant-error", differs_by_site=False)
    page.goto(f"{demo.urls['tenant']}/common/oauth2/v2.0/logout")
    photographer.take("tenant-signed-out", differs_by_site=False)
    visitor.go("/auth/sign-in?next=/files")
    visitor.enter_password(GRACE)
    visitor.consent()
    expect(visitor.heading("Change the account?")).to_be_visible()
    photographer.take("account-change", differs_by_site=False)
