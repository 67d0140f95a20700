"""AzureDeveloperCliCredential."""

from collections.abc import Iterable

from webidentity._authority import Tenants, validate_tenant_id
from webidentity._credentials.base import Credential
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.azure_developer_cli import AzureDeveloperCli
from webidentity._flows.token_source import TokenSource


class AzureDeveloperCliConstructor(GrantConstructor, of="AzureDeveloperCliCredential"):
    """Authenticates as the user or service principal that signed in to the Azure Developer CLI with ``azd auth login``.

    Tokens are not cached: each call runs ``azd``, because the signed-in user may have changed. Concurrent calls share
    one process. A call may have several scopes, and with azd 1.18.1 or later a claims challenge.

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
        grant = AzureDeveloperCli(process_timeout)
        self._set_up(TokenSource(grant, Tenants(tenant_id, additionally_allowed_tenants), keeps_tokens=False))


class AzureDeveloperCliCredential(AzureDeveloperCliConstructor, Credential):
    __doc__ = AzureDeveloperCliConstructor.__doc__
