"""The application as the token endpoint knows it."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from webidentity.errors import EntraError
from webidentity.flows.proof import Proof
from webidentity.protocol.effects import Flow, Send
from webidentity.protocol.token_reply import TokenReply, read_token_reply
from webidentity.protocol.token_request import build_token_request, token_endpoint

#: AADSTS700024: the client assertion is not within its valid time range.
_ASSERTION_EXPIRED = 700024
#: Fields of a token request that must never come back in a message.
_SECRET_FIELDS = (
    "client_secret",
    "code",
    "code_verifier",
    "refresh_token",
    "assertion",
    "client_assertion",
    "device_code",
    "password",
)
_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


class Client(NamedTuple):
    """An application at an authority.

    :param authority: a normalized authority, without the tenant.
    """

    authority: str
    client_id: str
    proof: Proof

    def send(
        self, tenant: str, fields: Mapping[str, str], options: Mapping[str, Any] = _NO_OPTIONS
    ) -> Flow[TokenReply]:
        """Send the grant's fields with the client's own to the tenant's token endpoint.

        :param options: those of the effect, such as ``retry_read``.
        :raises EntraError: the authority refused.
        """
        try:
            return (yield from self._send(tenant, fields, options))
        except EntraError as error:
            if _ASSERTION_EXPIRED not in error.error_codes or not self.proof.renew():
                raise
        return (yield from self._send(tenant, fields, options))

    def _send(self, tenant: str, fields: Mapping[str, str], options: Mapping[str, Any]) -> Flow[TokenReply]:
        now = int(time.time())
        url = token_endpoint(self.authority, tenant)
        proof = yield from self.proof.fields(url, tenant)
        form = {"client_id": self.client_id, "client_info": "1", **fields, **proof}
        response = yield Send(build_token_request(url, form), options)
        secrets = [form[name] for name in _SECRET_FIELDS if name in form]
        return read_token_reply(response, now=now, secrets=secrets)

    def refresh(self, tenant: str, fields: Mapping[str, str], refresh_token: str) -> Flow[TokenReply]:
        """Redeem a refresh token (RFC 6749 section 6)."""
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.send(tenant, {**fields, **grant})
