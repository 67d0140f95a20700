"""The constructor of AzureDeveloperCliCredential."""

from collections.abc import Iterable

from webidentity._authority import Tenants, validate_tenant_id
from webidentity._flows.azure_developer_cli import AzureDeveloperCli
from webidentity._flows.token_source import TokenSource
from webidentity.arguments.constructor import Constructor


class AzureDeveloperCliArguments(Constructor):
    """Authenticates the user or service principal who is signed in to the Azure Developer CLI, by ``azd auth login``.

    Its tokens are not cached: each call runs ``azd``, since the user may have changed. Calls at the same time share one
    process. It takes several scopes, and claims challenges (azd 1.18.1 or later).

    :keyword str tenant_id: tenant to request tokens from; by default that of the account.
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword int process_timeout: seconds to wait for the process.
    :raises ValueError: the tenant is malformed.
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
        grant = AzureDeveloperCli(process_timeout)
        self._set_up(TokenSource(grant, Tenants(tenant_id, additionally_allowed_tenants), keeps_tokens=False))
