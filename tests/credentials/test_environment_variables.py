"""Environment variables: the authority, the region, and other tenants; and the hosts of the clouds."""

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


def test_hosts_of_the_clouds() -> None:
    """Under both names of the class."""
    assert KnownAuthorities is AzureAuthorityHosts
    assert AzureAuthorityHosts.AZURE_PUBLIC_CLOUD == "login.microsoftonline.com"
    assert AzureAuthorityHosts.AZURE_GOVERNMENT == "login.microsoftonline.us"
    assert AzureAuthorityHosts.AZURE_CHINA == "login.chinacloudapi.cn"


def test_the_german_cloud_is_deprecated() -> None:
    """It was closed. Other names raise AttributeError."""
    with pytest.warns(DeprecationWarning, match="closed") as caught:
        assert AzureAuthorityHosts.AZURE_GERMANY == "login.microsoftonline.de"
    assert caught[0].filename == __file__
    with pytest.raises(AttributeError, match="AZURE_MARS"):
        _ = AzureAuthorityHosts.AZURE_MARS


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_environment_names_the_authority(make: Maker, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """AZURE_AUTHORITY_HOST; the argument takes precedence."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", AzureAuthorityHosts.AZURE_CHINA)
    for options, host in (
        ({}, "login.chinacloudapi.cn"),
        ({"authority": "login.microsoftonline.us"}, "login.microsoftonline.us"),
    ):
        network = entra()
        make(name, network, **options).get_token(SCOPE)
        assert [host_of(sent) for sent in token_requests(network)] == [host]


def test_a_malformed_authority_in_the_environment_is_refused(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The constructor refuses the authority."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://login.microsoftonline.com")
    with pytest.raises(ValueError, match="https"):
        make("ClientSecretCredential", Canned())


@pytest.mark.parametrize("name", APP_ONLY)
def test_an_application_uses_the_regional_endpoint(make: Maker, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """AZURE_REGIONAL_AUTHORITY_NAME. The public cloud's hosts share one regional host; other clouds have their own."""
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
def test_user_tokens_use_the_global_endpoint(make: Maker, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Regional endpoints support only client credentials."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "westus2")
    network = entra()
    make(name, network).get_token(SCOPE)
    assert [host_of(sent) for sent in network.sent] == ["login.microsoftonline.com"]


def test_the_audience_of_an_assertion_is_the_regional_endpoint(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint that receives it."""
    import jwt

    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "westus2")
    network = entra()
    make("CertificateCredential", network).get_token(SCOPE)
    claims = jwt.decode(network.forms[0]["client_assertion"], options={"verify_signature": False})
    assert claims["aud"] == network.sent[0].url
    assert claims["aud"].startswith("https://westus2.login.microsoft.com/")


def test_an_invalid_region_is_refused(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would become part of the host name that receives the secret."""
    for name in ("evil.test/", "west us", "a" * 41, "évil"):
        monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", name)
        network = entra()
        with pytest.raises(ValueError, match="AZURE_REGIONAL_AUTHORITY_NAME"):
            make("ClientSecretCredential", network).get_token(SCOPE)
        assert not network.sent


@pytest.mark.parametrize("value", ["tryautodetect", "TryAutoDetect", "true"])
def test_the_region_is_detected_from_the_environment(make: Maker, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """REGION_NAME, which App Service and Functions set. No request is sent."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", value)
    monkeypatch.setenv("REGION_NAME", "West Europe")
    network = entra()
    make("ClientSecretCredential", network).get_token(SCOPE)
    assert [host_of(sent) for sent in network.sent] == ["westeurope.login.microsoft.com"]


def test_the_metadata_service_is_asked_for_the_region_once(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine in Azure without the variable sends one request for its region."""
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
        requests.Timeout("anonymous"),
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
    """One request without retries; its failure is not an error."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "tryautodetect")
    network = Canned(answer, token(), token())
    credential = make("ClientSecretCredential", network, retry_total=3)
    credential.get_token("a/.default")
    credential.get_token("b/.default")
    assert [host_of(sent) for sent in network.sent[1:]] == ["login.microsoftonline.com"] * 2


def test_region_detection_with_custom_policies(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options for the retry policy do not reach a transport that does not know them."""
    monkeypatch.setenv("AZURE_REGIONAL_AUTHORITY_NAME", "tryautodetect")
    network = Canned(Reply("northeurope", headers={"Content-Type": "text/plain"}), token())
    make("ClientSecretCredential", network, policies=[]).get_token(SCOPE)
    assert host_of(network.sent[1]) == "northeurope.login.microsoft.com"


@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("value", ["true", "1", "YES"])
def test_other_tenants_can_be_disabled(make: Maker, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Every call then uses the credential's own tenant, as in azure-identity."""
    monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", value)
    network = entra()
    make(name, network).get_token(SCOPE, tenant_id=OTHER_TENANT)
    assert [TENANT in sent.url for sent in token_requests(network)] == [True]


def test_other_tenants_can_be_disabled_between_two_calls(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is read at each call, also if the other tenant's token is cached."""
    network = Canned(answer=lambda sent: token(sent.url.split("/")[3]))
    credential = make("ClientSecretCredential", network, additionally_allowed_tenants=["*"])
    found = []
    for value in ("", "true", "true", ""):
        monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", value)
        found.append(credential.get_token(SCOPE, tenant_id=OTHER_TENANT).token)
    assert found == [OTHER_TENANT, TENANT, TENANT, OTHER_TENANT]
    assert len(network.sent) == 2


@pytest.mark.parametrize("value", ["false", "0", "no", ""])
def test_false_does_not_disable_other_tenants(make: Maker, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """azure-identity accepts any text as true."""
    monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", value)
    network = entra()
    credential = make("ClientSecretCredential", network, additionally_allowed_tenants=[OTHER_TENANT])
    credential.get_token(SCOPE, tenant_id=OTHER_TENANT)
    assert OTHER_TENANT in network.sent[0].url


def test_an_invalid_flag_is_refused(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable."""
    monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "perhaps")
    network = entra()
    with pytest.raises(ValueError, match="AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"):
        make("ClientSecretCredential", network).get_token(SCOPE, tenant_id=OTHER_TENANT)
    assert not network.sent


@pytest.mark.parametrize("name", sorted(KINDS))
def test_additionally_allowed_tenants(make: Maker, name: str) -> None:
    """Listed ones, or any with "*". Others are refused before anything is sent."""
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
    """The user signed in once. Tokens are cached for each tenant."""
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


def test_version() -> None:
    """``webidentity.__version__``, as in azure-identity."""
    assert isinstance(webidentity.__version__, str)
