"""The constructors: shared by the sync and the async class, and shown under the name of the public class."""

import inspect
from types import ModuleType
from typing import Any

import pytest

import webidentity
import webidentity.aio
from tests.kit.credential_kinds import KINDS
from webidentity._lazy_names import CREDENTIALS

NAMES = [name for name in CREDENTIALS if name.endswith("Credential")]
REQUIRED = {
    "AuthorizationCodeCredential": "4 required positional arguments: 'tenant_id', 'client_id', 'authorization_code', "
    "and 'redirect_uri'",
    "AzurePipelinesCredential": "4 required keyword-only arguments: 'tenant_id', 'client_id', 'service_connection_id', "
    "and 'system_access_token'",
    "CertificateCredential": "2 required positional arguments: 'tenant_id' and 'client_id'",
    "ClientAssertionCredential": "3 required positional arguments: 'tenant_id', 'client_id', and 'func'",
    "ClientSecretCredential": "3 required positional arguments: 'tenant_id', 'client_id', and 'client_secret'",
    "OnBehalfOfCredential": "2 required positional arguments: 'tenant_id' and 'client_id'",
    "UsernamePasswordCredential": "3 required positional arguments: 'client_id', 'username', and 'password'",
}

pytestmark = pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])


def required(credential_class: type) -> set[str]:
    """Return the parameters without a default."""
    parameters = inspect.signature(credential_class).parameters.values()
    variable = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return {each.name for each in parameters if each.default is each.empty and each.kind not in variable}


def test_each_credential_is_in_the_tables_of_the_tests(package: ModuleType) -> None:
    """A new one is reported here: add it to REQUIRED, and one of a service to the kit's KINDS."""
    found = {name: required(getattr(package, name)) for name in NAMES}
    assert {name for name, names in found.items() if names} == REQUIRED.keys()
    of_services = {name for name, names in found.items() if names >= {"tenant_id", "client_id"}}
    # Its arguments may come from the environment.
    assert of_services | {"WorkloadIdentityCredential"} == KINDS.keys()


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_missing_arguments_are_reported_for_the_public_class(package: ModuleType, name: str) -> None:
    """The error has the same text as Python's own."""
    with pytest.raises(TypeError) as raised:
        getattr(package, name)()
    assert str(raised.value) == f"{name}.__init__() missing {REQUIRED[name]}"


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"ChainedTokenCredential"}))
def test_too_many_arguments_are_reported_for_the_public_class(package: ModuleType, name: str) -> None:
    """Every class except ChainedTokenCredential, which takes any number, reports the error."""
    with pytest.raises(TypeError, match=rf"^{name}\.__init__\(\) takes .* positional argument"):
        getattr(package, name)(*range(20))


def test_a_subclass_keeps_the_name_of_the_constructor_that_it_inherits(package: Any) -> None:
    """The error names the inherited constructor, as Python does for any class."""

    class Mine(package.ClientSecretCredential):
        """A subclass in an application."""

    with pytest.raises(TypeError, match=r"^ClientSecretCredential\.__init__\(\) missing 3"):
        Mine()
    assert package.ClientSecretCredential.__init__.__qualname__ == "ClientSecretCredential.__init__"


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_is_that_of_the_class(package: ModuleType, name: str) -> None:
    """``help()``, ``inspect`` and ``__doc__`` show the text of the class itself, the same for sync and async."""
    credential_class = getattr(package, name)
    assert inspect.getdoc(credential_class) == inspect.cleandoc(credential_class.__doc__)
    assert credential_class.__doc__ == getattr(webidentity, name).__doc__
    assert inspect.signature(credential_class) == inspect.signature(getattr(webidentity, name))
