"""Somebody in front of a browser: what they do, and what they can see."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Person:
    """A user of the local tenant, and something at the API that only they may see."""

    username: str
    password: str
    name: str
    file: str


ADA = Person("ada@tenant.test", "engine-1843", "Ada Lovelace", "Notes on the Analytical Engine.md")
GRACE = Person("grace@tenant.test", "compiler-1952", "Grace Hopper", "A-0 compiler listing.txt")


class Visitor:
    """A tab at one of the two sites."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site

    def go(self, path: str) -> None:
        """Type an address of the site."""
        self.page.goto(f"{self.site}{path}")

    def enter_password(self, person: Person) -> None:
        """Sign in at the tenant's page, by hand."""
        expect(self.heading("Sign in")).to_be_visible()
        self.page.get_by_label("Username").fill(person.username)
        self.page.get_by_label("Password").fill(person.password)
        self.press("Sign in")

    def consent(self) -> None:
        """Accept what the site asks for."""
        expect(self.heading("Permissions requested")).to_be_visible()
        self.press("Accept")

    def sign_in_for_files(self, person: Person) -> None:
        """Go to the files, past sign-in and consent."""
        self.go("/files")
        self.enter_password(person)
        self.consent()
        self.sees_files_of(person)

    def sign_out(self) -> None:
        """Press the button at the top of every page."""
        self.page.get_by_role("banner").get_by_role("button", name="Sign out").click()

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow a link."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def heading(self, name: str) -> Locator:
        """The heading of the page, if this is it."""
        return self.page.get_by_role("heading", level=1, name=name, exact=True)

    def sees_files_of(self, person: Person) -> None:
        """Check the files page: the person's files, and three hops that all carried something of theirs."""
        expect(self.page).to_have_url(f"{self.site}/files")
        expect(self.heading("My files")).to_be_visible()
        expect(self.page.get_by_text(person.file, exact=True)).to_be_visible()
        assert self.page.locator(".hop .person").all_inner_texts() == [person.username] * 3

    def sees_profile_of(self, person: Person) -> None:
        """Check the profile page."""
        expect(self.page).to_have_url(f"{self.site}/profile")
        expect(self.heading(person.name)).to_be_visible()

    def sees_nothing_of(self, person: Person) -> None:
        """Check that no trace of the person is in the page, seen or unseen."""
        content = self.page.content()
        assert person.file not in content
        # The tenant lists its users on its sign-in page, signed in or not.
        if self.page.url.startswith(self.site):
            assert person.username not in content
            assert person.name not in content
