"""Guards work for views of every kind, which receive the parameters that they name."""

import pytest

from tests.kit.sites import Site

KINDS = ["/class", "/async/class", "/method", "/async/method", "/dispatch", "/async/dispatch"]


@pytest.mark.parametrize("path", KINDS)
def test_a_class_based_view_receives_what_its_method_names(site: Site, path: str) -> None:
    """Guarded as a whole, by its method, or by its dispatch. An async view gets the async credential."""
    browser = site.browser()
    assert browser.get(path).status == 302
    browser.sign_in()
    assert browser.get(path).json == {"same": True}
    assert browser.get(path, method="HEAD").status == 200
    assert site.api(path, site.world.access_token()).json == {"same": True}


@pytest.mark.parametrize("path", KINDS)
def test_a_class_based_view_refuses_methods_that_it_does_not_have(site: Site, path: str) -> None:
    """A signed-in user gets 405, as without a guard, also for methods that no specification defines."""
    browser = site.browser()
    browser.sign_in()
    for method in ("DELETE", "AS_VIEW", "__INIT__", "DISPATCH"):
        assert browser.get(path, method=method).status in {403, 405}, method


@pytest.mark.parametrize("path", ["/files", "/async/files", "/me", "/async/me"])
def test_head_is_guarded_as_get_is(site: Site, path: str) -> None:
    """HEAD is guarded and answered in the same way as GET."""
    browser = site.browser()
    assert browser.get(path, method="HEAD").status == 302
    browser.sign_in()
    assert browser.get(path, method="HEAD").status == 200
