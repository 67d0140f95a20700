"""VisualStudioCodeCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants, validate_tenant_id
from webidentity._credentials.base import Credential
from webidentity._credentials.client_arguments import files_of
from webidentity._credentials.constructor import GrantConstructor
from webidentity._flows.token_source import TokenSource
from webidentity._flows.visual_studio_code import VisualStudioCode
from webidentity.cache._persistence_options import TokenCachePersistenceOptions


class VisualStudioCodeConstructor(GrantConstructor, of="VisualStudioCodeCredential"):
    """Authenticates as the user who signed in to Azure in Visual Studio Code with the Azure Resources extension.

    The extension records the account. Tokens of this account are acquired silently from the cache that Microsoft's
    developer tools share. If only the Windows broker has them, ``get_token`` raises
    :class:`~webidentity.CredentialUnavailableError`, because this credential does not use the broker.

    :keyword str tenant_id: the tenant to request tokens from. By default the tenant of the signed-in account.
    :keyword additionally_allowed_tenants: other tenants that a call may request tokens from; "*" allows any tenant.
    :keyword kwargs: keyword arguments of azure-core's pipeline, such as ``transport``, ``proxies`` and ``retry_total``.
    :raises ValueError: ``tenant_id`` is malformed.
    """

    def __init__(
        self,
        *,
        tenant_id: str | None = None,
        additionally_allowed_tenants: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        if tenant_id:
            validate_tenant_id(tenant_id)
        files = files_of(TokenCachePersistenceOptions(allow_unencrypted_storage=True))
        grant = VisualStudioCode(files, tenant_id, frozenset(additionally_allowed_tenants or ()))
        # The account determines the default tenant, so the grant checks which other tenants are allowed.
        self._set_up(TokenSource(grant, Tenants(""), keeps_tokens=False), **kwargs)


class VisualStudioCodeCredential(VisualStudioCodeConstructor, Credential):
    __doc__ = VisualStudioCodeConstructor.__doc__
