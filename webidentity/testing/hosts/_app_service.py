"""The hosts with a local token service: App Service and Functions, Azure Machine Learning, Cloud Shell.

App Service follows Microsoft's "How to use managed identities for App Service and Azure Functions", REST endpoint
reference.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webidentity.testing.hosts._host import HostKind
from webidentity.testing.transports._messages import TenantRequest, TenantResponse, json_response

if TYPE_CHECKING:
    from webidentity.testing.hosts._identities import HostIdentity, Token, TokenMaker


class AppService(HostKind):
    """App Service: requires a secret header, which only programs on the host know."""

    path = "/msi/token"
    api_version = "2019-08-01"
    ids = frozenset({"client_id", "object_id", "principal_id", "mi_res_id"})

    def environment(self, base_url: str) -> dict[str, str]:
        """The endpoint and the secret header."""
        return {"IDENTITY_ENDPOINT": f"{base_url}{self.path}", "IDENTITY_HEADER": self.secret}

    def demand(self, request: TenantRequest) -> TenantResponse | None:
        """Refuse a request without the secret header."""
        given = request.header("X-IDENTITY-HEADER")
        if given is None:
            return self.refuse(401, "", "The X-IDENTITY-HEADER header is missing")
        return None if given == self.secret else self.refuse(403, "", "The value of X-IDENTITY-HEADER is wrong")

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a successful response. It has the time of expiry, not the lifetime."""
        body = super().reply(token, identity, parameters)
        return {name: body[name] for name in ("access_token", "client_id", "expires_on", "resource", "token_type")}

    def refuse(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> TenantResponse:
        """An error response."""
        del code
        return json_response(status, {"statusCode": status, "message": message}, *headers)

    def refuse_identity(self, reason: str) -> TenantResponse:
        """The error for an unknown identity."""
        del reason
        return self.refuse(
            400,
            "",
            "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
        )

    def refuse_resource(self, resource: str) -> TenantResponse:
        """The error for an unregistered resource. Like the real one, it has no details."""
        del resource
        return self.refuse(500, "", "An unexpected error occured while fetching the AAD Token.")


class AzureMachineLearning(HostKind):
    """Azure Machine Learning: requires a secret header, which only programs on the host know."""

    path = "/msi/token"
    api_version = "2017-09-01"
    ids = frozenset({"clientid", "object_id", "principal_id", "mi_res_id", "msi_res_id"})

    def __init__(self, tokens: TokenMaker) -> None:
        super().__init__(tokens)
        #: Format of ``expires_on``: "epoch", or App Service's formats "linux" and "windows".
        self.dates = "epoch"

    def environment(self, base_url: str) -> dict[str, str]:
        """The endpoint and the secret."""
        return {"MSI_ENDPOINT": f"{base_url}{self.path}", "MSI_SECRET": self.secret}

    def demand(self, request: TenantRequest) -> TenantResponse | None:
        """Refuse a request without the secret header."""
        if request.header("secret") == self.secret:
            return None
        return self.refuse(401, "unauthorized", "The secret header is missing or wrong")

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a successful response."""
        body = super().reply(token, identity, parameters)
        names = ("access_token", "client_id", "resource", "token_type")
        return {**{name: body[name] for name in names}, "expires_on": self._date(token.expires_on)}

    def _date(self, expires_on: int) -> str:
        if self.dates == "epoch":
            return str(expires_on)
        at = time.gmtime(expires_on)
        day = f"{at.tm_mon}/{at.tm_mday}/{at.tm_year}"
        if self.dates == "linux":
            return time.strftime("%m/%d/%Y %H:%M:%S +00:00", at)
        half = "AM" if at.tm_hour < 12 else "PM"
        return f"{day} {at.tm_hour % 12 or 12}:{at.tm_min:02}:{at.tm_sec:02} {half} +00:00"


class CloudShell(HostKind):
    """Cloud Shell: takes a POST form, and always uses the same identity."""

    path = "/oauth2/token"
    method = "POST"

    def environment(self, base_url: str) -> dict[str, str]:
        """The endpoint."""
        return {"MSI_ENDPOINT": f"{base_url}{self.path}"}

    def identity(self, parameters: dict[str, str]) -> HostIdentity | str:
        """The only identity."""
        del parameters
        return self.tokens.identities.named({}, frozenset())
