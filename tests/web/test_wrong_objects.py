"""Objects of the wrong type: the constructor says what to write, and not a request much later."""

import re
from pathlib import Path
from typing import Any

import pytest

import webidentity
import webidentity.aio
from tests.kit.replies import CLIENT, TENANT
from tests.kit.world import SECRET_KEY, World
from webidentity import ChainedTokenCredential
from webidentity.cache import KeyRing, MemoryStore, TokenCache
from webidentity.testing import LocalTenant
from webidentity.web import Routes, Settings, Site

PACKAGES = pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
SECRET: dict[str, Any] = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "secret"}
TENANT_HERE = LocalTenant()
WRONG_TRANSPORTS = pytest.mark.parametrize(
    ("transport", "advice"),
    [
        (TENANT_HERE.transport, "transport(), with parentheses"),
        (TENANT_HERE.aio_transport, "aio_transport(), with parentheses"),
        (TENANT_HERE, "local_tenant.transport()"),
        ("requests", "an object with a method send"),
    ],
    ids=["method", "aio method", "tenant", "text"],
)


def site_with(folder: Path, **objects: Any) -> Site:
    """Return a site with these objects."""
    settings = Settings(**World().settings)
    return Site(settings, secret_keys=[SECRET_KEY], folder=folder, routes=Routes, **objects)


@WRONG_TRANSPORTS
def test_a_transport_of_a_site(tmp_path: Path, transport: Any, advice: str) -> None:
    """The parentheses of local_tenant.transport() are easily forgotten."""
    with pytest.raises(TypeError, match=f"^transport: .*{re.escape(advice)}"):
        site_with(tmp_path, transport=transport)


@PACKAGES
@WRONG_TRANSPORTS
def test_a_transport_of_a_credential(package: Any, transport: Any, advice: str) -> None:
    """The same for credentials, also those inside another one."""
    with pytest.raises(TypeError, match=f"^transport: .*{re.escape(advice)}"):
        package.ClientSecretCredential(**SECRET, transport=transport)
    with pytest.raises(TypeError, match=f"^transport: .*{re.escape(advice)}"):
        package.DefaultAzureCredential(transport=transport)


@pytest.mark.parametrize("store", ["x.db", Path("x.db"), MemoryStore])
def test_a_store(tmp_path: Path, store: Any) -> None:
    """A path is not a store, and neither is a class."""
    with pytest.raises(TypeError, match=r'^store: .*SQLiteStore\("'):
        site_with(tmp_path, store=store)
    with pytest.raises(TypeError, match=r'^store: .*SQLiteStore\("'):
        TokenCache(store, KeyRing(SECRET_KEY))


@PACKAGES
@pytest.mark.parametrize("cache", ["x", MemoryStore(), TokenCache])
def test_a_token_cache(package: Any, cache: Any) -> None:
    """A store is not a cache: it has no keys."""
    with pytest.raises(TypeError, match=r"^token_cache: .*TokenCache\(store, KeyRing\(secret\)\)"):
        package.ClientSecretCredential(**SECRET, token_cache=cache)


class Own:
    """A credential of an application."""

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """Return no token."""


@PACKAGES
@pytest.mark.parametrize("wrong", [[Own()], (Own(),), Own, "AzureCliCredential", None])
def test_members_of_a_chain(package: Any, wrong: Any) -> None:
    """Not a list of them, and not their classes."""
    with pytest.raises(TypeError, match=r"ChainedTokenCredential\(first, second\)"):
        package.ChainedTokenCredential(wrong)


def test_other_classes_with_the_right_methods_are_accepted(tmp_path: Path) -> None:
    """No object has to inherit from a class of this package."""

    class Duck:
        blocking = False

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            return lambda *_, **__: None

    duck: Any = Duck()
    site_with(tmp_path, store=duck, transport=duck)
    webidentity.ClientSecretCredential(**SECRET, transport=duck, token_cache=duck)
    assert ChainedTokenCredential(duck).credentials == (duck,)
