"""The constructor of VisualStudioCodeCredential."""

from collections.abc import Iterable
from typing import Any

from webidentity._authority import Tenants, validate_tenant_id
from webidentity._flows.token_source import TokenSource
from webidentity._flows.visual_studio_code import VisualStudioCode
from webidentity.arguments.cache import files_of
from webidentity.arguments.constructor import Constructor
from webidentity.cache._persistence_options import TokenCachePersistenceOptions


class VisualStudioCodeArguments(Constructor):
    """Authenticates the user who is signed in to Azure in Visual Studio Code, by its extension Azure Resources.

    The extension notes whose account it is; tokens of exactly that account come silently from the cache that
    Microsoft's developer tools share. Where only the broker of Windows has them, the error says so: it is not asked.

    :keyword str tenant_id: tenant to request tokens from; by default that of the account.
    :keyword additionally_allowed_tenants: further tenants for which it may acquire tokens, "*" for any.
    :keyword kwargs: azure-core's pipeline keywords, such as ``transport``, ``proxies``, ``retry_total``.
    :raises ValueError: the tenant is malformed.
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
        # Which tenant is the default, and so which others are allowed, is known with the account.
        self._set_up(TokenSource(grant, Tenants(""), keeps_tokens=False), **kwargs)
