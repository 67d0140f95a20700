"""Azure Arc: machines outside of Azure that run Azure's agent."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from webidentity._flows.managed_identity.key_file import key_file_of, read_key_file
from webidentity._flows.managed_identity.source import Source, SourceRequest
from webidentity._protocol.effects import Call, Flow
from webidentity._protocol.managed_identity import CLIENT_ID, OBJECT_ID, RESOURCE_ID
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import EntraError

#: The members of a reply that name the identity of the token.
_ECHOES = {CLIENT_ID: ("client_id",), OBJECT_ID: ("object_id",), RESOURCE_ID: ("msi_res_id", "mi_res_id")}


class AzureArcSource(Source):
    """The agent of Azure Arc. Callers must show that they can read one of its files."""

    host = "Azure Arc"
    api_version = "2020-06-01"
    names: ClassVar[Mapping[str, str]] = {CLIENT_ID: "client_id", OBJECT_ID: "object_id", RESOURCE_ID: "msi_res_id"}

    def token(self, request: SourceRequest) -> Flow[TokenReply]:
        """Return a token."""
        now = int(time.time())
        response = yield from self.send(self.build_request(request))
        key = ""
        if response.status_code == 401:
            path = key_file_of(response.headers.get("WWW-Authenticate"))
            key = yield Call(partial(read_key_file, path), blocking=True)
            authorized = self.build_request(request)
            authorized.headers["Authorization"] = f"Basic {key}"
            response = yield from self.send(authorized)
        reply, document = self.read(response, now, key)
        self._check_echo(document)
        return reply

    def _check_echo(self, document: Mapping[str, Any]) -> None:
        """Refuse the token of an agent that ignored the requested identity and used that of the machine."""
        kind, value = self.identity
        if not kind:
            return
        echoed = next((document[name] for name in _ECHOES[kind] if document.get(name)), None)
        if not isinstance(echoed, str) or echoed.lower() != value.lower():
            raise EntraError(
                "Azure Arc did not confirm the requested user-assigned managed identity in the token response: its "
                "agent is too old to support one, and sent a token of the system-assigned identity. Update the agent, "
                "or use the system-assigned identity."
            )
