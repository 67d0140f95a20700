"""The base class of the sync credentials: the methods that Azure SDK clients call."""

import time
from types import TracebackType
from typing import Any, Self

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from webidentity._authority import other_tenants_are_disabled
from webidentity._credentials.constructor import GrantConstructor, pipeline_options
from webidentity._flows.token_source import TokenSource, read_options
from webidentity._transport.driver import SyncDriver
from webidentity._transport.pipeline import SyncPipeline
from webidentity._transport.traceless_driver import TracelessDriver


class TokenCalls:
    """``get_token`` and ``get_token_info``: served from memory, or by running the flow on the calling thread."""

    _token_source: TokenSource
    _driver: SyncDriver

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,  # noqa: ARG002 - part of azure-core's protocol
    ) -> AccessToken:
        """Request an access token for ``scopes``. Azure SDK clients call this method.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword str claims: additional claims required in the token, from a resource's claims challenge.
        :keyword str tenant_id: the tenant to acquire the token from, if not the credential's own.
        :keyword bool enable_cae: whether the token may be subject to continuous access evaluation.
        :raises ~azure.core.exceptions.ClientAuthenticationError: authentication failed; ``.response`` has the
            authority's reply.
        :raises ~webidentity.CredentialUnavailableError: required data or state is unavailable.
        :raises ValueError: no scope was given.
        """
        if claims is None and (tenant_id is None or not other_tenants_are_disabled()):
            try:
                fresh = self._token_source.tokens.get((scopes, tenant_id, enable_cae))
            except TypeError:  # a list was passed as a scope: the flow raises an error that explains it
                fresh = None
            if fresh is not None and time.time() < fresh.serve_until:
                return fresh.token
        return self._driver.run(self._token_source.flow("get_token", scopes, claims, tenant_id, enable_cae)).token

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Request an access token for ``scopes``, with its properties. Azure SDK clients call this method.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword options: claims, tenant_id and enable_cae, as for :meth:`get_token`; others are ignored.
        :raises ~azure.core.exceptions.ClientAuthenticationError: authentication failed.
        :raises ~webidentity.CredentialUnavailableError: required data or state is unavailable.
        :raises ValueError: no scope was given.
        """
        claims, tenant_id, enable_cae = read_options(options)
        if claims is None and (tenant_id is None or not other_tenants_are_disabled()):
            try:
                fresh = self._token_source.tokens.get((scopes, tenant_id, enable_cae))
            except TypeError:  # a list was passed as a scope: the flow raises an error that explains it
                fresh = None
            if fresh is not None and time.time() < fresh.serve_until:
                return fresh.info
        return self._driver.run(self._token_source.flow("get_token_info", scopes, claims, tenant_id, enable_cae)).info


class Credential(TokenCalls, GrantConstructor):
    """A sync credential with its own pipeline."""

    def _set_up(self, token_source: TokenSource, **kwargs: Any) -> None:
        self._check_keywords(kwargs)
        self._pipeline = SyncPipeline(**pipeline_options(kwargs))
        self._token_source = token_source
        self._driver = TracelessDriver(self._pipeline.send)

    def close(self) -> None:
        """Close the credential's transport; a later request opens it again."""
        self._pipeline.close()

    def __enter__(self) -> Self:
        """Open the credential's transport."""
        self._pipeline.open()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the credential's transport."""
        self.close()
