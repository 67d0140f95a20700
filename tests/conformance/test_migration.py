"""A program that changes only its import lines does the same."""

from typing import Any

import pytest

from tests.kit.libraries import GRAPH, SECRET, USER_READ, ScenarioSetup

PROGRAM = """
import asyncio

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthenticationRecord,
    AuthenticationRequiredError,
    AzureAuthorityHosts,
    CertificateCredential,
    ChainedTokenCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    DeviceCodeCredential,
    EnvironmentCredential,
    OnBehalfOfCredential,
    TokenCachePersistenceOptions,
    get_bearer_token_provider,
)
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential

common = {
    "authority": setup.tenant.base_url,
    "transport": setup.tenant.transport(),
    "disable_instance_discovery": True,
    "retry_total": 0,
}
tenant, client = setup.tenant.tenant_id, setup.api.client_id
printed = []

with ClientSecretCredential(tenant, client, secret, **common) as credential:
    token = credential.get_token(graph)
    printed.append(token.token == credential.get_token(graph).token)
    printed.append(credential.get_token_info(graph, options={"enable_cae": True}).token_type)
    printed.append(bool(get_bearer_token_provider(credential, graph)()))

printed.append(bool(ClientAssertionCredential(tenant, client, setup.assertion, **common).get_token(graph)))
delegated = OnBehalfOfCredential(tenant, client, client_secret=secret, user_assertion=setup.user_assertion(), **common)
printed.append(bool(delegated.get_token(user_read)))

chain = ChainedTokenCredential(EnvironmentCredential(), ClientSecretCredential(tenant, client, secret, **common))
printed.append(bool(chain.get_token(graph)))

try:
    EnvironmentCredential().get_token(graph)
except CredentialUnavailableError as error:
    printed.append(isinstance(error, ClientAuthenticationError))

try:
    ClientSecretCredential(tenant, client, "wrong", **common).get_token(graph)
except ClientAuthenticationError as error:
    printed.append("AADSTS7000215" in error.message)

try:
    DeviceCodeCredential(disable_automatic_authentication=True, **common).get_token(user_read)
except AuthenticationRequiredError as error:
    printed.append(error.scopes)

for wrong in (lambda: ClientSecretCredential(tenant, client, ""), lambda: ClientSecretCredential("", client, secret)):
    try:
        wrong()
    except ValueError:
        printed.append("ValueError")

record = AuthenticationRecord(tenant, client, AzureAuthorityHosts.AZURE_PUBLIC_CLOUD, "home", "ada")
printed.append(AuthenticationRecord.deserialize(record.serialize()).authority)
printed.append(TokenCachePersistenceOptions(name="mine").name)


async def main():
    aio = {**common, "transport": setup.tenant.aio_transport()}
    async with AsyncClientSecretCredential(tenant, client, secret, **aio) as credential:
        return bool(await credential.get_token(graph))


printed.append(asyncio.run(main()))
"""


def run(program: str) -> list[Any]:
    """Run the program and return what it printed."""
    names: dict[str, Any] = {"setup": ScenarioSetup(), "secret": SECRET, "graph": GRAPH, "user_read": USER_READ}
    exec(compile(program, "program", "exec"), names)
    return names["printed"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:msal", "ignore::DeprecationWarning:azure")
def test_only_the_import_lines_change() -> None:
    """The program uses the main classes, a chain, errors, the record and asyncio."""
    before = run(PROGRAM)
    after = run(PROGRAM.replace("from azure.identity", "from webidentity"))
    assert after == before
    assert len(before) == 14
    assert before.count(False) == 0
