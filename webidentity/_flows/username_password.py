"""Sign-in with a username and a password (RFC 6749 section 4.3), by way of a federation server where there is one."""

import logging
import time
from base64 import urlsafe_b64encode

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest

from webidentity._authority import ADFS
from webidentity._flows.client import Client
from webidentity._protocol.account import ExpectedAccount
from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.metadata_exchange import TrustEndpoint, endpoint_at, find_endpoint
from webidentity._protocol.token_reply import TokenReply, read_text
from webidentity._protocol.user_realm import Federation, read_user_realm, user_realm_request
from webidentity._protocol.ws_trust import SamlAssertion, build_trust_request, read_trust_response
from webidentity.errors import EntraError

_SAML_1 = "urn:ietf:params:oauth:grant-type:saml1_1-bearer"
_SAML_2 = "urn:ietf:params:oauth:grant-type:saml2-bearer"
#: Not repeated once it has been sent: a password that is refused counts as a try, and a few of them lock the account,
#: whether it is Entra that counts or, behind it, the organization's own directory.
_ONE_TRY = {"retry_read": 0, "retry_status": 0}
#: Takes nothing: azure-core would log the address, and it has the username in it. Not one of ``getLogger``, which
#: ``logging.config`` enables again.
_NO_LOG = logging.Logger("webidentity.unlogged")  # noqa: LOG001
_NO_LOG.disabled = True
#: AADSTS codes of a user who has to prove more: by a second factor, by registering one, at another provider.
_MORE_THAN_A_PASSWORD = frozenset({50072, 50074, 50076, 50079, 50158, 53004})
_ASK_THE_USER = "Use InteractiveBrowserCredential or DeviceCodeCredential."


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
        federation = None if expected.tenant.lower() == ADFS else (yield from self._federation())
        try:
            if federation is None:
                return (yield from self._redeem_password(expected, fields))
            return (yield from self._redeem_assertion(expected, fields, (yield from self._assertion(federation))))
        except EntraError as error:
            if error.error != "interaction_required" and _MORE_THAN_A_PASSWORD.isdisjoint(error.error_codes):
                raise
            raise _not_enough(error) from None

    def _redeem_password(self, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        grant = {"grant_type": "password", "username": self._username, "password": self._password}
        return self._client.send(expected.tenant, {**fields, **grant}, _ONE_TRY)

    def _redeem_assertion(
        self, expected: ExpectedAccount, fields: dict[str, str], assertion: SamlAssertion
    ) -> Flow[TokenReply]:
        # RFC 7522 section 2.1: base64url, and no padding.
        encoded = urlsafe_b64encode(assertion.text.encode()).rstrip(b"=").decode()
        grant = {"grant_type": _SAML_2 if assertion.is_saml_2 else _SAML_1, "assertion": encoded}
        return self._client.send(expected.tenant, {**fields, **grant}, secrets=(assertion.text,))

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
        if not federation.metadata_url:
            return endpoint_at(federation.active_url)
        response = yield Send(HttpRequest("GET", federation.metadata_url))
        endpoint = find_endpoint(read_text(response)) if response.status_code == 200 else None
        if endpoint is None:
            raise ClientAuthenticationError(
                message="Authentication failed: the federation server of the user's organization publishes no endpoint "
                f"that takes a password over https (HTTP {response.status_code}). {_ASK_THE_USER}"
            )
        return endpoint


def _not_enough(error: EntraError) -> EntraError:
    """Return the error of a user from whom more is required than this credential has."""
    return EntraError(
        f"{error.message.rstrip('.')}. UsernamePasswordCredential has nothing but the password. {_ASK_THE_USER}",
        response=error.response,
        error=error.error,
        suberror=error.suberror,
        error_codes=error.error_codes,
        correlation_id=error.correlation_id,
        claims=error.claims,
    )
