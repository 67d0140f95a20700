"""The grant of AzureDeveloperCliCredential: ``azd auth token``."""

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError

from webidentity._flows.tool import Tool
from webidentity._protocol.developer_tools import check_scopes, developer_cli_error, encode_claims, read_developer_cli
from webidentity._protocol.effects import Completed, Flow
from webidentity._protocol.redaction import redact
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._flights import Flights
from webidentity.errors import CredentialUnavailableError

TOOL = Tool(
    title="Azure Developer CLI",
    name="the Azure Developer CLI",
    programs=("azd",),
    windows_programs=("azd.exe", "azd.cmd"),
    missing=(
        "Azure Developer CLI could not be found. Please visit https://aka.ms/azure-dev for installation instructions, "
        "and then sign in with 'azd auth login'."
    ),
    switches={"NO_COLOR": "true"},
    help="See https://aka.ms/azsdk/python/identity/azdevclicredential/troubleshoot.",
)
_NOT_LOGGED_IN = "not logged in, run `azd auth login` to login"


class AzureDeveloperCli:
    """Asks the Azure Developer CLI for tokens of its signed-in user or service principal.

    Tokens are not cached, because ``azd auth login`` may switch the user at any time. Concurrent calls share one
    process.

    :param process_timeout: seconds to wait for the process.
    """

    def __init__(self, process_timeout: float | None) -> None:
        self.process_timeout = process_timeout
        self._flights = Flights()

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :raises ValueError: a scope is malformed.
        :raises ~webidentity.CredentialUnavailableError: no user is signed in, or the tool cannot be used.
        :raises ~azure.core.exceptions.ClientAuthenticationError: the tool failed.
        """
        check_scopes(request.scopes)
        arguments = ["auth", "token", "--output", "json", "--no-prompt"]
        for scope in request.scopes:
            arguments += ["--scope", scope]
        if request.tenant:
            arguments += ["--tenant-id", request.tenant]
        if request.claims:
            arguments += ["--claims", encode_claims(request.claims)]
        return (yield from self._flights.share(tuple(arguments), lambda: self._run(arguments)))

    def _run(self, arguments: list[str]) -> Flow[AccessTokenInfo]:
        completed = yield from TOOL.run(arguments, self.process_timeout)
        if completed.returncode != 0:
            raise _failure(completed)
        token = read_developer_cli(completed.stdout)
        if token is None:
            message = developer_cli_error(completed.stdout) or (
                f"Unexpected output from Azure Developer CLI: '{redact(completed.stdout)}'. {TOOL.help}"
            )
            raise ClientAuthenticationError(message=message)
        return token


def _failure(completed: Completed) -> ClientAuthenticationError:
    if TOOL.is_missing(completed):
        return CredentialUnavailableError(message=TOOL.missing)
    output = f"{completed.stdout}\n{completed.stderr}"
    if _NOT_LOGGED_IN in output and "AADSTS" not in output:
        return CredentialUnavailableError(
            message="Please run 'azd auth login' from a command prompt to authenticate before using this credential."
        )
    if "unknown flag: --claims" in output:
        return CredentialUnavailableError(
            message="Claims challenges are not supported by the Azure Developer CLI version you are using. Please "
            "update to version 1.18.1 or later."
        )
    message = developer_cli_error(completed.stdout) or developer_cli_error(completed.stderr)
    return ClientAuthenticationError(
        message=message or redact(completed.stderr) or "Failed to invoke Azure Developer CLI"
    )
