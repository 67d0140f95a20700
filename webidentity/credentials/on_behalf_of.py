"""OnBehalfOfCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity.cache.token_cache import TokenCache
from webidentity.credentials.base import Credential
from webidentity.flows.client_arguments import client_from, secret_from
from webidentity.flows.on_behalf_of import OnBehalfOf


class OnBehalfOfCredential(Credential):
    """Authenticates a service principal on behalf of the user who called it.

    :param str tenant_id: ID of the service principal's tenant. Also called its "directory" ID.
    :param str client_id: the service principal's client ID.
    :keyword str user_assertion: the access token that the caller sent to this service.
    :keyword str client_secret: one of the service principal's client secrets.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword TokenCache token_cache: a cache to share with other credentials; tokens are found only with the same
        assertion, so credentials of different users never share one. By default the credential has its own.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
    :raises TypeError: the assertion or the secret is missing.
    :raises ValueError: an argument is malformed.
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        *,
        user_assertion: str,
        client_secret: str | None = None,
        authority: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        token_cache: TokenCache | None = None,
        **kwargs: Any,
    ) -> None:
        grant = OnBehalfOf.begin(
            client_from(client_id, secret_from(client_secret, required=False), authority),
            token_cache or TokenCache(),
            user_assertion,
        )
        super().__init__(
            grant, tenant_id=tenant_id, additionally_allowed_tenants=additionally_allowed_tenants, **kwargs
        )
