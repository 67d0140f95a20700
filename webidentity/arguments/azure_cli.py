"""The constructor of AzureCliCredential."""

from collections.abc import Iterable

from webidentity._authority import Tenants, validate_tenant_id
from webidentity._flows.azure_cli import AzureCli
from webidentity._flows.token_source import TokenSource
from webidentity._protocol.developer_tools import check_subscription
from webidentity.arguments.constructor import Constructor


class AzureCliArguments(Constructor):
    """Authenticates the user who is signed in to the Azure CLI, by ``az login``.

    Its tokens are not cached: each call runs ``az``, since the user may have changed. Calls at the same time share one
    process. One scope for each call.

    :keyword str tenant_id: tenant to request tokens from; by default that of the account.
    :keyword str subscription: name or ID of a subscription, for tokens of another account than the CLI's current one.
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword int process_timeout: seconds to wait for the process.
    :raises ValueError: the tenant or the subscription is malformed.
    """

    def __init__(
        self,
        *,
        tenant_id: str = "",
        subscription: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        process_timeout: int = 10,
    ) -> None:
        if tenant_id:
            validate_tenant_id(tenant_id)
        if subscription:
            check_subscription(subscription)
        self.tenant_id = tenant_id
        self.subscription = subscription
        grant = AzureCli(subscription, process_timeout)
        self._set_up(TokenSource(grant, Tenants(tenant_id, additionally_allowed_tenants), keeps_tokens=False))
