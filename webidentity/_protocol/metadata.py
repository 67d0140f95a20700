"""Metadata of a tenant (OpenID Connect Discovery 1.0), and its logout URL."""

from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from webidentity._authority import cloud_hosts, is_guid, is_loopback
from webidentity._json import as_text, parse_object

#: Hosts of Microsoft Entra External ID.
_CUSTOMERS = ".ciamlogin.com"


class TenantMetadata(NamedTuple):
    """The part of a tenant's metadata that token verification needs."""

    issuer: str
    jwks_uri: str

    @classmethod
    def parse(cls, text: str) -> "TenantMetadata | None":
        """Read an openid-configuration document. Return None if it is malformed, or its keys are not at a safe URL."""
        document = parse_object(text) or {}
        issuer, jwks_uri = as_text(document.get("issuer")), as_text(document.get("jwks_uri"))
        if issuer is None or jwks_uri is None or not _is_safe(jwks_uri):
            return None
        return cls(issuer, jwks_uri)

    def is_of(self, authority: str, tenant: str) -> bool:
        """Whether the issuer is one of this authority and tenant (OpenID Connect Discovery 1.0 section 4.3).

        The hosts of Microsoft's clouds publish each other's issuers. Tenants for customers have a host for each name.

        :param authority: a normalized authority.
        :param tenant: a tenant ID. If it is a domain, the issuer contains the ID, which is not known here.
        """
        if not _is_at(self.issuer, authority):
            return False
        return not is_guid(tenant) or tenant.lower() in urlsplit(self.issuer).path.lower().split("/")

    def has_keys_at(self, authority: str) -> bool:
        """Whether the keys are at a host of this authority. Others are not asked: they may be inside a private network.

        :param authority: a normalized authority.
        """
        return _is_at(self.jwks_uri, authority)


def metadata_url(authority: str, tenant: str) -> str:
    """Return the URL of the tenant's metadata."""
    return f"{authority}/{tenant}/v2.0/.well-known/openid-configuration"


def logout_url(authority: str, tenant: str, parameters: dict[str, str]) -> str:
    """Return the URL that signs the user out at the authority (OpenID Connect RP-Initiated Logout 1.0)."""
    return f"{authority}/{tenant}/oauth2/v2.0/logout?{urlencode(parameters)}"


def _is_at(url: str, authority: str) -> bool:
    """Whether the URL has the authority's host, or both hosts are Microsoft's."""
    if not _is_safe(url):
        return False
    parts, own = urlsplit(url), urlsplit(authority)
    if parts.username is not None or parts.scheme not in {"https", own.scheme}:
        return False
    hosts = parts.hostname or "", own.hostname or ""
    is_microsoft = all(cloud_hosts(host) for host in hosts) or all(host.endswith(_CUSTOMERS) for host in hosts)
    return parts.netloc.lower() == own.netloc or (is_microsoft and parts.port == own.port)


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        hostname, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(hostname)))
