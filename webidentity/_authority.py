"""Authorities and tenants: validation, and the tenant of a token request."""

import ipaddress
import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from azure.core.exceptions import ClientAuthenticationError

from webidentity._environment import read_flag
from webidentity.hosts import AzureAuthorityHosts

#: The tenant of any work or school account: the authority uses the home tenant of the user.
ANY_ORGANIZATION = "organizations"
#: The names that stand for several tenants.
SHARED_TENANTS = frozenset({"common", ANY_ORGANIZATION, "consumers"})
#: The tenant of an authority that is an AD FS server.
ADFS = "adfs"
#: Hosts of Microsoft Entra ID. Their URLs have the tenant as a path, and an authority is the part before it.
_ENTRA_HOSTS = frozenset(
    {
        AzureAuthorityHosts.AZURE_PUBLIC_CLOUD,
        AzureAuthorityHosts.AZURE_CHINA,
        AzureAuthorityHosts.AZURE_GOVERNMENT,
        "login.microsoft.com",
        "login.windows.net",
        "login.partner.microsoftonline.cn",
        "login-us.microsoftonline.com",
        "sts.windows.net",
    }
)
#: The hosts of each cloud.
_CLOUDS = (
    frozenset(("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")),
    frozenset(("login.partner.microsoftonline.cn", "login.chinacloudapi.cn")),
    frozenset(("login.microsoftonline.us", "login.usgovcloudapi.net")),
    frozenset(("login-us.microsoftonline.com",)),
    frozenset(("login.microsoftonline.de",)),
    frozenset(("login.sovcloud-identity.fr",)),
    frozenset(("login.sovcloud-identity.de",)),
    frozenset(("login.sovcloud-identity.sg",)),
)
_BY_HOST = {host: cloud for cloud in _CLOUDS for host in cloud}


def normalize_authority(authority: str | None) -> str:
    """Return the authority as a URL without a trailing slash.

    :param authority: "login.microsoftonline.com" or "https://login.microsoftonline.com". By default the environment
        variable AZURE_AUTHORITY_HOST, or the public cloud.
    :raises ValueError: the authority is malformed, uses http on a host other than this machine, or names a tenant at a
        host of Microsoft Entra ID.
    """
    if authority is None:
        authority = os.environ.get("AZURE_AUTHORITY_HOST") or AzureAuthorityHosts.AZURE_PUBLIC_CLOUD
    text = authority.strip().rstrip("/")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    try:
        # urlsplit reads "https:/host", with one slash, as the host "https" with an empty port.
        port_is_valid = (parts.port is None or parts.port > 0) and not parts.netloc.endswith(":")
    except ValueError:
        port_is_valid = False
    if not is_host(parts.hostname) or not port_is_valid or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(
            f"{authority!r} is not an authority: expected for example 'https://{AzureAuthorityHosts.AZURE_PUBLIC_CLOUD}'"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError(f"{authority!r} is not an authority: it must use https (http is accepted for localhost only)")
    path = parts.path.rstrip("/")
    if path and parts.hostname in _ENTRA_HOSTS:
        raise ValueError(
            f"{authority!r} is not an authority: remove {path!r}, and set the tenant by itself. The authority is "
            f"'{parts.scheme}://{parts.netloc.lower()}'"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def authority_host(authority: str) -> str:
    """Return host and port of a normalized authority, in the form that an AuthenticationRecord stores."""
    return urlsplit(authority).netloc


def cloud_hosts(host: str) -> frozenset[str]:
    """Return all hosts of the cloud that the host belongs to; empty if it belongs to no known cloud."""
    return _BY_HOST.get(host, frozenset())


def is_host(hostname: str | None) -> bool:
    """Whether the text has the characters of a host's name or IP address."""
    if not hostname:
        return False
    # A placeholder such as "<authority>" is not a host. Letters of all scripts, and an underscore, occur in names.
    # No regular expression: every import of a site would compile it.
    name = hostname.replace("_", "x")
    is_name = name[0].isalnum() and name.replace(".", "").replace("-", "").isalnum()
    return is_name or not hostname.strip("0123456789ABCDEFabcdef:.")


def is_loopback(hostname: str) -> bool:
    """Whether the name always means this machine (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3)."""
    if hostname == "localhost" or hostname.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


def other_tenants_are_disabled() -> bool:
    """Whether the environment restricts every call to the credential's own tenant. It may change between two calls.

    :raises ValueError: the variable has another value than yes or no.
    """
    return read_flag("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH")


def is_tenant_id(text: str) -> bool:
    """Whether the text has the form of a tenant ID: a GUID or a domain."""
    # It starts with a letter or digit, because it is used in URL paths, where ".." has a meaning, and as an argument of
    # command line tools, where "-" starts an option. No regular expression: each credential would compile it.
    return text.isascii() and text[:1].isalnum() and text.replace(".", "").replace("-", "").isalnum()


def is_guid(text: str) -> bool:
    """Whether the text is a GUID: a tenant's ID as its tokens contain it, and not one of its domains."""
    # Compiled at the first sign-in, not at import.
    return re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text.lower(), re.ASCII) is not None


def validate_tenant_id(tenant_id: str) -> str:
    """Return the tenant ID, a GUID or a verified domain.

    :raises ValueError: it is empty or malformed.
    """
    if not tenant_id or not is_tenant_id(tenant_id):
        raise ValueError(
            "Invalid tenant ID: expected the directory's GUID or a verified domain such as contoso.onmicrosoft.com. "
            "You can find it in the Azure portal under Microsoft Entra ID, Overview."
        )
    return tenant_id


class Tenants:
    """The tenants that a credential may request tokens from.

    :param default: the tenant of calls without ``tenant_id``. "" means that the token's issuer decides, such as a
        command line tool.
    :param additionally_allowed: other tenants that a call may name; "*" allows any tenant.
    """

    __slots__ = ("additionally_allowed", "default")

    def __init__(self, default: str, additionally_allowed: Iterable[str] | None = None) -> None:
        self.default: str = default
        self.additionally_allowed: frozenset[str] = frozenset(additionally_allowed or ())

    @classmethod
    def of(cls, default: str, additionally_allowed: Iterable[str] | None = None) -> "Tenants":
        """Return the tenants of a credential that must have a default tenant.

        :raises ValueError: the default tenant is empty or malformed.
        """
        return cls(validate_tenant_id(default), additionally_allowed)

    def resolve(self, tenant_id: str | None) -> str:
        """Return the tenant that a token request goes to.

        :param tenant_id: the tenant that the call named, if any.
        :raises ~azure.core.exceptions.ClientAuthenticationError: the call's tenant is not allowed.
        :raises ValueError: the call's tenant is malformed.
        """
        default, allowed = self.default, self.additionally_allowed
        if tenant_id is None or tenant_id == default:
            return default
        if default == ADFS or other_tenants_are_disabled():
            return default
        # azure-identity accepts underscores here, although no tenant has one. They are safe in a URL.
        validate_tenant_id(tenant_id.replace("_", "-"))
        if not default or "*" in allowed or tenant_id in allowed:
            return tenant_id
        if default == ANY_ORGANIZATION and not allowed:
            return tenant_id
        raise ClientAuthenticationError(
            message=(
                f"The current credential is not configured to acquire tokens for tenant {tenant_id}. To enable this, "
                "add the tenant to additionally_allowed_tenants when creating the credential, or add '*' to allow any "
                "tenant."
            )
        )


class NoTenants(Tenants):
    """The tenant of an identity that belongs to exactly one, such as a managed identity. A call's tenant is ignored.

    :param only: the tenant, if requests must contain it.
    """

    __slots__ = ()

    def __init__(self, only: str = "") -> None:
        super().__init__(only)

    def resolve(self, tenant_id: str | None) -> str:  # noqa: ARG002 - there is only one
        """Return the only tenant."""
        return self.default
