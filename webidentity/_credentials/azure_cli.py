"""AzureCliCredential."""

from collections.abc import Iterable

from webidentity._authority import Tenants, validate_tenant_id
from webidentity._credentials.base import Credential
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.azure_cli import AzureCli
from webidentity._flows.token_source import TokenSource
from webidentity._protocol.developer_tools import check_subscription


class AzureCliConstructor(GrantConstructor, of="AzureCliCredential"):
    """Authenticates as the user who signed in to the Azure CLI with ``az login``.

    Tokens are not cached: each call runs ``az``, because the signed-in user may have changed. Concurrent calls share
    one process. Each call takes exactly one scope.

    :keyword str tenant_id: the tenant to request tokens from. By default the tenant of the signed-in account.
    :keyword str subscription: name or ID of a subscription. Tokens are requested for the account of this subscription
        instead of the CLI's current account.
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword int process_timeout: the number of seconds to wait for the process.
    :raises ValueError: ``tenant_id`` or ``subscription`` is malformed.
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


class AzureCliCredential(AzureCliConstructor, Credential):
    __doc__ = AzureCliConstructor.__doc__
