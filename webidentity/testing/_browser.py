"""A scripted browser that signs users in at a local tenant, through the same pages that a person sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode, urljoin

from webidentity.testing.directory._model import User
from webidentity.testing.transports._messages import TenantRequest, TenantResponse

if TYPE_CHECKING:
    from webidentity.testing._tenant import LocalTenant

_MOST_STEPS = 12


@dataclass(slots=True)
class Form:
    """One form of a page, with the fields and buttons a browser would submit."""

    method: str
    action: str = field(repr=False)
    fields: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    buttons: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]], repr=False)

    @property
    def step(self) -> str | None:
        """The tenant's name for this form; None for a form that posts to the application."""
        return self.fields.get("step") if "anti_forgery" in self.fields else None


@dataclass(frozen=True, slots=True)
class FormPost:
    """An authorization response that the browser would post to the application."""

    url: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BrowserPage:
    """Where a navigation ended: a page of the tenant, or a redirect that leaves it."""

    url: str = field(repr=False)
    status: int
    html: str = field(repr=False)
    title: str
    text: str = field(repr=False)
    forms: tuple[Form, ...] = ()
    location: str | None = field(default=None, repr=False)

    def form(self, step: str) -> Form | None:
        """The tenant's form with this name, or None.

        The names are ``sign_in``, ``pick_account``, ``consent``, ``enter_code`` and ``confirm``.
        """
        return next((form for form in self.forms if form.step == step), None)

    @property
    def form_post(self) -> FormPost | None:
        """The authorization response, if this page posts one to the application."""
        form = next((form for form in self.forms if form.step is None and form.method == "post"), None)
        return FormPost(form.action, dict(form.fields)) if form else None


class SignInError(Exception):
    """The sign-in did not return to the application. ``page`` is the page where it stopped."""

    def __init__(self, message: str, page: BrowserPage) -> None:
        super().__init__(message)
        self.page = page


class TenantBrowser:
    """A browser that visits one tenant and keeps its cookies. The test passes redirects on to the application.

    A user is a ``User`` or a username, and signs in with the registered password unless another one is given.
    """

    def __init__(self, tenant: LocalTenant) -> None:
        self.tenant = tenant
        self.cookies: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<TenantBrowser at {self.tenant.base_url}>"

    def open(self, url: str) -> BrowserPage:
        """Open a URL of the tenant, and follow redirects within the tenant."""
        return self._navigate("GET", url, b"")

    def submit(
        self, page: BrowserPage, form: Form, button: tuple[str, str] | None = None, **fields: str
    ) -> BrowserPage:
        """Fill in a form and press a button."""
        filled = {**form.fields, **fields, **(dict([button]) if button else {})}
        return self._navigate("POST", urljoin(page.url, form.action), urlencode(filled).encode())

    def sign_in(
        self, authorize_url: str, user: User | str, password: str | None = None, *, consent: bool = True
    ) -> str:
        """Sign in, accept or decline consent, and return the application's URL that the tenant redirects to.

        :raises SignInError: the sign-in stopped at a page of the tenant, for example because the password was wrong.
        :raises KeyError: the user is unknown and no password was given.
        :raises TypeError: ``authorize_url`` is not a string.
        """
        page = self._drive(authorize_url, user, password, consent=consent)
        if page.location is None:
            raise SignInError("The application asked for response_mode=form_post: use sign_in_form_post().", page)
        return page.location

    def sign_in_form_post(
        self, authorize_url: str, user: User | str, password: str | None = None, *, consent: bool = True
    ) -> FormPost:
        """Like :meth:`sign_in`, for ``response_mode=form_post``: return what would be posted to the application."""
        page = self._drive(authorize_url, user, password, consent=consent)
        if page.form_post is None:
            raise SignInError("The application did not ask for response_mode=form_post: use sign_in().", page)
        return page.form_post

    def enter_device_code(
        self,
        verification_uri: str,
        user_code: str,
        user: User | str,
        password: str | None = None,
        *,
        approve: bool = True,
        consent: bool = True,
    ) -> BrowserPage:
        """Enter a device's code, sign in, approve or decline, and return the last page.

        :raises SignInError: the sign-in stopped before its end, for example because the code was wrong.
        :raises KeyError: the user is unknown and no password was given.
        """
        username, password = self._account(user, password)
        page = self.open(verification_uri)
        if form := page.form("enter_code"):
            page = self.submit(page, form, user_code=user_code)
        page = self._answer(page, username, password, until="confirm")
        if form := page.form("confirm"):
            page = self.submit(page, form, ("answer", "continue" if approve else "cancel"))
        if form := page.form("consent"):
            page = self.submit(page, form, ("answer", "accept" if consent else "cancel"))
        if page.forms:
            raise self._stopped(page, username)
        return page

    def logout(self, url: str) -> BrowserPage:
        """Open a sign-out URL. ``location`` of the result is the URL that the tenant redirects to, or None."""
        return self.open(url)

    def _drive(self, url: str, user: User | str, password: str | None, *, consent: bool) -> BrowserPage:
        # With None, for example: the test client's response.location if the application did not redirect.
        if not isinstance(cast("object", url), str):
            raise TypeError(
                f"Got {type(url).__name__}, not a URL: pass the Location of a redirect to sign in; without "
                "Accept: text/html a guard answers 401."
            )
        username, password = self._account(user, password)
        page = self._answer(self.open(url), username, password, until="consent")
        if form := page.form("consent"):
            page = self.submit(page, form, ("answer", "accept" if consent else "cancel"))
        if page.location is None and page.form_post is None:
            raise self._stopped(page, username)
        return page

    def _answer(self, page: BrowserPage, username: str, password: str, *, until: str) -> BrowserPage:
        """Pick the account or sign in whenever the tenant asks, until the page with the form ``until``."""
        tried_password = False
        for _ in range(_MOST_STEPS):
            if page.form(until):
                break
            if form := page.form("sign_in"):
                if tried_password:
                    break
                tried_password = True
                page = self.submit(page, form, username=username, password=password)
            elif form := page.form("pick_account"):
                page = self.submit(page, form, self._choice(form, username))
            else:
                break
        return page

    def _account(self, user: User | str, password: str | None) -> tuple[str, str]:
        """The username and password to enter. A password may be given for an unknown user, to test the refusal."""
        if isinstance(user, str) and password is not None:
            return user, password
        found = self.tenant.user(user)
        return found.username, found.password if password is None else password

    def _find(self, username: str) -> User | None:
        try:
            return self.tenant.user(username)
        except KeyError:
            return None

    def _stopped(self, page: BrowserPage, username: str) -> SignInError:
        message = f"The sign-in stopped at the page {page.title!r}: {page.text}"
        if self._find(username) is None:
            known = ", ".join(user.username for user in self.tenant.users) or "none"
            message += f" (Users of this tenant: {known}.)"
        return SignInError(message, page)

    def _choice(self, form: Form, username: str) -> tuple[str, str]:
        user = self._find(username)
        wanted = ("account", user.object_id if user else "")
        return wanted if wanted in form.buttons else ("account", "")

    def _navigate(self, method: str, url: str, body: bytes) -> BrowserPage:
        for _ in range(_MOST_STEPS):
            response = self._send(method, url, body)
            location = response.header("Location")
            if location is None:
                return _page(url, response)
            target = urljoin(url, location)
            if not target.startswith(f"{self.tenant.base_url}/"):
                return BrowserPage(url, response.status, "", "", "", location=target)
            method, url, body = "GET", target, b""
        raise RuntimeError("The tenant redirects in a loop.")

    def _send(self, method: str, url: str, body: bytes) -> TenantResponse:
        if not url.startswith(f"{self.tenant.base_url}/"):
            raise ValueError(f"This browser visits {self.tenant.base_url} only, not {url}.")
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        response = self.tenant.handle(TenantRequest(method, url, headers, body))
        for name, value in response.headers:
            if name.lower() == "set-cookie":
                self._keep_cookie(value)
        return response

    def _keep_cookie(self, header: str) -> None:
        pair, *attributes = (part.strip() for part in header.split(";"))
        name, _, value = pair.partition("=")
        if "max-age=0" in [attribute.lower() for attribute in attributes]:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def _page(url: str, response: TenantResponse) -> BrowserPage:
    html = response.body.decode("utf-8")
    reader = _PageReader()
    reader.feed(html)
    text = " ".join(" ".join(reader.words).split())
    return BrowserPage(url, response.status, html, reader.title.strip(), text, tuple(reader.forms))


class _PageReader(HTMLParser):
    """Reads the title, the visible text and the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.words: list[str] = []
        self.forms: list[Form] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("method", "get").lower(), given.get("action", "")))
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button" and self.forms and given.get("name"):
            self.forms[-1].buttons.append((given["name"], given.get("value", "")))
        elif tag in ("title", "style", "script"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if "title" in self._inside:
            self.title += data
        elif not self._inside:
            self.words.append(data)
