"""The scope of Azure Resource Manager, for a sign-in that names none."""

from webidentity._authority import authority_host
from webidentity.hosts import AzureAuthorityHosts

# With two slashes: the first belongs to the resource's own identifier.
_SCOPES = {
    AzureAuthorityHosts.AZURE_CHINA: "https://management.core.chinacloudapi.cn//.default",
    AzureAuthorityHosts.AZURE_GOVERNMENT: "https://management.core.usgovcloudapi.net//.default",
    AzureAuthorityHosts.AZURE_PUBLIC_CLOUD: "https://management.core.windows.net//.default",
}


def management_scope(authority: str) -> str | None:
    """Return the scope in the cloud of a normalized authority; None if the cloud is not a known one."""
    return _SCOPES.get(authority_host(authority))
