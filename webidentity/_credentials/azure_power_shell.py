"""AzurePowerShellCredential."""

from collections.abc import Iterable

from webidentity._authority import Tenants, validate_tenant_id
from webidentity._credentials.base import Credential
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.azure_power_shell import AzurePowerShell
from webidentity._flows.token_source import TokenSource


class AzurePowerShellConstructor(GrantConstructor, of="AzurePowerShellCredential"):
    """Authenticates as the user who signed in to Azure PowerShell with ``Connect-AzAccount``.

    It requires the PowerShell module Az.Accounts 2.2.0 or later. Tokens are not cached: each call runs PowerShell,
    because the signed-in user may have changed. Concurrent calls share one process. Each call takes exactly one scope.

    :keyword str tenant_id: the tenant to request tokens from. By default the tenant of the signed-in account.
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword int process_timeout: the number of seconds to wait for the process.
    :raises ValueError: ``tenant_id`` is malformed.
    """

    def __init__(
        self,
        *,
        tenant_id: str = "",
        additionally_allowed_tenants: Iterable[str] | None = None,
        process_timeout: int = 10,
    ) -> None:
        if tenant_id:
            validate_tenant_id(tenant_id)
        self.tenant_id = tenant_id
        grant = AzurePowerShell(process_timeout)
        self._set_up(TokenSource(grant, Tenants(tenant_id, additionally_allowed_tenants), keeps_tokens=False))


class AzurePowerShellCredential(AzurePowerShellConstructor, Credential):
    __doc__ = AzurePowerShellConstructor.__doc__
