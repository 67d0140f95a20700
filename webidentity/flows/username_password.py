"""Sign-in with a username and a password (RFC 6749 section 4.3), by way of a federation server where there is one."""

import logging
import time
from base64 import b64encode

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest

from webidentity.authority import ADFS
from webidentity.flows.client import Client
from webidentity.protocol.account import ExpectedAccount
from webidentity.protocol.effects import Flow, Send
from webidentity.protocol.metadata_exchange import TrustEndpoint, find_endpoint
from webidentity.protocol.response_text import read_text
from webidentity.protocol.token_reply import TokenReply
from webidentity.protocol.user_realm import Federation, read_user_realm, user_realm_request
from webidentity.protocol.ws_trust import SamlAssertion, build_trust_request, read_trust_response

_SAML_1 = "urn:ietf:params:oauth:grant-type:saml1_1-bearer"
_SAML_2 = "urn:ietf:params:oauth:grant-type:saml2-bearer"
#: Not repeated once it has been sent: a password that is refused counts as a try, and a few of them lock the account,
#: whether it is Entra that counts or, behind it, the organization's own directory.
_ONE_TRY = {"retry_read": 0, "retry_status": 0}
#: Takes nothing: azure-core would log the address, and it has the username in it.
_NO_LOG = logging.getLogger("webidentity.unlogged")
_NO_LOG.disabled = True


class UsernamePasswordSignIn:
    """Signs the user in without asking."""

    def __init__(self, client: Client, username: str, password: str) -> None:
        self._client = client
        self._username = username
        self._password = password

    def ask(self, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        """Sign the user in.

        :raises ClientAuthenticationError: the password is wrong, or is not enough.
        """
        federation = None if expected.tenant == ADFS else (yield from self._federation())
        if federation is None:
            grant = {"grant_type": "password", "username": self._username, "password": self._password}
            return (yield from self._client.send(expected.tenant, {**fields, **grant}, _ONE_TRY))
        assertion = yield from self._assertion(federation)
        # Plain base64, which Entra has always taken, though RFC 7522 section 2.1 has base64url.
        encoded = b64encode(assertion.text.encode()).decode()
        grant = {"grant_type": _SAML_2 if assertion.is_saml_2 else _SAML_1, "assertion": encoded}
        return (yield from self._client.send(expected.tenant, {**fields, **grant}))

    def _federation(self) -> Flow[Federation | None]:
        response = yield Send(user_realm_request(self._client.authority, self._username), {"logger": _NO_LOG})
        return read_user_realm(response)

    def _assertion(self, federation: Federation) -> Flow[SamlAssertion]:
        endpoint = yield from self._endpoint(federation)
        request = build_trust_request(
            endpoint.url, endpoint.version, self._username, self._password, federation.audience, time.time()
        )
        response = yield Send(request, _ONE_TRY)
        return read_trust_response(response, endpoint.version, self._password)

    def _endpoint(self, federation: Federation) -> Flow[TrustEndpoint]:
        response = yield Send(HttpRequest("GET", federation.metadata_url))
        endpoint = find_endpoint(read_text(response)) if response.status_code == 200 else None
        if endpoint is None:
            raise ClientAuthenticationError(
                message="Authentication failed: the federation server of the user's organization publishes no endpoint "
                f"that takes a password over https (HTTP {response.status_code}). Use InteractiveBrowserCredential or "
                "DeviceCodeCredential."
            )
        return endpoint
