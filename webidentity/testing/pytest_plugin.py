"""Fixtures that put a local tenant into a test.

Installed with the ``testing`` extra and found by pytest through its entry point, so there is nothing to import::

    def test_sign_in(local_tenant, tenant_browser): ...

Nothing of the tenant is imported until a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from webidentity.testing.hosts._emulator import HostEmulator

    from ._browser import TenantBrowser
    from ._tenant import LocalTenant


@pytest.fixture
def local_tenant() -> LocalTenant:
    """A fresh tenant with two users and no apps: register the app under test with ``add_app``.

    The users are ``ada@tenant.test`` (password ``ada-password``) and ``grace@tenant.test`` (``grace-password``).
    """
    from ._tenant import LocalTenant

    tenant = LocalTenant()
    tenant.add_user("ada@tenant.test", password="ada-password", name="Ada Lovelace")
    tenant.add_user("grace@tenant.test", password="grace-password", name="Grace Hopper")
    return tenant


@pytest.fixture
def tenant_browser(local_tenant: LocalTenant) -> TenantBrowser:
    """A browser with an empty cookie jar, to sign in at ``local_tenant``."""
    from ._browser import TenantBrowser

    return TenantBrowser(local_tenant)


@pytest.fixture
def azure_host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., HostEmulator]]:
    """Puts the test on a host in Azure: ``azure_host("app_service", local_tenant)`` returns the ``HostEmulator``.

    It listens on a loopback address, and the environment variables of the process point to it, until the test ends.
    """
    from webidentity.testing.hosts._emulator import HostEmulator

    with ExitStack() as hosts:

        def put_on(*args: Any, **kwargs: Any) -> HostEmulator:
            host = hosts.enter_context(HostEmulator(*args, **kwargs))
            host.install(monkeypatch)
            return host

        yield put_on
