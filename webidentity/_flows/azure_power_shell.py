"""The grant of AzurePowerShellCredential: ``Get-AzAccessToken``."""

import logging

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError

from webidentity._flows.tool import Tool
from webidentity._protocol.developer_tools import check_scopes, encode_claims
from webidentity._protocol.effects import Completed, Flow
from webidentity._protocol.power_shell import NO_MODULE, encode_script, plain_error, read_power_shell, token_script
from webidentity._protocol.redaction import redact
from webidentity._protocol.token_request import TokenRequest, resource_of
from webidentity.cache._flights import Flights
from webidentity.errors import CredentialUnavailableError

_LOGGER = logging.getLogger(__name__)

TOOL = Tool(
    title="Azure PowerShell",
    name="PowerShell",
    programs=("pwsh",),
    # The second is Windows PowerShell, which is part of Windows.
    windows_programs=("pwsh.exe", "powershell.exe"),
    missing="PowerShell is not installed",
    switches={"NO_COLOR": "true"},
    help="See https://aka.ms/azsdk/python/identity/powershellcredential/troubleshoot.",
)


class AzurePowerShell:
    """Asks the Az.Accounts module of PowerShell for tokens of its signed-in user.

    Tokens are not cached, because ``Connect-AzAccount`` may switch the user at any time. Concurrent calls share one
    process.

    :param process_timeout: seconds to wait for the process.
    """

    def __init__(self, process_timeout: float | None) -> None:
        self.process_timeout = process_timeout
        self._flights = Flights()

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :raises ValueError: there are several scopes, or one is malformed.
        :raises ~webidentity.CredentialUnavailableError: no user is signed in, or PowerShell cannot be used.
        :raises ~azure.core.exceptions.ClientAuthenticationError: PowerShell printed no token.
        """
        resource = resource_of(request.scopes)
        check_scopes(request.scopes)
        if request.claims:
            raise CredentialUnavailableError(message=_hint(request, request.claims))
        script = token_script(resource, request.tenant)
        return (yield from self._flights.share(script, lambda: self._run(script)))

    def _run(self, script: str) -> Flow[AccessTokenInfo]:
        arguments = ("-NoProfile", "-NonInteractive", "-EncodedCommand", encode_script(script))
        completed = yield from TOOL.run(arguments, self.process_timeout)
        if completed.returncode != 0:
            raise _failure(completed)
        if NO_MODULE in completed.stdout:
            raise CredentialUnavailableError(
                message="Az.Account module >= 2.2.0 is not installed. Install-Module Az.Accounts installs it."
            )
        token = read_power_shell(completed.stdout)
        if token is None:
            message = f'Unexpected output from Get-AzAccessToken: "{redact(completed.stdout)}"'
            raise ClientAuthenticationError(message=message)
        return token


def _failure(completed: Completed) -> CredentialUnavailableError:
    stderr = plain_error(completed.stderr)
    if TOOL.is_missing(completed) or "' is not recognized" in stderr:
        return CredentialUnavailableError(message=TOOL.missing)
    if "Run Connect-AzAccount to login" in stderr:
        return CredentialUnavailableError(message='Please run "Connect-AzAccount" to set up account')
    if "AuthorizationManager check failed" in stderr:
        return CredentialUnavailableError(message="Execution policy prevented invoking Azure PowerShell")
    # Too long for an exception message.
    _LOGGER.debug('Azure PowerShell failed with code %s: "%s"', completed.returncode, redact(stderr))
    return CredentialUnavailableError(
        message=f"Failed to invoke PowerShell. Enable debug logging for additional information. {TOOL.help}"
    )


def _hint(request: TokenRequest, claims: str) -> str:
    """Return the message with the command to run: PowerShell satisfies a claims challenge by signing in."""
    command = f"Connect-AzAccount -ClaimsChallenge {encode_claims(claims)}"
    if request.tenant:
        command += f" -Tenant {request.tenant}"
    return (
        "This credential doesn't support claims challenges. To authenticate with the required claims, please run the "
        f"following command (requires Az.Accounts module version 5.2.0 or later): {command}"
    )
