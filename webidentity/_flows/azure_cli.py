"""The grant of AzureCliCredential: ``az account get-access-token``."""

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError

from webidentity._flows.tool import Tool
from webidentity._protocol.developer_tools import check_scopes, encode_claims, read_azure_cli
from webidentity._protocol.effects import Completed, Flow
from webidentity._protocol.redaction import redact
from webidentity._protocol.token_request import TokenRequest, resource_of
from webidentity.cache._flights import Flights
from webidentity.errors import CredentialUnavailableError

TOOL = Tool(
    title="Azure CLI",
    name="the Azure CLI",
    programs=("az",),
    windows_programs=("az.cmd", "az.exe"),
    missing="Azure CLI not found on path",
    switches={"AZURE_CORE_NO_COLOR": "true"},
    help="See https://aka.ms/azsdk/python/identity/azclicredential/troubleshoot.",
)


class AzureCli:
    """Asks the Azure CLI for tokens of its signed-in user.

    Tokens are not cached, because ``az login`` may switch the user at any time. Concurrent calls share one process.

    :param subscription: ID or name of the subscription whose account to use, or None for the current one.
    :param process_timeout: seconds to wait for the process.
    """

    def __init__(self, subscription: str | None, process_timeout: float | None) -> None:
        self.subscription = subscription
        self.process_timeout = process_timeout
        self._flights = Flights()

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :raises ValueError: there are several scopes, or one is malformed.
        :raises ~webidentity.CredentialUnavailableError: no user is signed in, or the tool cannot be used.
        :raises ~azure.core.exceptions.ClientAuthenticationError: the tool failed.
        """
        resource = resource_of(request.scopes)
        check_scopes(request.scopes)
        if request.claims:
            raise CredentialUnavailableError(message=_hint(request, request.claims))
        arguments = ["account", "get-access-token", "--output", "json", "--resource", resource]
        if request.tenant:
            arguments += ["--tenant", request.tenant]
        if self.subscription:
            arguments += ["--subscription", self.subscription]
        return (yield from self._flights.share(tuple(arguments), lambda: self._run(arguments)))

    def _run(self, arguments: list[str]) -> Flow[AccessTokenInfo]:
        completed = yield from TOOL.run(arguments, self.process_timeout)
        if completed.returncode != 0:
            raise _failure(completed)
        token = read_azure_cli(completed.stdout)
        if token is None:
            message = f"Unexpected output from Azure CLI: '{redact(completed.stdout)}'. {TOOL.help}"
            raise ClientAuthenticationError(message=message)
        return token


def _failure(completed: Completed) -> ClientAuthenticationError:
    stderr = completed.stderr
    if TOOL.is_missing(completed):
        return CredentialUnavailableError(message=TOOL.missing)
    # If Entra refused, the tool may also advise to sign in again, but the error from Entra is the better message.
    if ("az login" in stderr or "az account set" in stderr) and "AADSTS" not in stderr:
        return CredentialUnavailableError(message="Please run 'az login' to set up an account")
    return ClientAuthenticationError(message=redact(stderr) or "Failed to invoke Azure CLI")


def _hint(request: TokenRequest, claims: str) -> str:
    """Return the message with the command to run: the tool satisfies a claims challenge by signing in."""
    command = f"az login --claims-challenge {encode_claims(claims)}"
    if request.tenant:
        command += f" --tenant {request.tenant}"
    return (
        "This credential doesn't support claims challenges. To authenticate with the required claims, please run the "
        f"following command (requires Azure CLI version 2.76.0 or later): {command} --scope {request.scopes[0]}"
    )
