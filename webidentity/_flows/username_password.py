"""Sign-in with a username and a password (RFC 6749 section 4.3)."""

import logging

from webidentity._authority import ADFS
from webidentity._flows.client import Client
from webidentity._flows.federated_password import ONE_TRY, SamlGrant, saml_grant
from webidentity._protocol.account import ExpectedAccount
from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.request_name import NamedRequest
from webidentity._protocol.token_reply import TokenReply
from webidentity._protocol.user_realm import ASK_THE_USER, Federation, read_user_realm, user_realm_request
from webidentity.errors import EntraError

#: Logs nothing. azure-core logs the address of a request, and that of the realm contains the username. It does not come
#: from ``getLogger``, because ``logging.config`` would enable it again.
_NO_LOG = logging.Logger("webidentity.unlogged")  # noqa: LOG001
_NO_LOG.disabled = True
#: AADSTS codes that mean that a password is not enough: a second factor, its registration, another provider.
_MORE_THAN_A_PASSWORD = frozenset({50072, 50074, 50076, 50079, 50158, 53004})


class UsernamePasswordSignIn:
    """Signs the user in with the password, without interaction."""

    def __init__(self, client: Client, username: str, password: str) -> None:
        self._client = client
        self._username = username
        self._password = password

    def ask(self, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        """Sign the user in.

        :raises ClientAuthenticationError: the password is wrong, or more than a password is required.
        """
        federation = None if expected.tenant.lower() == ADFS else (yield from self._federation())
        try:
            if federation is None:
                return (yield from self._redeem_password(expected, fields))
            grant = yield from saml_grant(federation, self._username, self._password)
            return (yield from self._redeem_assertion(expected, fields, grant))
        except EntraError as error:
            if error.error != "interaction_required" and _MORE_THAN_A_PASSWORD.isdisjoint(error.error_codes):
                raise
            raise _not_enough(error) from None

    def _federation(self) -> Flow[Federation | None]:
        with NamedRequest(user_realm_request(self._client.authority, self._username)) as request:
            response = yield Send(request, {"logger": _NO_LOG})
            return read_user_realm(response)

    def _redeem_password(self, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        grant = {"grant_type": "password", "username": self._username, "password": self._password}
        return self._client.send(expected.tenant, {**fields, **grant}, ONE_TRY)

    def _redeem_assertion(
        self, expected: ExpectedAccount, fields: dict[str, str], grant: SamlGrant
    ) -> Flow[TokenReply]:
        return self._client.send(expected.tenant, {**fields, **grant.fields}, secrets=(grant.assertion,))


def _not_enough(error: EntraError) -> EntraError:
    """Return the error with advice: this credential has only the password, and more is required."""
    return EntraError(
        f"{error.message.rstrip('.')}. UsernamePasswordCredential has only the password. {ASK_THE_USER}",
        response=error.response,
        error=error.error,
        suberror=error.suberror,
        error_codes=error.error_codes,
        correlation_id=error.correlation_id,
        claims=error.claims,
    )
