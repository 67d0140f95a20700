"""Keywords of constructors: misspelled ones are refused, and azure-core's are passed on."""

import inspect
import re
from pathlib import Path
from typing import Any

import azure.core
import azure.identity
import pytest

import webidentity
import webidentity.aio
from tests.kit.replies import CLIENT, TENANT
from webidentity._credentials.keywords import check_keywords
from webidentity._lazy_names import CREDENTIALS

PACKAGES = (webidentity, webidentity.aio)
SECRET: dict[str, Any] = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "secret"}
WORKLOAD = {"tenant_id": TENANT, "client_id": CLIENT, "token_file_path": "token"}
#: Classes that pass keywords on.
OPEN = [
    name
    for name in CREDENTIALS
    if name.endswith("Credential") and "kwargs" in inspect.signature(getattr(webidentity, name)).parameters
]


def keywords_in(package: Any) -> set[str]:
    """Return the names of all keywords that the modules of a package read."""
    sources = Path(package.__file__).parent.rglob("*.py")
    read = (
        r"""(?:kwargs|options|config|kw)\.(?:get|pop|setdefault)\(\s*["'](\w+)["']|^\s+(\w+)(?:: [^=\n]+)? = \S+,\s*$"""
    )
    found = {
        name for path in sources for pair in re.findall(read, path.read_text(), re.MULTILINE) for name in pair if name
    }
    assert len(found) > 40
    return found


@pytest.mark.parametrize("package", PACKAGES, ids=["sync", "aio"])
@pytest.mark.parametrize(
    ("name", "keywords", "meant"),
    [
        ("ManagedIdentityCredential", {"clientid": CLIENT}, "client_id"),
        ("ManagedIdentityCredential", {"clientId": CLIENT}, "client_id"),
        ("ManagedIdentityCredential", {"object_id": CLIENT}, 'identity_config={"object_id": ...}'),
        ("ManagedIdentityCredential", {"msi_res_id": "/x"}, 'identity_config={"resource_id": ...}'),
        ("WorkloadIdentityCredential", {**WORKLOAD, "tennant_id": TENANT}, "tenant_id"),
        ("ClientSecretCredential", {**SECRET, "autority": "login.test"}, "authority"),
        ("ClientSecretCredential", {**SECRET, "additionaly_allowed_tenants": ["*"]}, "additionally_allowed_tenants"),
        ("DefaultAzureCredential", {"exclude_enviroment_credential": True}, "exclude_environment_credential"),
        ("DefaultAzureCredential", {"managed_identity_clientid": CLIENT}, "managed_identity_client_id"),
        ("InteractiveBrowserCredential", {"loginhint": "ada"}, "login_hint"),
        ("DeviceCodeCredential", {"promptcallback": print}, "prompt_callback"),
        ("DefaultAzureCredential", {"exclude_managed_identity": True}, "exclude_managed_identity_credential"),
        ("DefaultAzureCredential", {"exclude_environment": True}, "exclude_environment_credential"),
        ("DefaultAzureCredential", {"exclude_cli": True}, "exclude_cli_credential"),
        ("DefaultAzureCredential", {"exclude_azure_cli_credential": True}, "exclude_cli_credential"),
        ("DefaultAzureCredential", {"exclude_interactive_browser": True}, "exclude_interactive_browser_credential"),
        ("DefaultAzureCredential", {"allowed_tenants": ["*"]}, "additionally_allowed_tenants"),
        ("DefaultAzureCredential", {"authority_host": "login.test"}, "authority"),
        ("ClientSecretCredential", {**SECRET, "allowed_tenants": ["*"]}, "additionally_allowed_tenants"),
        ("ClientSecretCredential", {**SECRET, "authority_host": "login.test"}, "authority"),
        ("DeviceCodeCredential", {"tenant": TENANT}, "tenant_id"),
        ("DeviceCodeCredential", {"callback": print}, "prompt_callback"),
        ("SharedTokenCacheCredential", {"user": "ada"}, "username"),
    ],
)
def test_a_misspelled_keyword_is_refused(package: Any, name: str, keywords: dict[str, Any], meant: str) -> None:
    """The error names the public class, the keyword and the right one, and not its value."""
    with pytest.raises(TypeError) as caught:
        getattr(package, name)(**keywords)
    wrong = list(keywords)[-1]
    expected = f"{name}.__init__() got an unexpected keyword argument {wrong!r}. Did you mean {meant}?"
    assert str(caught.value) == expected


@pytest.mark.parametrize("package", PACKAGES, ids=["sync", "aio"])
def test_an_exclusion_of_nothing_lists_the_exclusions(package: Any) -> None:
    """Nothing would be excluded, and the program may sign in as another identity."""
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'exclude_everything'") as caught:
        package.DefaultAzureCredential(exclude_everything=True)
    assert "exclude_broker_credential, exclude_cli_credential, " in str(caught.value)


@pytest.mark.parametrize("package", PACKAGES, ids=["sync", "aio"])
def test_a_wrong_keyword_is_found_before_the_host_is_detected(package: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The log names no host for a credential that does not exist."""
    with caplog.at_level("INFO"), pytest.raises(TypeError, match="Did you mean client_id"):
        package.ManagedIdentityCredential(clientid=CLIENT)
    assert not caplog.records


@pytest.mark.parametrize("package", PACKAGES, ids=["sync", "aio"])
def test_managed_identity_ignores_the_tenant_and_the_authority(package: Any) -> None:
    """Programs pass the same keywords to several classes; azure-identity ignores these too."""
    package.ManagedIdentityCredential(tenant_id=TENANT, authority="login.test", additionally_allowed_tenants=["*"])


@pytest.mark.parametrize("name", OPEN)
def test_the_keywords_of_azure_core_and_azure_identity_are_accepted(name: str) -> None:
    """Whatever a program passes to a class of azure-identity with an effect."""
    accepted = keywords_in(azure.core) | keywords_in(azure.identity)
    accepted |= {
        parameter
        for each in CREDENTIALS
        if each.endswith("Credential")
        for parameter in inspect.signature(getattr(webidentity, each)).parameters
    }
    wrong = []
    for keyword in accepted:
        try:
            check_keywords(getattr(webidentity, name), name, [keyword])
        except TypeError as error:
            wrong.append(str(error))
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES, ids=["sync", "aio"])
def test_keywords_of_an_applications_transport_are_accepted(package: Any) -> None:
    """They are not similar to any parameter. So are private ones."""
    package.ClientSecretCredential(**SECRET, my_own_option=1, _client_id=2, connection_verify=False, retry_total=1)
    package.DefaultAzureCredential(my_own_option=1, retry_total=1, additionally_allowed_tenants=["*"])


def test_a_subclass_with_parameters_of_its_own() -> None:
    """Its own parameters are not compared; the keywords that it passes on are."""

    class Mine(webidentity.ClientSecretCredential):
        def __init__(self, clientid: str, **kwargs: Any) -> None:
            super().__init__(TENANT, clientid, "secret", **kwargs)

    Mine(CLIENT, retry_total=1)
    with pytest.raises(TypeError, match="Did you mean authority"):
        Mine(CLIENT, autority="login.test")
