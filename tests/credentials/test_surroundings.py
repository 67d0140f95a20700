"""What the environment changes: the cloud, the region, and whether other tenants are served; and the clouds' names."""

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError

import webidentity
from tests.kit.canned import Canned, Reply, Sent
from tests.kit.credential_kinds import APP_ONLY, KINDS, Maker, entra, token_requests
from tests.kit.drivers import Driver
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT, token, user_token
from webidentity import AzureAuthorityHosts, KnownAuthorities

METADATA = "http://169.254.169.254/metadata/instance/compute/location?format=text&api-version=2021-02-01"


def host_of(sent: Sent) -> str:
    return sent.url.removeprefix("https://").partition("/")[0]


def test_the_clouds_have_their_hosts() -> None:
    """Under both names of the class."""
    assert KnownAuthorities is AzureAuthorityHosts
    assert AzureAuthorityHosts.AZURE_PUBLIC_CLOUD == "login.microsoftonline.com"
    assert AzureAuthorityHosts.AZURE_GOVERNMENT == "login.microsoftonline.us"
    assert AzureAuthorityHosts.AZURE_CHINA == "login.chinacloudapi.cn"


def test_the_german_cloud_is_there_with_a_warning() -> None:
    """It was closed, and old code still names it. Other names are attribute errors."""
    with pytest.warns(DeprecationWarning, match="closed") as caught:
        assert AzureAuthorityHosts.AZURE_GERMANY == "login.microsoftonline.de"
    assert caught[0].filename == __file__
    with pytest.raises(AttributeError, match="AZURE_MARS"):
        _ = AzureAuthorityHosts.AZURE_MARS


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_environment_names_the_authority(make: Maker, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """AZURE_AUTHORITY_HOST, which the argument outweighs."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", AzureAuthorityHosts.AZURE_CHINA)
    for options, host in (
        ({}, "login.chinacloudapi.cn"),
        ({"authority": "login.microsoftonline.us"}, "login.microsoftonline.us"),
    ):
        network = entra()
        make(name, network, **options).get_token(SCOPE)
        assert [host_of(sent) for sent in token_requests(network)] == [host]


def test_a_malformed_authority_of_the_environment_is_said_at_once(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the constructor."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://login.microsoftonline.com")
    with pytest.raises(ValueError, match="https"):
        make("ClientSecretCredential", Canned())


@pytest.mark.parametrize("name", APP_ONLY)
def test_an_application_asks_its_region(make: Maker, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """AZURE_REGIONAL_AUTHORITY_NAME; hosts of the public cloud share a regional one, other clouds have their own."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", " WestUS2 ")
    for authority, host in (
        ("login.microsoftonline.com", "westus2.login.microsoft.com"),
        ("login.windows.net", "westus2.login.microsoft.com"),
        ("login.microsoftonline.us", "westus2.login.microsoftonline.us"),
    ):
        network = entra()
        make(name, network, authority=authority).get_token(SCOPE)
        assert [host_of(sent) for sent in token_requests(network)] == [host]


@pytest.mark.parametrize("name", ["AuthorizationCodeCredential", "OnBehalfOfCredential"])
def test_users_are_not_regional(make: Maker, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Regional endpoints serve client credentials alone."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "westus2")
    network = entra()
    make(name, network).get_token(SCOPE)
    assert [host_of(sent) for sent in network.sent] == ["login.microsoftonline.com"]


def test_a_certificate_signs_for_the_region(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audience of its assertion is the endpoint that gets it."""
    import jwt

    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "westus2")
    network = entra()
    make("CertificateCredential", network).get_token(SCOPE)
    claims = jwt.decode(network.forms[0]["client_assertion"], options={"verify_signature": False})
    assert claims["aud"] == network.sent[0].url
    assert claims["aud"].startswith("https://westus2.login.microsoft.com/")


def test_a_region_that_none_can_be_called_is_an_error(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would become a part of the host that gets the secret."""
    for name in ("evil.test/", "west us", "a" * 41, "évil"):
        monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", name)
        network = entra()
        with pytest.raises(ValueError, match="AZURE_REGIONAL_AUTHORITY_NAME"):
            make("ClientSecretCredential", network).get_token(SCOPE)
        assert not network.sent


@pytest.mark.parametrize("value", ["tryautodetect", "TryAutoDetect", "true"])
def test_the_region_of_the_surroundings_is_detected(make: Maker, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """REGION_NAME, as App Service and Functions set it; nothing is asked."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", value)
    monkeypatch.setenv("REGION_NAME", "West Europe")
    network = entra()
    make("ClientSecretCredential", network).get_token(SCOPE)
    assert [host_of(sent) for sent in network.sent] == ["westeurope.login.microsoft.com"]


def test_the_metadata_service_is_asked_for_the_region_once(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine in Azure, without a variable."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "tryautodetect")
    network = Canned(Reply("northeurope", headers={"Content-Type": "text/plain"}), token(), token())
    credential = make("ClientSecretCredential", network)
    credential.get_token("a/.default")
    credential.get_token("b/.default")
    asked, *sent = network.sent
    assert (asked.method, asked.url, asked.headers["Metadata"]) == ("GET", METADATA, "true")
    assert [host_of(each) for each in sent] == ["northeurope.login.microsoft.com"] * 2


@pytest.mark.parametrize(
    "answer",
    [
        requests.ConnectionError("no route"),
        requests.Timeout("nobody"),
        Reply("", 404),
        Reply("", 500),
        Reply("<html>"),
        Reply(""),
        Reply(b"\xff\xfe\x00\x80", 200, {"Content-Type": "text/plain; charset=utf-8"}),
        Reply("evil.test/"),
    ],
    ids=["unreachable", "timeout", "404", "500", "page", "empty", "bytes", "another host"],
)
def test_without_a_metadata_service_the_global_endpoint_is_used(
    make: Maker, monkeypatch: pytest.MonkeyPatch, answer: Reply | Exception
) -> None:
    """It is asked once, without repetition, and its silence is no error."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "tryautodetect")
    network = Canned(answer, token(), token())
    credential = make("ClientSecretCredential", network, retry_total=3)
    credential.get_token("a/.default")
    credential.get_token("b/.default")
    assert [host_of(sent) for sent in network.sent[1:]] == ["login.microsoftonline.com"] * 2


def test_detection_works_with_the_users_own_policies(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options for a retry policy do not reach a transport that knows nothing of them."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "tryautodetect")
    network = Canned(Reply("northeurope", headers={"Content-Type": "text/plain"}), token())
    make("ClientSecretCredential", network, policies=[]).get_token(SCOPE)
    assert host_of(network.sent[1]) == "northeurope.login.microsoft.com"


@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("value", ["true", "1", "YES"])
def test_other_tenants_can_be_switched_off(make: Maker, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Every call is then answered from the credential's own tenant, as in azure-identity."""
    monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", value)
    network = entra()
    make(name, network).get_token(SCOPE, tenant_id=OTHER_TENANT)
    assert [TENANT in sent.url for sent in token_requests(network)] == [True]


@pytest.mark.parametrize("value", ["false", "0", "no", ""])
def test_false_is_not_true(make: Maker, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Unlike azure-identity, which takes any text for yes."""
    monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", value)
    network = entra()
    credential = make("ClientSecretCredential", network, additionally_allowed_tenants=[OTHER_TENANT])
    credential.get_token(SCOPE, tenant_id=OTHER_TENANT)
    assert OTHER_TENANT in network.sent[0].url


def test_nonsense_is_neither(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that names the variable, where it would matter."""
    monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "perhaps")
    network = entra()
    with pytest.raises(ValueError, match="AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"):
        make("ClientSecretCredential", network).get_token(SCOPE, tenant_id=OTHER_TENANT)
    assert not network.sent


@pytest.mark.parametrize("name", sorted(KINDS))
def test_tenants_are_served_as_they_are_allowed(make: Maker, name: str) -> None:
    """Listed ones, or any with a star; others are refused before anything is sent."""
    for allowed in ([OTHER_TENANT], ["*"], (OTHER_TENANT, "third")):
        network = entra()
        make(name, network, additionally_allowed_tenants=allowed).get_token(SCOPE, tenant_id=OTHER_TENANT)
        assert OTHER_TENANT in token_requests(network)[0].url
    for allowed in (None, [], ["third"]):
        network = entra()
        with pytest.raises(ClientAuthenticationError, match="additionally_allowed_tenants"):
            make(name, network, additionally_allowed_tenants=allowed).get_token(SCOPE, tenant_id=OTHER_TENANT)
        assert not network.sent


def test_the_refresh_token_of_a_code_serves_another_allowed_tenant(driver: Driver) -> None:
    """The user signed in once; the second tenant's tokens are kept apart from the first's."""
    network = Canned(
        user_token("home", refresh_token="refresh-home"), user_token("guest", refresh_token="refresh-guest")
    )
    credential = driver.credential(
        "AuthorizationCodeCredential",
        network,
        TENANT,
        CLIENT,
        "code",
        "https://app.test/callback",
        client_secret="s3cret",
        additionally_allowed_tenants=[OTHER_TENANT],
    )
    assert credential.get_token(SCOPE).token == "home"
    assert credential.get_token(SCOPE, tenant_id=OTHER_TENANT).token == "guest"
    assert credential.get_token(SCOPE).token == "home"
    redeemed, refreshed = network.sent
    assert (TENANT in redeemed.url, OTHER_TENANT in refreshed.url) == (True, True)
    assert (refreshed.form["grant_type"], refreshed.form["refresh_token"]) == ("refresh_token", "refresh-home")


def test_a_version_is_there_as_in_azure_identity() -> None:
    """``webidentity.__version__``."""
    assert isinstance(webidentity.__version__, str)
