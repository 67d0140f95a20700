"""WorkloadIdentityCredential: where its values come from, and when it reads the token file again."""

import os
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.kit.canned import Canned
from tests.kit.certificates import key_pair
from tests.kit.clock import Clock
from tests.kit.drivers import Credential, Driver, Transports
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT, refusal, token
from webidentity.cache import TokenCache
from webidentity.errors import EntraError
from webidentity.testing import LocalTenant, SigningKeyPair

VARIABLES = {
    "tenant_id": "AZURE_TENANT_ID",
    "client_id": "AZURE_CLIENT_ID",
    "token_file_path": "AZURE_FEDERATED_TOKEN_FILE",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "azure-identity-token"
    path.write_text("file-token-1\n")
    return path


def credential_of(driver: Driver, network: Transports, **options: Any) -> Credential:
    return driver.credential("WorkloadIdentityCredential", network, retry_total=0, **options)


def numbered() -> Canned:
    network = Canned(answer=lambda _: token(f"token-{len(network.sent)}"))
    return network


def assertions(network: Canned) -> list[str]:
    return [form["client_assertion"] for form in network.forms]


def test_the_environment_of_a_pod_is_enough(driver: Driver, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The webhook of Microsoft Entra Workload ID sets all required variables."""
    for name, value in (("tenant_id", TENANT), ("client_id", CLIENT), ("token_file_path", str(file))):
        monkeypatch.setenv(VARIABLES[name], value)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")
    network = numbered()
    credential_of(driver, network).get_token(SCOPE)
    assert network.sent[0].url == f"https://login.microsoftonline.us/{TENANT}/oauth2/v2.0/token"
    assert network.forms[0] == {
        "client_id": CLIENT,
        "client_assertion": "file-token-1",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_info": "1",
        "grant_type": "client_credentials",
        "scope": SCOPE,
    }


def test_arguments_take_precedence_over_the_environment(
    driver: Driver, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each independently."""
    for variable in VARIABLES.values():
        monkeypatch.setenv(variable, "from-the-environment")
    network = numbered()
    credential_of(driver, network, tenant_id=OTHER_TENANT, token_file_path=str(file)).get_token(SCOPE)
    assert OTHER_TENANT in network.sent[0].url
    assert network.forms[0]["client_id"] == "from-the-environment"


@pytest.mark.parametrize("missing", VARIABLES)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_value_is_named(driver: Driver, missing: str, value: str | None) -> None:
    """The constructor names the missing value and the variable that can provide it."""
    given: dict[str, Any] = {"tenant_id": TENANT, "client_id": CLIENT, "token_file_path": "/token", missing: value}
    with pytest.raises(ValueError, match=missing) as caught:
        credential_of(driver, Canned(), **given)
    assert VARIABLES[missing] in str(caught.value)
    assert "azure.workload.identity/use" in str(caught.value)


def replace(file: Path, content: str) -> None:
    """Replace the file as Kubernetes does, with a new file."""
    new = file.with_suffix(".new")
    new.write_text(content)
    os.replace(new, file)


def test_a_rotated_file_is_read_at_the_next_token_request(driver: Driver, file: Path) -> None:
    """Immediately after it changes."""
    network = numbered()
    credential = credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=str(file))
    credential.get_token("a/.default")
    replace(file, "file-token-2")
    credential.get_token("b/.default")
    file.write_text("file-token-3, written in place")
    credential.get_token("c/.default")
    assert assertions(network) == ["file-token-1", "file-token-2", "file-token-3, written in place"]


def test_a_file_that_did_not_change_is_not_read_again(
    driver: Driver, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its modification time and size are compared."""
    network = numbered()
    credential = credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=str(file))
    credential.get_token("a/.default")
    found = file.stat()
    with file.open("r+") as same:
        same.write("FILE-TOKEN-1\n")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    credential.get_token("b/.default")
    assert assertions(network) == ["file-token-1", "file-token-1"]


def expired() -> Any:
    return refusal("invalid_client", "AADSTS700024: expired", status=401, error_codes=[700024])


def test_an_expired_token_is_read_and_sent_once_more(driver: Driver, file: Path) -> None:
    """The file may have changed without a new modification time."""
    network = Canned(token("first"), expired(), token("second"))
    credential = credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=str(file))
    credential.get_token("a/.default")
    found = file.stat()
    with file.open("r+") as same:
        same.write("FILE-TOKEN-1\n")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert credential.get_token("b/.default").token == "second"
    assert assertions(network) == ["file-token-1", "file-token-1", "FILE-TOKEN-1"]


def test_an_expired_token_is_sent_at_most_twice(driver: Driver, file: Path) -> None:
    """A wrong clock stays wrong."""
    network = Canned(expired(), expired())
    credential = credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=str(file))
    with pytest.raises(EntraError, match=r"700024.*clock") as caught:
        credential.get_token(SCOPE)
    assert caught.value.error_codes == (700024,)
    assert len(network.sent) == 2


def test_other_refusals_are_not_repeated(driver: Driver, file: Path) -> None:
    """Reading the file again would not help."""
    network = Canned(refusal("invalid_client", "AADSTS700213", status=401, error_codes=[700213]))
    credential = credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=str(file))
    with pytest.raises(EntraError, match="Compare the token's issuer"):
        credential.get_token(SCOPE)
    assert len(network.sent) == 1


def test_a_missing_file_fails_the_call_and_names_it(driver: Driver, file: Path) -> None:
    """The constructor accepts a missing file, because the volume may be mounted later."""
    path = str(file.with_name("later"))
    network = numbered()
    credential = credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=path)
    with pytest.raises(FileNotFoundError, match="later"):
        credential.get_token(SCOPE)
    assert not network.sent
    Path(path).write_text("now")
    assert credential.get_token(SCOPE).token == "token-1"


def test_an_empty_file_is_reported(driver: Driver, file: Path) -> None:
    """An empty file is an error, and no request is sent."""
    file.write_text("\n")
    network = numbered()
    credential = credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=str(file))
    with pytest.raises(ValueError, match="empty"):
        credential.get_token(SCOPE)
    assert not network.sent


def test_a_valid_token_is_served_while_the_file_is_missing(driver: Driver, file: Path, clock: Clock) -> None:
    """A token in its refresh window is served while the file is missing."""
    network = numbered()
    credential = credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=str(file))
    credential.get_token(SCOPE)
    file.unlink()
    clock.advance(3600 - 100)
    assert credential.get_token(SCOPE).token == "token-1"
    driver.settle()


def test_credentials_of_one_file_share_a_cache(driver: Driver, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under any path of this file. A different file has different tokens."""
    monkeypatch.chdir(file.parent)
    other = file.with_name("other")
    other.write_text("other")
    cache, network = TokenCache(), numbered()
    tokens = [
        credential_of(driver, network, tenant_id=TENANT, client_id=CLIENT, token_file_path=path, token_cache=cache)
        .get_token(SCOPE)
        .token
        for path in (str(file), file.name, str(other))
    ]
    assert tokens == ["token-1", "token-1", "token-2"]


def test_a_tenant_accepts_the_clusters_token(driver: Driver, file: Path) -> None:
    """Signed by the cluster, with the subject of the service account."""
    tenant, key = LocalTenant(), SigningKeyPair("key", key_pair(name="issuer")[0])
    app, subject = tenant.add_app("workload"), "system:serviceaccount:shop:api"
    tenant.trust(app, issuer="https://cluster.test/", subject=subject, key=key)
    claims = {"iss": "https://cluster.test/", "sub": subject, "aud": "api://AzureADTokenExchange"}
    file.write_text(key.sign({**claims, "exp": 1}))
    credential = credential_of(
        driver,
        tenant,
        tenant_id=tenant.tenant_id,
        client_id=app.client_id,
        token_file_path=str(file),
        authority=tenant.base_url,
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS700024"):
        credential.get_token(SCOPE)
    file.write_text(key.sign({**claims, "exp": 4_000_000_000}))
    assert credential.get_token(SCOPE).token
