"""ManagedIdentityCredential and Service Fabric: the thumbprint of the certificate, over real TLS."""

from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.policies import HeadersPolicy

import webidentity
from tests.kit.canned import Canned
from tests.kit.drivers import Driver
from tests.kit.on_hosts import SCOPE, PutOn, claims_of, credential
from tests.kit.replies import CLIENT
from webidentity.testing import HostEmulator
from webidentity.testing.hosts._service_fabric import ServerCertificate


@pytest.mark.parametrize("digest", ["SHA-1", "SHA-1 with colons", "SHA-256"])
def test_the_certificate_is_accepted_by_its_thumbprint(
    driver: Driver, azure_host: PutOn, monkeypatch: pytest.MonkeyPatch, digest: str
) -> None:
    """The certificate may be self-signed and for another name."""
    certificate = azure_host("service_fabric").host.certificate
    thumbprint = {
        "SHA-1": certificate.thumbprint.lower(),
        "SHA-1 with colons": ":".join(certificate.thumbprint[i : i + 2] for i in range(0, 40, 2)),
        "SHA-256": certificate.thumbprint_sha256,
    }[digest]
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", thumbprint)
    used = credential(driver)
    assert claims_of(used.get_token(SCOPE))["idtyp"] == "app"
    used.close()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"connection_verify": False},
        {"policies": [HeadersPolicy()]},
        {"retry_total": 0},
    ],
    ids=["as it is", "unverified", "own policies", "no retries"],
)
@pytest.mark.parametrize("digest", ["thumbprint", "thumbprint_sha256"])
def test_another_certificate_is_refused_before_anything_is_sent(
    driver: Driver, azure_host: PutOn, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], digest: str
) -> None:
    """No pipeline sends the secret to another program."""
    host = azure_host("service_fabric")
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", getattr(ServerCertificate(), digest))
    used = credential(driver, **options)
    with pytest.raises(webidentity.EntraError, match="IDENTITY_SERVER_THUMBPRINT") as caught:
        used.get_token(SCOPE)
    assert not isinstance(caught.value, webidentity.CredentialUnavailableError)
    assert host.requests == []
    used.close()


def test_custom_policies_use_the_same_verification(driver: Driver, azure_host: PutOn) -> None:
    """A host with the right certificate is accepted with custom policies."""
    host = azure_host("service_fabric")
    used = credential(driver, policies=[HeadersPolicy({"X-Mine": "1"})])
    assert used.get_token(SCOPE).token
    assert host.requests[0].headers["X-Mine"] == "1"
    used.close()


def test_an_endpoint_without_tls_is_refused(driver: Driver, azure_host: PutOn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint is refused before the secret is sent."""
    with HostEmulator("imds") as other:
        azure_host("service_fabric")
        monkeypatch.setenv("IDENTITY_ENDPOINT", other.base_url.replace("http://", "https://"))
        used = credential(driver, retry_total=0)
        with pytest.raises(ClientAuthenticationError):
            used.get_token(SCOPE)
        assert other.requests == []
        used.close()


def test_a_custom_transport_is_refused(driver: Driver, azure_host: PutOn) -> None:
    """It would not compare the thumbprint."""
    azure_host("service_fabric")
    with pytest.raises(ValueError, match="do not pass transport"):
        credential(driver, Canned())


@pytest.mark.parametrize("ids", [{"client_id": CLIENT}, {"identity_config": {"object_id": "x"}}])
def test_the_cluster_assigns_the_identity(driver: Driver, azure_host: PutOn, ids: dict[str, Any]) -> None:
    """get_token raises an authentication error if the credential names one."""
    host = azure_host("service_fabric")
    used = credential(driver, **ids)
    with pytest.raises(ClientAuthenticationError, match="not supported by the Service Fabric") as caught:
        used.get_token(SCOPE)
    assert not isinstance(caught.value, webidentity.CredentialUnavailableError)
    assert host.requests == []


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("IDENTITY_SERVER_THUMBPRINT", "nonsense", "IDENTITY_SERVER_THUMBPRINT must be"),
        ("IDENTITY_ENDPOINT", "http://localhost:1/token", "https"),
    ],
)
def test_an_inconsistent_environment_is_reported(
    driver: Driver, azure_host: PutOn, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    """The secret is never sent unencrypted or to another host."""
    azure_host("service_fabric")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ClientAuthenticationError, match=problem):
        credential(driver).get_token(SCOPE)


def test_an_application_without_an_identity_is_unavailable(
    driver: Driver, azure_host: PutOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain tries the next credential."""
    azure_host("service_fabric")
    monkeypatch.setenv("IDENTITY_HEADER", "another")
    used = credential(driver)
    with pytest.raises(webidentity.CredentialUnavailableError, match="ManagedIdentityNotFound"):
        used.get_token(SCOPE)
    used.close()
