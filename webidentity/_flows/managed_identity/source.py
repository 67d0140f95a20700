"""Where tokens of managed identities come from: one class for each kind of host, with this one as their base."""

import secrets
import time
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, NamedTuple

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.rest import HttpRequest

from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.managed_identity.identity import RequestedIdentity
from webidentity._protocol.managed_identity.reply import no_endpoint, read_host_reply
from webidentity._protocol.proxy_bypass import without_proxy
from webidentity._protocol.token_reply import TokenReply
from webidentity.cache._partition import digest

#: Nobody but this process knows which identity "the host's own" is: another process may be on another host, and share
#: the store of the cache with this one.
_THIS_PROCESS = secrets.token_hex(16)


class SourceRequest(NamedTuple):
    """What a source is asked for.

    :param resource: whose token is wanted.
    :param refused: the SHA-256 of a token that a resource refused with a claims challenge.
    :param patient: whether the caller has nothing else to go on with, so that waiting for the host is worth it.
    """

    resource: str
    refused: str | None = None
    may_wait: bool = True


class Source:
    """A host that answers a GET with parameters and headers of its own.

    :param endpoint: the URL.
    :param secret: what the host wants to see in its header, if it wants any.
    """

    #: What Microsoft calls it, in messages.
    host: str
    api_version: str
    #: The host's names for the ids of a user-assigned identity.
    names: ClassVar[Mapping[str, str]] = {}
    #: The HTTP statuses that say that there is no such identity.
    absent: Collection[int] = (400,)

    def __init__(self, endpoint: str, identity: RequestedIdentity, secret: str = "") -> None:
        self.endpoint = endpoint
        self.identity = identity
        self.secret = secret

    @property
    def authentication(self) -> str:
        """What tells this host's tokens from those of another host of the same name, in a store that both use."""
        if self.secret:
            return digest(self.secret)
        return "" if self.identity.is_user_assigned else _THIS_PROCESS

    def token(self, request: SourceRequest) -> Flow[TokenReply]:
        """Return a token.

        :raises CredentialUnavailableError: there is no such host, or it has no such identity.
        :raises EntraError: the host refused.
        """
        reply, _ = yield from self.exchange(self.build_request(request))
        return reply

    def build_request(self, request: SourceRequest) -> HttpRequest:
        """Return the request for a token."""
        return HttpRequest("GET", self.endpoint, params=self.parameters(request), headers=self.headers())

    def parameters(self, request: SourceRequest) -> dict[str, str]:
        """Return the parameters of the request."""
        identity = self.identity
        named = {self.names[identity.kind]: identity.value} if identity.is_user_assigned else {}
        return {"api-version": self.api_version, "resource": request.resource, **named}

    def headers(self) -> dict[str, str]:
        """Return the headers by which the host knows that the request is no forged one."""
        return {"Metadata": "true"}

    def exchange(self, request: HttpRequest) -> Flow[tuple[TokenReply, Mapping[str, Any]]]:
        """Send the request, and return the token and the whole reply."""
        now = int(time.time())
        response = yield from self.send(request)
        return self.read(response, now)

    def send(self, request: HttpRequest, **options: Any) -> Flow[Any]:
        """Send a request to the host and return the response.

        :raises CredentialUnavailableError: nobody answered.
        """
        try:
            return (yield Send(request, {**without_proxy(self.endpoint), **options}))
        except ClientAuthenticationError:
            raise
        except AzureError as error:
            raise no_endpoint(self.host, type(error).__name__) from error

    def read(self, response: Any, now: int, *more_secrets: str) -> tuple[TokenReply, Mapping[str, Any]]:
        """Return what the response brought."""
        return read_host_reply(
            response,
            now=now,
            host=self.host,
            user_assigned=self.identity.is_user_assigned,
            absent=self.absent,
            secrets=(self.secret, *more_secrets),
        )


class MisconfiguredSource(Source):
    """What the environment says cannot be used; that is an error of who asks for a token, not of who asks last.

    :param error: the error, raised anew each time.
    """

    host = "nothing"
    api_version = ""

    def __init__(self, error: ClientAuthenticationError) -> None:
        super().__init__("", RequestedIdentity())
        self.kind, self.message = type(error), error.message

    def token(self, request: SourceRequest) -> Flow[TokenReply]:  # noqa: ARG002 - whatever is asked
        """Raise the error."""
        yield from ()
        raise self.kind(self.message)
