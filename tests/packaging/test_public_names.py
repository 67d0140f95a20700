"""The public names: one table of the credentials, and what type checkers and ``dir()`` see of it."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

import webidentity
import webidentity.aio
from webidentity._credentials.default_members import DEFAULT_MEMBERS
from webidentity._lazy_names import CREDENTIALS

#: Each public package, and how it names the module of a credential.
PACKAGES: list[tuple[ModuleType, str]] = [
    (webidentity, "webidentity._credentials."),
    (webidentity.aio, "webidentity.aio._"),
]
FOLDER = Path(webidentity.__file__).parent


def names_for_type_checkers(package: ModuleType) -> dict[str, str]:
    """Return the imports below ``if TYPE_CHECKING:``, each name with its module."""
    assert package.__file__ is not None
    tree = ast.parse(Path(package.__file__).read_text())
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert all(alias.asname == alias.name for node in imports for alias in node.names), "X as X makes a name public"
    return {alias.name: node.module or "" for node in imports for alias in node.names}


@pytest.mark.parametrize(("package", "prefix"), PACKAGES)
def test_type_checkers_see_the_credentials_of_the_table(package: ModuleType, prefix: str) -> None:
    """Each name of the table is imported from its module for them, and from nowhere else."""
    found = {name: module for name, module in names_for_type_checkers(package).items() if module.startswith(prefix)}
    assert found == {name: f"{prefix}{module}" for name, module in CREDENTIALS.items()}


@pytest.mark.parametrize(("package", "prefix"), PACKAGES)
def test_all_and_dir_have_the_names_that_type_checkers_see(package: ModuleType, prefix: str) -> None:
    """Sorted, so that a new name has one place."""
    names = sorted(names_for_type_checkers(package))
    assert package.__all__ == names
    assert dir(package) == sorted({*names, *(["__version__"] if package is webidentity else [])})
    for name, module in names_for_type_checkers(package).items():
        value = getattr(package, name)
        assert getattr(value, "__module__", None) in {module, None} or name == "KnownAuthorities", prefix


def test_each_credential_has_a_sync_and_an_async_module() -> None:
    """A module for the constructor and the sync class, and one for the async class."""
    for module in CREDENTIALS.values():
        assert (FOLDER / f"_credentials/{module}.py").is_file()
        assert (FOLDER / f"aio/_{module}.py").is_file()


def test_default_members_are_public_credentials() -> None:
    """Every member is public except the broker, whose class is in azure-identity-broker."""
    assert {member.class_name for member in DEFAULT_MEMBERS} - CREDENTIALS.keys() == {"BrokerCredential"}


def test_unknown_names_are_reported_as_usual() -> None:
    """The error has the name of the package."""
    with pytest.raises(AttributeError, match=r"module 'webidentity\.aio' has no attribute 'Credentail'"):
        webidentity.aio.Credentail  # noqa: B018 - the access is tested
