"""An application that sends token requests."""

import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from webidentity._flows.client_authentication import ClientAuthentication
from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.request_name import NamedRequest
from webidentity._protocol.token_reply import TokenReply, read_token_reply
from webidentity._protocol.token_request import build_token_request, token_endpoint
from webidentity.errors import EntraError

#: AADSTS700024: the client assertion is not within its valid time range.
_ASSERTION_EXPIRED = 700024
#: Fields of a token request that must never appear in a message.
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
#: Fields that the authority may accept once only. A request with one of them is not repeated if its reply was lost: the
#: authority may revoke tokens when it comes again (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
_USED_UP = ("code", "refresh_token", "assertion")
_SENT_ONCE: Mapping[str, Any] = MappingProxyType({"retry_read": 0})
_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


class Client(NamedTuple):
    """An application at an authority.

    :param authority: a normalized authority, without the tenant.
    """

    authority: str
    client_id: str
    authentication: ClientAuthentication

    def send(
        self,
        tenant: str,
        fields: Mapping[str, str],
        options: Mapping[str, Any] = _NO_OPTIONS,
        *,
        secrets: Iterable[str] = (),
        subject: str = "",
        account: str = "",
    ) -> Flow[TokenReply]:
        """Send the grant's fields with the client's own fields to the tenant's token endpoint.

        :param options: the options of the effect, such as ``retry_status``.
        :param secrets: further values that must not appear in a message.
        :param subject: the user of the request, as in the effect.
        :param account: the ID of that user's account, if it is known.
        :raises EntraError: the authority refused.
        """
        try:
            return (yield from self._send(tenant, fields, options, secrets, subject, account))
        except EntraError as error:
            if _ASSERTION_EXPIRED not in error.error_codes or not self.authentication.renew():
                raise
        return (yield from self._send(tenant, fields, options, secrets, subject, account))

    def _send(
        self,
        tenant: str,
        fields: Mapping[str, str],
        options: Mapping[str, Any],
        more: Iterable[str],
        subject: str,
        account: str,
    ) -> Flow[TokenReply]:
        now = int(time.time())
        url = token_endpoint(self.authority, tenant)
        authentication = yield from self.authentication.fields(url, tenant)
        form = {"client_id": self.client_id, "client_info": "1", **fields, **authentication}
        if any(name in form for name in _USED_UP):
            options = {**_SENT_ONCE, **options}
        secrets = [*more, *(form[name] for name in _SECRET_FIELDS if name in form)]
        with NamedRequest(build_token_request(url, form), account) as request:
            response = yield Send(request, options, subject)
            return read_token_reply(response, now=now, secrets=secrets)

    def refresh(
        self, tenant: str, fields: Mapping[str, str], refresh_token: str, *, account: str = ""
    ) -> Flow[TokenReply]:
        """Redeem a refresh token of the account (RFC 6749 section 6)."""
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.send(tenant, {**fields, **grant}, subject=account, account=account)
