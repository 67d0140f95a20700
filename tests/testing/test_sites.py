"""Web applications registered with add_site, and the fixture for Django projects."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_a_site_has_its_settings_and_registration(local_tenant):
    site = local_tenant.add_site("http://localhost:5000/", "http://127.0.0.1:5000", name="Shop")
    assert site.settings == {
        "authority": "https://login.tenant.test",
        "tenant_id": local_tenant.tenant_id,
        "client_id": site.app.client_id,
        "client_secret": site.app.secrets[0],
    }
    assert site.environment["WEBIDENTITY_CLIENT_ID"] == site.app.client_id
    assert site.app.name == "Shop"
    assert site.app.redirect_uris == (
        "http://localhost:5000/auth/callback",
        "http://localhost:5000/",
        "http://127.0.0.1:5000/auth/callback",
        "http://127.0.0.1:5000/",
    )


def test_the_callback_can_have_another_path(local_tenant):
    site = local_tenant.add_site("http://localhost", callback="/login/done")
    assert "http://localhost/login/done" in site.app.redirect_uris


def test_each_site_has_a_secret_of_its_own_that_no_repr_shows(local_tenant):
    first, second = local_tenant.add_site("http://a.test", name="A"), local_tenant.add_site("http://b.test", name="B")
    assert first.settings["client_secret"] != second.settings["client_secret"]
    assert first.settings["client_secret"] not in repr(first)


@pytest.mark.parametrize("origins", [(), ("localhost:5000",)])
def test_an_origin_is_required(local_tenant, origins):
    with pytest.raises(ValueError, match=r'add_site\("http://localhost:5000"\)'):
        local_tenant.add_site(*origins)


def test_the_redirect_uri_is_not_an_origin(local_tenant):
    with pytest.raises(ValueError, match=r'add_site\("http://localhost:5000"\)') as caught:
        local_tenant.add_site("http://localhost:5000/auth/callback")
    assert "redirect URI" in str(caught.value)
    with pytest.raises(ValueError, match="redirect URI"):
        local_tenant.add_site("http://localhost/login/done", callback="/login/done")


def test_django_site_without_pytest_django_says_what_to_install(tmp_path):
    (tmp_path / "test_it.py").write_text("def test_it(django_site): ...\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider", str(tmp_path)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1
    assert "needs pytest-django: pip install pytest-django" in result.stdout
