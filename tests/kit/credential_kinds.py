"""The credentials of services, constructed with secrets that are easy to find where they must not be."""

from pathlib import Path
from typing import Any

import pytest

from tests.kit.canned import Answer, Canned, Reply, Sent
from tests.kit.certificates import certificate
from tests.kit.drivers import Credential, Driver, Transports
from tests.kit.replies import CLIENT, TENANT, jwt_of, user_token

CERTIFICATE, CERTIFICATE_PASSWORD = certificate(password=b"canary-password"), "canary-password"
SECRET = "canary-client-secret"
CODE = "canary-authorization-code"
CLIENT_ASSERTION = "canary-client-assertion"
USER_ASSERTION = jwt_of(oid="canary", exp=4_000_000_000)
FILE_TOKEN = "canary-file-token"
SYSTEM_TOKEN = "canary-system-access-token"
PIPELINE_TOKEN = "canary-pipeline-token"
DEVOPS = "https://devops.test/oidc"

#: The keywords of each class, in addition to tenant_id and client_id.
KINDS: dict[str, dict[str, Any]] = {
    "AuthorizationCodeCredential": {
        "authorization_code": CODE,
        "redirect_uri": "https://app.test/callback",
        "client_secret": SECRET,
    },
    "AzurePipelinesCredential": {"service_connection_id": "connection", "system_access_token": SYSTEM_TOKEN},
    "CertificateCredential": {"certificate_data": CERTIFICATE, "password": CERTIFICATE_PASSWORD},
    "ClientAssertionCredential": {"func": lambda: CLIENT_ASSERTION},
    "ClientSecretCredential": {"client_secret": SECRET},
    "OnBehalfOfCredential": {"user_assertion": USER_ASSERTION, "client_secret": SECRET},
    "WorkloadIdentityCredential": {"token_file_path": "?"},
}
#: The credentials without a user.
APP_ONLY = sorted(KINDS.keys() - {"AuthorizationCodeCredential", "OnBehalfOfCredential"})


class Maker:
    """Makes credentials of any class, with the files and variables that they need."""

    def __init__(self, driver: Driver, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.driver = driver
        self.token_file = folder / "token"
        self.token_file.write_text(FILE_TOKEN)
        monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", DEVOPS)

    def __call__(self, name: str, network: Transports, **options: Any) -> Credential:
        arguments = {"tenant_id": TENANT, "client_id": CLIENT, "retry_total": 0, **KINDS[name], **options}
        if name == "WorkloadIdentityCredential" and arguments["token_file_path"] == "?":
            arguments["token_file_path"] = str(self.token_file)
        return self.driver.credential(name, network, **arguments)


def entra(answer: Answer | None = None, **options: Any) -> Canned:
    """Return a network with Azure DevOps and an authority. By default it numbers its tokens."""

    def reply(sent: Sent) -> Reply | Exception:
        if sent.url.startswith(DEVOPS):
            return Reply({"oidcToken": PIPELINE_TOKEN})
        return answer(sent) if answer is not None else user_token(f"token-{len(token_requests(network))}")

    network = Canned(answer=reply, **options)
    return network


def token_requests(network: Canned) -> list[Sent]:
    """Return the requests to the token endpoint."""
    return [sent for sent in network.sent if sent.url.endswith("/oauth2/v2.0/token")]
