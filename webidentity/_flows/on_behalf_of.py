"""The on-behalf-of grant: a token for another resource, for the user who called this API.

RFC 7523 section 2.1, with ``requested_token_use`` as the Microsoft identity platform defines it.
"""

import time

from azure.core.credentials import AccessTokenInfo

from webidentity._flows.acquire import acquire
from webidentity._flows.acquisition import Acquisition
from webidentity._flows.client import Client
from webidentity._protocol.account import names_another_in_tenant
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import TokenReply, decode_unverified
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache._partition import Partition, digest
from webidentity.cache._token_cache import TokenCache
from webidentity.errors import EntraError

#: Seconds that tokens are kept for an assertion without a readable expiry.
_DEFAULT_LIFETIME = 3600


class OnBehalfOf:
    """Acquires tokens in exchange for the access token of one user.

    :param account: the account of the assertion, from its verified claims. None if they were not verified.
    :param needs_all_scopes: whether a token that grants only some of the scopes is an error: the user must consent.
    """

    __slots__ = ("account", "assertion", "cache", "client", "needs_all_scopes")

    def __init__(
        self,
        client: Client,
        cache: TokenCache,
        assertion: str,
        account: str | None = None,
        *,
        needs_all_scopes: bool = False,
    ) -> None:
        self.client = client
        self.cache = cache
        self.assertion = assertion
        self.account = account
        self.needs_all_scopes = needs_all_scopes

    @classmethod
    def begin(cls, client: Client, cache: TokenCache, assertion: str) -> "OnBehalfOf":
        """Return the grant for one assertion.

        :raises TypeError: the assertion is missing.
        """
        if not assertion:
            raise TypeError('"user_assertion" must not be empty: it is the access token that the caller sent')
        return cls(client, cache, assertion)

    def token(self, request: TokenRequest) -> Flow[AccessTokenInfo]:
        """Return a token that acts for the user of the assertion."""
        client = self.client
        partition = Partition.on_behalf_of(
            client_id=client.client_id,
            authority=client.authority,
            tenant=request.tenant,
            assertion=self.assertion,
            authentication=client.authentication.fingerprint,
        )
        # No refresh token is requested: tokens acquired for an assertion must not outlive it.
        acquisition = Acquisition(
            partition, request, self._exchange, None, self._keep_until, needs_all_scopes=self.needs_all_scopes
        )
        return acquire(self.cache, acquisition)

    def _exchange(self, request: TokenRequest) -> Flow[TokenReply]:
        grant = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "requested_token_use": "on_behalf_of",
            "assertion": self.assertion,
        }
        # The names, "oid" and "tid" of the new token may depend on the scope "profile". The ID token names the account.
        scopes = dict.fromkeys((*request.scopes, "openid", "profile"))
        fields = {**grant, **request.fields, "scope": " ".join(scopes)}
        reply: TokenReply = yield from self.client.send(
            request.tenant, fields, subject=self.account or digest(self.assertion), account=self.account or ""
        )
        if self.account is not None and names_another_in_tenant(reply, self.account):
            raise EntraError(
                "Authentication failed: the authority's reply to an access token names another account than the one "
                "that the access token acts for."
            )
        return reply

    def _keep_until(self, reply: TokenReply) -> float:
        expires_on = decode_unverified(self.assertion).get("exp")
        if isinstance(expires_on, int | float) and not isinstance(expires_on, bool):
            return min(float(expires_on), float(reply.expires_on))
        return time.time() + _DEFAULT_LIFETIME
