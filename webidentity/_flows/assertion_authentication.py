"""Client authentication with an assertion from a callable, a file or Azure Pipelines."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

from azure.core.rest import HttpRequest

from webidentity._flows.client_authentication import ClientAuthentication, assertion_fields
from webidentity._json import as_text, parse_object
from webidentity._protocol.effects import Call, Flow, Send
from webidentity._protocol.token_reply import read_text
from webidentity.cache._partition import digest
from webidentity.errors import CredentialUnavailableError, EntraError

_PIPELINES_VARIABLE = "SYSTEM_OIDCREQUESTURI"
_PIPELINES_API_VERSION = "7.1"
#: Identifies one version of the file: modification time in nanoseconds, size and inode.
_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class AssertionAuthentication(ClientAuthentication):
    """Sends the assertion that a callable returns. It is called for each token request.

    :param func: with async credentials, it may return an awaitable.
    """

    func: Callable[[], object] = field(repr=False)
    _identity: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not callable(self.func):
            raise TypeError("the client assertion should be a callable, which returns a new one for each token request")
        object.__setattr__(self, "_identity", _identity_of(self.func))

    @property
    def fingerprint(self) -> str:
        """The identity of the callable in this process, because its results change."""
        return self._identity

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - not needed by the callable
        """Return the form fields with a new assertion from the callable."""
        return assertion_fields((yield Call(self.func)))


_IDENTITIES: WeakKeyDictionary[Any, dict[Any, str]] = WeakKeyDictionary()


def _identity_of(func: Callable[..., Any]) -> str:
    """Return a random, stable name for the callable. Bound methods are identified by object and function."""
    owner, part = getattr(func, "__self__", func), getattr(func, "__func__", None)
    try:
        return _IDENTITIES.setdefault(owner, {}).setdefault(part, secrets.token_hex(16))
    except TypeError:
        # Neither hashable nor weakly referable: its tokens are not shared.
        return secrets.token_hex(16)


@dataclass
class TokenFileAuthentication(ClientAuthentication):
    """Sends the content of a file as the assertion. The file is read again when it has changed.

    :param path: the file.
    """

    path: str
    _read_last: tuple[_Stamp, str] | None = field(default=None, init=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """The digest of the path: access to the file is what authenticates the client."""
        return digest(f"file {os.path.abspath(self.path)}")

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - not needed for a file
        """Return the form fields with the content of the file.

        :raises OSError: it cannot be read.
        :raises ValueError: it is empty.
        """
        content = yield Call(self._read, blocking=True)
        if not content:
            raise ValueError(f"the token file {self.path} is empty: check that the pod is labelled for Workload ID")
        return assertion_fields(content)

    def renew(self) -> bool:
        """Read the file again at the next token request."""
        self._read_last = None
        return True

    def _read(self) -> str:
        found = os.stat(self.path)
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        last = self._read_last
        if last is None or last[0] != stamp:
            with open(self.path, encoding="utf-8") as file:
                last = self._read_last = (stamp, file.read().strip())
        return last[1]


@dataclass(frozen=True)
class PipelinesAuthentication(ClientAuthentication):
    """Requests an assertion from Azure DevOps for each token request."""

    service_connection_id: str
    system_access_token: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The digest of the service connection and the access token."""
        return digest(f"{self.service_connection_id} {self.system_access_token}")

    def fields(self, token_endpoint: str, tenant: str) -> Flow[dict[str, str]]:  # noqa: ARG002 - not needed by DevOps
        """Return the form fields with a new assertion.

        :raises CredentialUnavailableError: this is not an Azure Pipelines job.
        :raises EntraError: Azure DevOps refused.
        """
        address = os.environ.get(_PIPELINES_VARIABLE)
        if not address:
            raise CredentialUnavailableError(
                message=f"Missing value for the {_PIPELINES_VARIABLE} environment variable. Azure Pipelines sets it in "
                "its jobs; AzurePipelinesCredential works only there."
            )
        query = urlencode({"api-version": _PIPELINES_API_VERSION, "serviceConnectionId": self.service_connection_id})
        request = HttpRequest(
            "POST",
            f"{address.rstrip('/')}?{query}",
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.system_access_token}",
                # Otherwise Azure DevOps answers an expired access token with a sign-in page.
                "X-TFS-FedAuthRedirect": "Suppress",
            },
        )
        response = yield Send(request)
        document = parse_object(read_text(response)) or {} if response.status_code == 200 else {}
        assertion = as_text(document.get("oidcToken"))
        if assertion is None:
            # Not azure-core's class, which would replace the message with the text of the response.
            raise EntraError(
                f"Azure DevOps issued no token for the service connection (HTTP {response.status_code}). Check "
                "the service connection's id, and that system_access_token is the job's System.AccessToken.",
                response=response,
            )
        return assertion_fields(assertion)
