"""A user of a browser: what they do, and what they see."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Person:
    """A user of the local tenant, and the name of a file that only they may see."""

    username: str
    password: str
    name: str
    file: str


ADA = Person("ada@tenant.test", "engine-1843", "Ada Lovelace", "Notes on the Analytical Engine.md")
GRACE = Person("grace@tenant.test", "compiler-1952", "Grace Hopper", "A-0 compiler listing.txt")


class Visitor:
    """A user with a tab at one of the two sites."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site

    def go(self, path: str) -> None:
        """Open a path of the site."""
        self.page.goto(f"{self.site}{path}")

    def enter_password(self, person: Person) -> None:
        """Sign in on the tenant's sign-in page."""
        expect(self.heading("Sign in")).to_be_visible()
        self.page.get_by_label("Username").fill(person.username)
        self.page.get_by_label("Password").fill(person.password)
        self.press("Sign in")

    def consent(self) -> None:
        """Accept the requested permissions."""
        expect(self.heading("Permissions requested")).to_be_visible()
        self.press("Accept")

    def sign_in_for_files(self, person: Person) -> None:
        """Open the files page, sign in and consent."""
        self.go("/files")
        self.enter_password(person)
        self.consent()
        self.sees_files_of(person)

    def sign_out(self) -> None:
        """Press "Sign out" in the page header, and wait until the browser is back from the authority."""
        banner = self.page.get_by_role("banner")
        banner.get_by_role("button", name="Sign out").click()
        expect(banner.get_by_role("link", name="Sign in")).to_be_visible()

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow a link."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def heading(self, name: str) -> Locator:
        """Return the page's main heading, if it has this text."""
        return self.page.get_by_role("heading", level=1, name=name, exact=True)

    def sees_files_of(self, person: Person) -> None:
        """Check that the files page shows the user's file and three calls made on their behalf."""
        expect(self.page).to_have_url(f"{self.site}/files")
        expect(self.heading("My files")).to_be_visible()
        expect(self.page.get_by_text(person.file, exact=True)).to_be_visible()
        assert self.page.locator(".hop .person").all_inner_texts() == [person.username] * 3

    def sees_profile_of(self, person: Person) -> None:
        """Check that the profile page of the user is shown."""
        expect(self.page).to_have_url(f"{self.site}/profile")
        expect(self.heading(person.name)).to_be_visible()

    def sees_no_data_of(self, person: Person) -> None:
        """Check that the page's HTML contains no data of the user."""
        content = self.page.content()
        assert person.file not in content
        # The tenant's sign-in page always lists its users.
        if self.page.url.startswith(self.site):
            assert person.username not in content
            assert person.name not in content
