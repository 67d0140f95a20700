"""Fixtures: a real Chromium, and the demonstration that it visits."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.kit.demo_process import DemoProcess
from tests.kit.visitor import Visitor

# In milliseconds. Long, for busy machines: a passing test does not wait.
_TIMEOUT = 20_000
expect.set_options(timeout=_TIMEOUT)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium with its back-forward cache, which users have and Playwright disables by default."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is on the PATH; make browser installs one")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=_ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def running_demo(browser: Browser) -> Iterator[DemoProcess]:
    """The demonstration. It is not started if there is no browser."""
    with DemoProcess() as demo:
        yield demo


@pytest.fixture
def demo(running_demo: DemoProcess) -> DemoProcess:
    """The demonstration, reset so that no user has consented to anything."""
    running_demo.run("reset-users")
    return running_demo


@pytest.fixture(params=["flask", "django"])
def site(request: pytest.FixtureRequest, demo: DemoProcess) -> str:
    """The base URL of a site. The test runs once for each of the two sites."""
    return demo.urls[request.param]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A new browser profile."""
    context = browser.new_context()
    context.set_default_timeout(_TIMEOUT)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A new tab."""
    return context.new_page()


@pytest.fixture
def visitor(page: Page, site: str) -> Visitor:
    """A user with a new tab."""
    return Visitor(page, site)
