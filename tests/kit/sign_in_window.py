"""A browser window that a program opens, and a user who signs in at a local tenant."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from webidentity.testing import LocalTenant, TenantBrowser

PASSWORD = "ada-password"
Act = Callable[["Window", str], None]


@dataclass
class Window:
    """Replaces ``webbrowser``: each page is handled in its own thread.

    :param act: what the user does with the URL of the page; by default, signs in.
    """

    tenant: LocalTenant
    act: Act | None = None
    opened: list[str] = field(default_factory=list)
    #: The page that the browser showed after the redirect.
    answers: list[requests.Response] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    #: Set when a page has been opened.
    is_open: threading.Event = field(default_factory=threading.Event)

    def open(self, url: str, *args: Any) -> bool:
        """Open the page without waiting for the user, as a real browser does."""
        self.opened.append(url)
        self.is_open.set()
        thread = threading.Thread(target=self._run, args=(url,), daemon=True)
        self.threads.append(thread)
        thread.start()
        return True

    def close(self) -> None:
        """Wait for the user, and raise the error if there was one."""
        for thread in self.threads:
            thread.join(10)
        if self.errors:
            raise self.errors[0]

    def sign_in(self, url: str, **options: Any) -> requests.Response:
        """Sign in as ada, and follow the redirect."""
        address, fields = self.answer(url, **options)
        return self.post(address, fields)

    def answer(self, url: str, **options: Any) -> tuple[str, dict[str, str]]:
        """Sign in as ada, and return the response and its redirect URI."""
        posted = TenantBrowser(self.tenant).sign_in_form_post(url, "ada@tenant.test", PASSWORD, **options)
        return posted.url, dict(posted.fields)

    def post(self, address: str, fields: Any, **options: Any) -> requests.Response:
        """Post a response."""
        with requests.Session() as session:
            session.trust_env = False
            response = session.post(address, data=fields, timeout=20, allow_redirects=False, **options)
        self.answers.append(response)
        return response

    def get(self, address: str) -> requests.Response:
        """Request a URL."""
        with requests.Session() as session:
            session.trust_env = False
            return session.get(address, timeout=20, allow_redirects=False)

    def _run(self, url: str) -> None:
        try:
            (self.act or Window.sign_in)(self, url)
        except BaseException as error:
            self.errors.append(error)


def query(url: str) -> dict[str, str]:
    """Return the parameters of a URL."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
