"""Azure Machine Learning."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webidentity.testing.request import TenantRequest, TenantResponse

from .kind import HostKind

if TYPE_CHECKING:
    from .identity import HostIdentity
    from .tokens import Token, TokenMaker


class AzureMachineLearning(HostKind):
    """Demands a header whose value only its own programs know."""

    path = "/msi/token"
    api_version = "2017-09-01"
    ids = frozenset({"clientid", "object_id", "principal_id", "mi_res_id", "msi_res_id"})

    def __init__(self, tokens: TokenMaker) -> None:
        super().__init__(tokens)
        #: "epoch", or the dates that App Service wrote with this version of the endpoint: "linux", "windows".
        self.dates = "epoch"

    def environment(self, base_url: str) -> dict[str, str]:
        """Endpoint and secret."""
        return {"MSI_ENDPOINT": f"{base_url}{self.path}", "MSI_SECRET": self.secret}

    def demand(self, request: TenantRequest) -> TenantResponse | None:
        """Refuse a request without the secret."""
        if request.header("secret") == self.secret:
            return None
        return self.refuse(401, "unauthorized", "The secret header is missing or wrong")

    def reply(self, token: Token, identity: HostIdentity, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The body of a success."""
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
