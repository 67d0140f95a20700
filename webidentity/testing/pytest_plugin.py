"""Fixtures that put a local tenant into a test.

Installed with the ``testing`` extra and found by pytest through its entry point, so there is nothing to import::

    def test_sign_in(local_tenant, tenant_browser): ...

Nothing of the tenant is imported until a test asks for a fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .browser import TenantBrowser
    from .tenant import LocalTenant


@pytest.fixture
def local_tenant() -> LocalTenant:
    """A fresh tenant with two users and no apps: register the app under test with ``add_app``.

    The users are ``ada@tenant.test`` (password ``ada-password``) and ``grace@tenant.test`` (``grace-password``).
    """
    from .tenant import LocalTenant

    tenant = LocalTenant()
    tenant.add_user("ada@tenant.test", password="ada-password", name="Ada Lovelace")
    tenant.add_user("grace@tenant.test", password="grace-password", name="Grace Hopper")
    return tenant


@pytest.fixture
def tenant_browser(local_tenant: LocalTenant) -> TenantBrowser:
    """A browser with an empty cookie jar, to sign in at ``local_tenant``."""
    from .browser import TenantBrowser

    return TenantBrowser(local_tenant)
