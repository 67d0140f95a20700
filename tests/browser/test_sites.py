"""Tests of both demonstration sites in a real browser. Each scenario runs once with Flask and once with Django."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.kit.demo_process import DemoProcess
from tests.kit.visitor import ADA, GRACE, Visitor


def test_sign_in_read_files_sign_out_and_sign_in_again(visitor: Visitor, demo: DemoProcess) -> None:
    page = visitor.page
    visitor.go("/")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    visitor.enter_password(ADA)
    visitor.consent()
    visitor.sees_profile_of(ADA)
    for claim in ("home_account_id", "oid", "sub", "tid", "aud", "iss", "exp"):
        expect(page.locator("dt", has_text=claim).filter(visible=True).first).to_be_visible()

    visitor.follow("My files")
    expect(page.get_by_text("Read your files")).to_be_visible()
    visitor.consent()
    visitor.sees_files_of(ADA)
    titles = page.locator(".hop h3").all_inner_texts()
    assert [title.split(" calls ")[0] for title in titles][0::2] == ["Your browser", "The Files API"]
    assert "Files.Read" in page.locator(".hop").nth(1).inner_text()
    assert "User.Read" in page.locator(".hop").nth(2).inner_text()
    assert "eyJ" not in page.content()

    # The site's policy allows forms to lead to the site itself only, redirections included.
    reply = page.request.get(f"{visitor.site}/")
    assert "form-action 'self'" in reply.headers["content-security-policy"]
    visitor.sign_out()
    expect(page).to_have_url(f"{visitor.site}/")
    expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
    visitor.sees_no_data_of(ADA)
    for _ in range(2):
        page.go_back()
        visitor.sees_no_data_of(ADA)
        page.reload()
        visitor.sees_no_data_of(ADA)

    visitor.go("/files")
    assert page.url.startswith(demo.urls["tenant"])
    visitor.enter_password(ADA)
    visitor.sees_files_of(ADA)


def test_two_users_at_the_same_time(visitor: Visitor, browser: Browser) -> None:
    other_context = browser.new_context()
    ada, grace = visitor, Visitor(other_context.new_page(), visitor.site)
    ada.go("/files")
    grace.go("/files")
    grace.enter_password(GRACE)
    ada.enter_password(ADA)
    ada.consent()
    grace.consent()
    for _ in range(2):
        for tab, person, other in ((ada, ADA, GRACE), (grace, GRACE, ADA)):
            tab.go("/files")
            tab.sees_files_of(person)
            tab.sees_no_data_of(other)
        for tab, person, other in ((grace, GRACE, ADA), (ada, ADA, GRACE)):
            tab.go("/profile")
            tab.sees_profile_of(person)
            tab.sees_no_data_of(other)
    ada.sign_out()
    expect(ada.heading("Your files, fetched on your behalf in three calls")).to_be_visible()
    grace.go("/files")
    grace.sees_files_of(GRACE)
    other_context.close()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "in reverse"])
def test_two_tabs_with_a_sign_in_each(context: BrowserContext, site: str, order: tuple[int, int]) -> None:
    tabs = [Visitor(context.new_page(), site) for _ in range(2)]
    tabs[0].go("/profile")
    tabs[1].go("/files")
    first, second = (tabs[number] for number in order)
    first.enter_password(ADA)
    first.consent()
    # The user is signed in at the tenant by now, but the second tab already shows the sign-in form.
    second.enter_password(ADA)
    if first is tabs[0]:
        second.consent()
    tabs[0].sees_profile_of(ADA)
    tabs[1].sees_files_of(ADA)


def test_another_account_at_the_authority(visitor: Visitor, demo: DemoProcess) -> None:
    """The user decides by forms. The policy ``form-action 'self'`` allows them although they lead to the authority."""
    page = visitor.page
    visitor.go("/profile")
    visitor.enter_password(ADA)
    visitor.consent()
    visitor.sees_profile_of(ADA)
    page.goto(f"{demo.urls['tenant']}/common/oauth2/v2.0/logout")
    visitor.go("/auth/sign-in?next=/files")
    visitor.enter_password(GRACE)
    visitor.consent()
    expect(visitor.heading("Change the account?")).to_be_visible()
    visitor.press(f"Stay signed in as {ADA.username}")
    expect(page).to_have_url(f"{visitor.site}/")
    visitor.go("/profile")
    visitor.sees_profile_of(ADA)
    visitor.go("/auth/sign-in?next=/files")
    visitor.press(f"Continue as {GRACE.username}")
    visitor.consent()
    visitor.sees_files_of(GRACE)
    visitor.sees_no_data_of(ADA)


def test_declined_consent(visitor: Visitor) -> None:
    visitor.go("/files")
    visitor.enter_password(ADA)
    expect(visitor.heading("Permissions requested")).to_be_visible()
    visitor.press("Cancel")
    expect(visitor.heading("You did not sign in")).to_be_visible()
    assert visitor.page.url.startswith(f"{visitor.site}/auth/callback")
    visitor.follow("Sign in again")
    visitor.consent()
    visitor.sees_files_of(ADA)


def test_claims_challenge_from_graph_reaches_the_user(visitor: Visitor, demo: DemoProcess) -> None:
    """Graph's claims challenge passes through the API to the site, and the site asks the user to sign in again."""
    visitor.sign_in_for_files(ADA)
    demo.run(f"require-stronger {ADA.username}")
    visitor.sign_out()
    visitor.go("/files")
    visitor.enter_password(ADA)
    visitor.enter_password(ADA)
    visitor.sees_files_of(ADA)


def test_api_without_consent_for_graph(visitor: Visitor, demo: DemoProcess) -> None:
    demo.run("withdraw-consent-of-api")
    visitor.go("/files")
    visitor.enter_password(ADA)
    visitor.consent()
    expect(visitor.heading("The Files API needs consent")).to_be_visible()
    expect(visitor.page.get_by_role("banner")).to_contain_text(ADA.username)


def test_api_does_not_answer(page: Page, browser: Browser) -> None:
    with DemoProcess() as demo:
        demo.run("stop api")
        for name in ("flask", "django"):
            visitor = Visitor(page, demo.urls[name])
            visitor.go("/files")
            if name == "flask":
                visitor.enter_password(ADA)
            visitor.consent()
            expect(visitor.heading("Your files are unavailable")).to_be_visible()
            expect(page.get_by_role("link", name="Try again")).to_be_visible()
