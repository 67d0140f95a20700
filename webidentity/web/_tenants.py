"""The tenant and the client ID of a sign-in, a session or a bearer token. Other modules ask for them here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webidentity._authority import Tenants, authority_host
from webidentity._flows.key_source import KeySource
from webidentity._json import as_text
from webidentity._protocol.authorization import authorize_url
from webidentity._protocol.metadata import logout_url
from webidentity.record import AuthenticationRecord
from webidentity.web._settings import Settings

#: Characters; those outside the Basic Multilingual Plane, such as emoji, count twice, because JSON escapes them as two.
#: The name is in cookies, which browsers refuse if they are longer than 4,096 bytes.
_LONGEST_USERNAME = 256


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant at one authority, and the application's registration in it.

    :param key_source: verifies the tokens that the tenant issues.
    """

    authority: str
    tenant_id: str
    client_id: str
    key_source: KeySource = field(repr=False, compare=False)
    #: The tenant, as the credentials of its users take it.
    tenants: Tenants = field(init=False, repr=False, compare=False)
    #: The host of the authority.
    host: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tenants", Tenants.of(self.tenant_id))
        object.__setattr__(self, "host", authority_host(self.authority))

    def authorize_url(self, parameters: dict[str, str]) -> str:
        """Return the URL that starts a sign-in."""
        return authorize_url(self.authority, self.tenant_id, parameters)

    def logout_url(self, parameters: dict[str, str]) -> str:
        """Return the URL that ends the user's session at the authority."""
        return logout_url(self.authority, self.tenant_id, parameters)

    def record(self, claims: Mapping[str, Any], home_account_id: str) -> AuthenticationRecord:
        """Return the account that the verified claims describe."""
        return AuthenticationRecord(
            tenant_id=claims["tid"],
            client_id=self.client_id,
            authority=self.host,
            home_account_id=home_account_id,
            username=_shortened(as_text(claims.get("preferred_username")) or as_text(claims.get("upn")) or ""),
        )


def _shortened(username: str) -> str:
    if username.isascii() and len(username) <= _LONGEST_USERNAME:
        return username
    return username.encode("utf-16-le", "surrogatepass")[: 2 * _LONGEST_USERNAME].decode("utf-16-le", "ignore")


class TenantResolver:
    """Decides which tenant is used. Today every answer is the tenant of the settings."""

    def __init__(self, settings: Settings) -> None:
        key_source = KeySource(settings.authority, settings.tenant_id, settings.clock_leeway)
        self._tenant = Tenant(settings.authority, settings.tenant_id, settings.client_id, key_source)

    def for_sign_in(self) -> Tenant:
        """Return the tenant to sign in to."""
        return self._tenant

    def for_session(self, record: AuthenticationRecord) -> Tenant | None:
        """Return the tenant of a session, None if another application or another authority started the session."""
        tenant = self._tenant
        is_ours = record.client_id == tenant.client_id and record.authority == tenant.host
        return tenant if is_ours else None

    def for_bearer_token(self) -> Tenant:
        """Return the tenant that must have issued a bearer token."""
        return self._tenant
