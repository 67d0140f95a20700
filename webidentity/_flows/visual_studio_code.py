"""The grant of VisualStudioCodeCredential: what the shared cache has of the account that the editor is signed in to."""

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

#: Where the extension writes its record; on some systems the two are one.
_FOLDERS = ("~/.azure", "~/.Azure")
_FILE = "ms-azuretools.vscode-azureresourcegroups/authRecord.json"
_SIGN_IN = "Please ensure you have the Azure Resources extension installed and have signed in to Azure with it"


class VisualStudioCode:
    """Acquires tokens of the account that Visual Studio Code is signed in to, which may change at any time.

    :param tenant_id: the tenant of calls that name none; None for that of the account.
    """

    def __init__(self, files: PersistentFiles, tenant_id: str | None, additionally_allowed: frozenset[str]) -> None:
        self.files = files
        self.cache = TokenCache.over(files)
        self.tenant_id = tenant_id
        self.additionally_allowed = additionally_allowed

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token.

        :param request: with the tenant that the call named, "" for none.
        :raises CredentialUnavailableError: nobody is signed in, or only the broker has the account's tokens.
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
    """Return the content of the record, and no more of it than shows that it is none; None if there is none."""
    for folder in _FOLDERS:
        path = os.path.join(os.path.expanduser(folder), _FILE)
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is no regular file")
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    return None


def _only_the_broker(record: AuthenticationRecord, error: CredentialUnavailableError) -> CredentialUnavailableError:
    return CredentialUnavailableError(
        message=f"VisualStudioCodeCredential has no token of '{scrub(record.username)}', who is signed in to Visual "
        "Studio Code: only the broker of Windows has one, which this class does not ask as azure-identity's does with "
        f"the 'azure-identity-broker' package, and in the cache that programs share there is none. ({error.message}) "
        "Use AzureCliCredential, or InteractiveBrowserCredential."
    )
