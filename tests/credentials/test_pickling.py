"""Credentials can be pickled: with their settings, without tokens and connections."""

import pickle
from typing import Any

import pytest

import webidentity
import webidentity.aio
from tests.kit.certificates import certificate
from tests.kit.replies import CLIENT, TENANT
from webidentity._lazy_names import CREDENTIALS

CONSTRUCTED: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "ClientSecretCredential": ((TENANT, CLIENT, "s3cret"), {}),
    "CertificateCredential": ((TENANT, CLIENT), {"certificate_data": certificate()}),
    "ClientAssertionCredential": ((TENANT, CLIENT, str), {}),
    "AuthorizationCodeCredential": ((TENANT, CLIENT, "the-code", "https://app.test/"), {}),
    "OnBehalfOfCredential": ((TENANT, CLIENT), {"client_secret": "s3cret", "user_assertion": "assertion"}),
    "DeviceCodeCredential": ((CLIENT,), {"tenant_id": TENANT, "prompt_callback": print}),
    "InteractiveBrowserCredential": ((), {"client_id": CLIENT, "tenant_id": TENANT}),
    "UsernamePasswordCredential": ((CLIENT, "ada@tenant.test", "password"), {"tenant_id": TENANT}),
    "WorkloadIdentityCredential": (
        (),
        {"tenant_id": TENANT, "client_id": CLIENT, "token_file_path": "/var/run/secrets/token"},
    ),
    "AzurePipelinesCredential": (
        (),
        {
            "tenant_id": TENANT,
            "client_id": CLIENT,
            "service_connection_id": "connection",
            "system_access_token": "system-token",
        },
    ),
}

#: All others: a new credential is one of them until it is added above.
OTHERS = sorted({name for name in CREDENTIALS if name.endswith("Credential")} - CONSTRUCTED.keys())


@pytest.mark.filterwarnings("ignore:UsernamePasswordCredential is deprecated:DeprecationWarning")
@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
@pytest.mark.parametrize("name", sorted(CONSTRUCTED))
def test_a_credential_survives_pickling(package: Any, name: str) -> None:
    """The copy has the same class and the same grant."""
    arguments, keywords = CONSTRUCTED[name]
    credential = getattr(package, name)(*arguments, retry_total=1, **keywords)
    copy = pickle.loads(pickle.dumps(credential))
    assert type(copy) is type(credential)
    assert copy._pipeline._options == {"retry_total": 1}
    assert copy._token_source._tenants.default == TENANT
    client = getattr(copy._token_source._grant, "client", None) or copy._token_source._grant.user_tokens.client
    assert client.client_id == CLIENT


@pytest.mark.filterwarnings("ignore:SharedTokenCacheCredential is deprecated:DeprecationWarning")
@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
@pytest.mark.parametrize("name", OTHERS)
def test_a_credential_without_arguments_survives_pickling(package: Any, name: str) -> None:
    """The copy has the same class."""
    members = [package.AzureCliCredential()] if name == "ChainedTokenCredential" else []
    credential = getattr(package, name)(*members)
    assert type(pickle.loads(pickle.dumps(credential))) is type(credential)


def test_a_pickle_has_no_tokens() -> None:
    """A pickle may be stored; the copy can request new tokens."""
    from tests.kit.canned import Canned
    from tests.kit.replies import token

    transport = Canned(token("tkn")).transport()
    credential = webidentity.ClientSecretCredential(TENANT, CLIENT, "s3cret", transport=transport)
    assert credential.get_token("a").token == "tkn"
    credential._pipeline._options.clear()
    assert b"tkn" not in pickle.dumps(credential)


@pytest.mark.parametrize("package", [webidentity, webidentity.aio], ids=["sync", "aio"])
def test_a_pickled_managed_identity_keeps_its_host(package: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is read once, by the constructor."""
    monkeypatch.setenv("MSI_ENDPOINT", "http://localhost:1/msi/token")
    monkeypatch.setenv("MSI_SECRET", "msi-secret")
    pickled = pickle.dumps(package.ManagedIdentityCredential(client_id=CLIENT, retry_total=1))
    monkeypatch.delenv("MSI_ENDPOINT")
    copy = pickle.loads(pickled)
    source = copy._token_source._grant.source
    assert (source.host, source.endpoint, source.identity.value) == ("Azure ML", "http://localhost:1/msi/token", CLIENT)
    assert copy._pipeline._options == {"retry_total": 1}
