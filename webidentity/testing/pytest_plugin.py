"""pytest fixtures for the local tenant.

pytest finds them through an entry point of the installed package, so a test only names what it needs::

    def test_sign_in(local_tenant, tenant_browser): ...

The tenant is imported when a test requests one of the fixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from webidentity.testing import HostEmulator, LocalTenant, RegisteredSite, TenantBrowser


@pytest.fixture
def local_tenant() -> LocalTenant:
    """A new tenant with the sample users and no applications.

    The users are ``ada@tenant.test`` (password ``ada-password``) and ``grace@tenant.test`` (``grace-password``).
    Register the application under test with ``add_site`` or ``add_app``.
    """
    from webidentity.testing import LocalTenant

    return LocalTenant(sample_users=True)


@pytest.fixture
def tenant_browser(local_tenant: LocalTenant) -> TenantBrowser:
    """A browser without cookies that signs users in at ``local_tenant``."""
    from webidentity.testing import TenantBrowser

    return TenantBrowser(local_tenant)


@pytest.fixture
def django_site(request: pytest.FixtureRequest, local_tenant: LocalTenant) -> RegisteredSite:
    """The Django project under test, registered at ``local_tenant``. Needs pytest-django.

    Until the test ends, ``settings.WEBIDENTITY`` points to the tenant, which answers in-process, and tokens are cached
    in memory. ``base_url`` is the address of ``live_server`` if the test uses it, and ``http://localhost`` otherwise:
    sign-in does not work at ``http://testserver``, the address of Django's test client, because it is neither https nor
    this machine. Other keys of the setting keep their values.
    """
    from webidentity.cache import MemoryStore

    if not request.config.pluginmanager.hasplugin("django"):
        raise pytest.UsageError("The fixture django_site needs pytest-django: pip install pytest-django")
    settings = request.getfixturevalue("settings")
    used = "live_server" in request.fixturenames
    origin = request.getfixturevalue("live_server").url if used else "http://localhost"
    site = local_tenant.add_site(origin)
    own = {"base_url": origin, "transport": local_tenant.transport(), "store": MemoryStore()}
    settings.WEBIDENTITY = {**getattr(settings, "WEBIDENTITY", {}), **site.settings, **own}
    return site


@pytest.fixture
def azure_host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., HostEmulator]]:
    """Runs the test on an emulated Azure host: ``azure_host("app_service", local_tenant)`` returns a ``HostEmulator``.

    The host listens on a loopback address, and the environment variables of this process point to it until the test
    ends.
    """
    from webidentity.testing import HostEmulator

    with ExitStack() as hosts:

        def start(*args: Any, **kwargs: Any) -> HostEmulator:
            host = hosts.enter_context(HostEmulator(*args, **kwargs))
            host.install(monkeypatch)
            return host

        yield start
