"""The base class of the sources of managed identity tokens, one for each kind of host."""

import secrets
import time
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, NamedTuple

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.rest import HttpRequest

from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.managed_identity import RequestedIdentity, no_endpoint, read_host_reply, without_proxy
from webidentity._protocol.token_reply import TokenReply
from webidentity.cache._partition import digest

#: Keeps tokens of the host's own identity apart in a shared store: another process may run on a different host.
_THIS_PROCESS = secrets.token_hex(16)


class SourceRequest(NamedTuple):
    """A request for a token.

    :param resource: the resource that the token is for.
    :param refused: the SHA-256 digest of a token that the resource rejected with a claims challenge.
    :param may_wait: whether to wait and retry if the host fails. False if the caller has a valid token anyway.
    """

    resource: str
    refused: str | None = None
    may_wait: bool = True


class Source:
    """A host that issues tokens over HTTP. By default a GET request; subclasses set parameters and headers.

    :param endpoint: the URL.
    :param secret: the value of the header that authenticates the caller, if the host requires one.
    """

    #: Its name in messages.
    host: str
    api_version: str
    #: The host's parameter names for the ids of a user-assigned identity.
    names: ClassVar[Mapping[str, str]] = {}
    #: The HTTP statuses for an identity that does not exist.
    absent: Collection[int] = (400,)

    def __init__(self, endpoint: str, identity: RequestedIdentity, secret: str = "") -> None:
        self.endpoint = endpoint
        self.identity = identity
        self.secret = secret

    @property
    def authentication(self) -> str:
        """Distinguishes the tokens of hosts of the same kind in a shared store."""
        if self.secret:
            return digest(self.secret)
        return "" if self.identity.is_user_assigned else _THIS_PROCESS

    def token(self, request: SourceRequest) -> Flow[TokenReply]:
        """Return a token.

        :raises CredentialUnavailableError: there is no such host, or it does not have the identity.
        :raises EntraError: the host refused.
        """
        reply, _ = yield from self.exchange(self.build_request(request))
        return reply

    def build_request(self, request: SourceRequest) -> HttpRequest:
        """Return the HTTP request for a token."""
        return HttpRequest("GET", self.endpoint, params=self.parameters(request), headers=self.headers())

    def parameters(self, request: SourceRequest) -> dict[str, str]:
        """Return the parameters of the request."""
        identity = self.identity
        named = {self.names[identity.kind]: identity.value} if identity.is_user_assigned else {}
        return {"api-version": self.api_version, "resource": request.resource, **named}

    def headers(self) -> dict[str, str]:
        """Return the headers that protect against server-side request forgery, or authenticate the caller."""
        return {"Metadata": "true"}

    def exchange(self, request: HttpRequest) -> Flow[tuple[TokenReply, Mapping[str, Any]]]:
        """Send the request, and return the token and the whole reply."""
        now = int(time.time())
        response = yield from self.send(request)
        return self.read(response, now)

    def send(self, request: HttpRequest, **options: Any) -> Flow[Any]:
        """Send a request to the host and return the response.

        :raises CredentialUnavailableError: there is no response.
        """
        try:
            return (yield Send(request, {**without_proxy(self.endpoint), **options}))
        except ClientAuthenticationError:
            raise
        except AzureError as error:
            raise no_endpoint(self.host, type(error).__name__) from error

    def read(self, response: Any, now: int, *more_secrets: str) -> tuple[TokenReply, Mapping[str, Any]]:
        """Return the token and the whole reply of a response."""
        return read_host_reply(
            response,
            now=now,
            host=self.host,
            user_assigned=self.identity.is_user_assigned,
            absent=self.absent,
            secrets=(self.secret, *more_secrets),
        )


class MisconfiguredSource(Source):
    """Stands for a misconfigured environment: get_token raises the error, the constructor does not.

    :param error: the error. Each call raises a new copy.
    """

    host = "nothing"
    api_version = ""

    def __init__(self, error: ClientAuthenticationError) -> None:
        super().__init__("", RequestedIdentity())
        self.kind, self.message = type(error), error.message

    def token(self, request: SourceRequest) -> Flow[TokenReply]:  # noqa: ARG002 - as the base class
        """Raise the error."""
        yield from ()
        raise self.kind(self.message)
