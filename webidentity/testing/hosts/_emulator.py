"""The emulator of an Azure host: its identities, its endpoint, and the failures that a test scripts."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from azure.core.utils import case_insensitive_dict

from webidentity.testing.hosts._app_service import AppService, AzureMachineLearning, CloudShell
from webidentity.testing.hosts._identities import HostIdentity, TokenMaker, resource_id_of
from webidentity.testing.hosts._machines import AzureArc, Imds
from webidentity.testing.hosts._service_fabric import ServiceFabric
from webidentity.testing.transports._loopback_server import LoopbackServer
from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response
from webidentity.testing.transports._tenant_transport import RecordedRequest

if TYPE_CHECKING:
    from webidentity.testing._tenant import LocalTenant
    from webidentity.testing.hosts._host import HostKind
    from webidentity.testing.transports._tenant_transport import AsyncTenantTransport, TenantTransport


@dataclass(frozen=True, slots=True)
class Failure:
    """A scripted failure. With ``status`` 0 the host keeps the connection open and does not answer."""

    status: int
    retry_after: str | None = None
    body: str | None = None


class Script:
    """The scripted failures, in order."""

    def __init__(self) -> None:
        self._failures: deque[Failure] = deque()
        self._lock = threading.Lock()
        self._end = threading.Event()

    def add(self, failure: Failure, times: int) -> None:
        """Add a failure for this many requests."""
        with self._lock:
            self._failures.extend([failure] * times)

    def next(self) -> Failure | None:
        """Remove and return the next failure, or None."""
        with self._lock:
            return self._failures.popleft() if self._failures else None

    def clear(self) -> None:
        """Remove all failures, and release the waiting requests."""
        with self._lock:
            self._failures.clear()
        self._end.set()
        self._end = threading.Event()

    def wait(self, seconds: float) -> None:
        """Block for up to this many seconds, or until :meth:`clear`."""
        self._end.wait(seconds)


_KINDS: dict[str, type[HostKind]] = {
    "imds": Imds,
    "app_service": AppService,
    "arc": AzureArc,
    "azure_ml": AzureMachineLearning,
    "cloud_shell": CloudShell,
    "service_fabric": ServiceFabric,
}
#: All variables that tell a program which host it runs on.
_VARIABLES = (
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
)
#: Seconds for which a silent host keeps a connection open, longer than any client waits.
_SILENCE = 120.0


class Patch(Protocol):
    """The methods of pytest's ``monkeypatch`` that :meth:`HostEmulator.install` uses."""

    def setenv(self, name: str, value: str) -> None:
        """Set a variable."""
        ...

    def delenv(self, name: str, raising: bool = True) -> None:
        """Remove a variable."""
        ...

    def setattr(self, target: Any, name: Any, value: Any) -> None:
        """Replace an attribute."""
        ...


class HostEmulator:
    """An emulated Azure host on a loopback address, from which ``ManagedIdentityCredential`` acquires tokens.

    :param kind: "imds", "app_service", "arc", "azure_ml", "cloud_shell" or "service_fabric".
    :param tenant: signs the tokens and has the resources. Without one, the host creates a tenant and accepts any
        resource.
    :param system_assigned: whether the host has an identity of its own.
    :param lifetime: the lifetime of a token, in seconds.
    :param clock: returns the time in seconds since the epoch.

    Use it in a ``with`` statement, and pass ``environment`` to the program::

        with HostEmulator("imds", tenant) as host:
            host.install(monkeypatch)
            token = ManagedIdentityCredential().get_token("https://vault.azure.net/.default")
    """

    def __init__(
        self,
        kind: str = "imds",
        tenant: LocalTenant | None = None,
        *,
        system_assigned: bool = True,
        lifetime: int = 86400,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if kind not in _KINDS:
            raise ValueError(f"Unknown kind of host {kind!r}. The kinds are: {', '.join(_KINDS)}.")
        knows_every_resource = tenant is None
        if tenant is None:
            from webidentity.testing._tenant import LocalTenant as NewTenant

            tenant = NewTenant(clock=clock)
        self.tenant: LocalTenant = tenant
        self.kind = kind
        self._tokens = TokenMaker(self.tenant, knows_every_resource, lifetime, clock)
        #: Properties of this kind of host: ``secret``; Arc's ``key_folder``; Service Fabric's ``certificate``.
        self.host: Any = _KINDS[kind](self._tokens)
        self.base_url: str = self.host.address
        #: The requests, in order.
        self.requests: list[RecordedRequest] = []
        self._script = Script()
        self._lock = threading.Lock()
        self._server: LoopbackServer | None = None
        if system_assigned:
            app = self._app(f"{kind} host")
            self._tokens.identities.system_assigned = HostIdentity(
                app, resource_id_of("Microsoft.Compute/virtualMachines", kind)
            )

    def __repr__(self) -> str:
        return f"<HostEmulator {self.kind} {self.base_url}>"

    @property
    def system_assigned(self) -> HostIdentity | None:
        """The system-assigned identity, or None."""
        return self._tokens.identities.system_assigned

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of this host. Unset those of other hosts."""
        return self.host.environment(self.base_url)  # type: ignore[no-any-return]

    def add_identity(self, name: str) -> HostIdentity:
        """Assign a user-assigned identity to the host, and return it."""
        provider = "Microsoft.ManagedIdentity/userAssignedIdentities"
        identity = HostIdentity(self._app(name), resource_id_of(provider, name))
        self._tokens.identities.user_assigned.append(identity)
        return identity

    def install(self, monkeypatch: Patch) -> None:
        """Set this host's environment variables until the test ends, and unset those of other hosts."""
        for name in _VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        if isinstance(self.host, AzureArc):
            # On Linux, no variable locates the agent's folder.
            from webidentity._flows.managed_identity import key_file

            monkeypatch.setattr(key_file, "LINUX_FOLDER", str(self.host.key_folder))

    def fail(
        self, status: int, times: int = 1, *, retry_after: str | int | None = None, body: str | None = None
    ) -> None:
        """Answer the next requests with this HTTP status, and with the host's own error or the given body."""
        after = None if retry_after is None else str(retry_after)
        self._script.add(Failure(status, after, body), times)

    def hang(self, times: int = 1) -> None:
        """Accept the next requests without answering them. The host must be served on a socket."""
        self._script.add(Failure(0), times)

    def handle(self, request: TenantRequest) -> TenantResponse:
        """Answer one request. Thread-safe."""
        with self._lock:
            self.requests.append(_recorded(request))
        failure = self._script.next()
        if failure is None:
            with self._lock:
                return self.host.answer(request)  # type: ignore[no-any-return]
        if failure.status == 0:
            self._script.wait(_SILENCE)
            return json_response(504, {})
        return self._failed(failure)

    def transport(self) -> TenantTransport:
        """A new azure-core transport that sends its requests to this host, in-process.

        It does not work for Service Fabric, whose clients check the certificate of the connection.
        """
        from webidentity.testing.transports._tenant_transport import TenantTransport

        return TenantTransport(self)

    def aio_transport(self) -> AsyncTenantTransport:
        """A new asynchronous azure-core transport that sends its requests to this host, in-process."""
        from webidentity.testing.transports._tenant_transport import AsyncTenantTransport

        return AsyncTenantTransport(self)

    def start(self) -> Self:
        """Start listening on a free port of a loopback address."""
        if self._server is None:
            context = self.host.certificate.context() if isinstance(self.host, ServiceFabric) else None
            self._server = LoopbackServer(self, context=context).start()
        return self

    def close(self) -> None:
        """Stop listening, and remove the host's files. It can be called more than once."""
        self._script.clear()
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.host.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _app(self, name: str) -> Any:
        """The application with this name, registered if necessary, so that several hosts can share an identity."""
        known = next((app for app in self.tenant.apps if app.name == name), None)
        return known or self.tenant.add_app(name)

    def _failed(self, failure: Failure) -> TenantResponse:
        headers = () if failure.retry_after is None else (("Retry-After", failure.retry_after),)
        if failure.body is None:
            refused: TenantResponse = self.host.refuse(failure.status, "emulated", "A scripted failure", *headers)
            return refused
        try:
            json.loads(failure.body)
            content_type = "application/json; charset=utf-8"
        except ValueError:
            content_type = "text/html; charset=utf-8"
        return TenantResponse(failure.status, (("Content-Type", content_type), *headers), failure.body.encode())


def _recorded(request: TenantRequest) -> RecordedRequest:
    return RecordedRequest(request.method, request.url, case_insensitive_dict(dict(request.headers)), request.body)
