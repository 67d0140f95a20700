"""The grant of VisualStudioCodeCredential: shared cached tokens of the account that is signed in to the editor."""

import os
import stat

from azure.core.credentials import AccessTokenInfo

from webidentity._authority import Tenants
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientAuthentication
from webidentity._flows.shared_account import RecordedAccount, SharedAccountTokens
from webidentity._protocol.effects import Call, Flow
from webidentity._protocol.redaction import scrub
from webidentity._protocol.token_request import TokenRequest
from webidentity._protocol.visual_studio_code import LARGEST, read_record
from webidentity.cache._persistent import PersistentFiles
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import CredentialUnavailableError
from webidentity.record import AuthenticationRecord

#: Where the extension writes its record. On case-insensitive file systems both are the same folder.
_FOLDERS = ("~/.azure", "~/.Azure")
_FILE = "ms-azuretools.vscode-azureresourcegroups/authRecord.json"
_SIGN_IN = "Please ensure you have the Azure Resources extension installed and have signed in to Azure with it"


class VisualStudioCode:
    """Acquires tokens of the account that is signed in to Visual Studio Code. It may change at any time.

    :param tenant_id: the tenant of calls without one; None for the account's tenant.
    """

    def __init__(self, files: PersistentFiles, tenant_id: str | None, additionally_allowed: frozenset[str]) -> None:
        self.files = files
        self.cache = TokenCache.over(files)
        self.tenant_id = tenant_id
        self.additionally_allowed = additionally_allowed

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :param request: its tenant is that of the call, "" if the call has none.
        :raises CredentialUnavailableError: no user is signed in, or only the broker has the account's tokens.
        :raises ClientAuthenticationError: the authority refused, or the call's tenant is not allowed.
        """
        record = yield from self._record()
        tenants = Tenants(self.tenant_id or record.tenant_id, self.additionally_allowed)
        request = request._replace(tenant=tenants.resolve(request.tenant or None))
        user_tokens = UserTokens(
            Client(f"https://{record.authority}", record.client_id, ClientAuthentication()), self.cache
        )
        try:
            return (yield from RecordedAccount(SharedAccountTokens(self.files, user_tokens), record).token(request))
        except CredentialUnavailableError as error:
            raise _only_the_broker(record, error) from error

    def _record(self) -> Flow[AuthenticationRecord]:
        try:
            data: bytes | None = yield Call(_read, blocking=True)
            if data is not None:
                return read_record(data)
        except (OSError, ValueError) as error:
            reason = (error.strerror or type(error).__name__) if isinstance(error, OSError) else error
            raise CredentialUnavailableError(
                message=f"Failed to load authentication record from Visual Studio Code: {reason}. {_SIGN_IN}, or use "
                "AzureCliCredential."
            ) from error
        raise CredentialUnavailableError(
            message="VisualStudioCodeCredential requires the user to be signed in to Azure via Visual Studio Code. "
            f"{_SIGN_IN}, or use AzureCliCredential."
        )


def _read() -> bytes | None:
    """Read the record file, at most LARGEST + 1 bytes. Return None if it does not exist."""
    for folder in _FOLDERS:
        path = os.path.join(os.path.expanduser(folder), _FILE)
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is not a regular file")
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    return None


def _only_the_broker(record: AuthenticationRecord, error: CredentialUnavailableError) -> CredentialUnavailableError:
    return CredentialUnavailableError(
        message=f"VisualStudioCodeCredential has no token of '{scrub(record.username, is_username=True)}', the account "
        "that is signed in to Visual Studio Code. The shared token cache has none, and the Windows broker, which "
        f"azure-identity uses with the 'azure-identity-broker' package, is not supported. ({error.message}) Use "
        "AzureCliCredential or InteractiveBrowserCredential."
    )
