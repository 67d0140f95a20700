"""The credentials that are compared, and the floor: the least work that get_token with this signature can do."""

import os
import time
from collections.abc import Iterable
from typing import Any

import azure.identity
import azure.identity.aio
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

import webidentity
import webidentity.aio
from benchmarks.client_certificate import certificate
from benchmarks.network import CLIENT, SCOPE, TENANT, Network

ARGUMENTS = (TENANT, CLIENT, "a-client-secret")
CERTIFIED = {"tenant_id": TENANT, "client_id": CLIENT, "certificate_data": certificate()}


class Floor:
    """A lookup in a dictionary and a comparison with the clock, in methods with the full signature."""

    def __init__(self, scopes: Iterable[str] = (SCOPE,)) -> None:
        expires_on = int(time.time()) + 3600
        self._tokens = {
            ((scope,), None, False): (
                expires_on - 300,
                AccessToken("t" * 1700, expires_on),
                AccessTokenInfo("t" * 1700, expires_on),
            )
            for scope in scopes
        }

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        deadline, token, _ = self._tokens[scopes, tenant_id, enable_cae]
        if claims is None and time.time() < deadline:
            return token
        raise LookupError

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        given = options or {}
        key = (scopes, given.get("tenant_id"), bool(given.get("enable_cae", False)))
        deadline, _, info = self._tokens[key]
        if given.get("claims") is None and time.time() < deadline:
            return info
        raise LookupError


class AsyncFloor:
    """The same with async methods."""

    def __init__(self) -> None:
        self._floor = Floor()

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        deadline, token, _ = self._floor._tokens[scopes, tenant_id, enable_cae]
        if claims is None and time.time() < deadline:
            return token
        raise LookupError

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        given = options or {}
        key = (scopes, given.get("tenant_id"), bool(given.get("enable_cae", False)))
        deadline, _, info = self._floor._tokens[key]
        if given.get("claims") is None and time.time() < deadline:
            return info
        raise LookupError


def ours(network: Network) -> Any:
    return webidentity.ClientSecretCredential(*ARGUMENTS, transport=network.transport())


def theirs(network: Network) -> Any:
    return azure.identity.ClientSecretCredential(*ARGUMENTS, transport=network.transport())


def ours_aio(network: Network) -> Any:
    return webidentity.aio.ClientSecretCredential(*ARGUMENTS, transport=network.aio_transport())


def theirs_aio(network: Network) -> Any:
    return azure.identity.aio.ClientSecretCredential(*ARGUMENTS, transport=network.aio_transport())


def ours_certified(network: Network) -> Any:
    return webidentity.CertificateCredential(**CERTIFIED, transport=network.transport())


def theirs_certified(network: Network) -> Any:
    return azure.identity.CertificateCredential(**CERTIFIED, transport=network.transport())


def ours_on_behalf_of(network: Network) -> Any:
    return webidentity.OnBehalfOfCredential(
        TENANT,
        CLIENT,
        client_certificate=certificate(),
        user_assertion="a-user-assertion",
        transport=network.transport(),
    )


def theirs_on_behalf_of(network: Network) -> Any:
    return azure.identity.OnBehalfOfCredential(
        TENANT,
        CLIENT,
        client_certificate=certificate(),
        user_assertion="a-user-assertion",
        transport=network.transport(),
    )


#: The environment in which DefaultAzureCredential finds a client secret, and nothing else.
_ENVIRONMENT = dict(zip(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"), ARGUMENTS, strict=True))
_EXCLUDED = {
    f"exclude_{name}_credential": True
    for name in ("workload_identity", "managed_identity", "shared_token_cache", "visual_studio_code", "broker")
} | {f"exclude_{name}_credential": True for name in ("cli", "powershell", "developer_cli")}


def _default(package: Any, network: Network) -> Any:
    os.environ.update(_ENVIRONMENT)
    try:
        return package.DefaultAzureCredential(transport=network.transport(), **_EXCLUDED)
    finally:
        for name in _ENVIRONMENT:
            del os.environ[name]


def ours_default(network: Network) -> Any:
    return _default(webidentity, network)


def theirs_default(network: Network) -> Any:
    return _default(azure.identity, network)


def ours_chained(network: Network) -> Any:
    return webidentity.ChainedTokenCredential(ours(network))


def theirs_chained(network: Network) -> Any:
    return azure.identity.ChainedTokenCredential(theirs(network))


def ours_managed(network: Network) -> Any:
    return webidentity.ManagedIdentityCredential(transport=network.transport())


def theirs_managed(network: Network) -> Any:
    return azure.identity.ManagedIdentityCredential(transport=network.transport())


def ours_managed_aio(network: Network) -> Any:
    return webidentity.aio.ManagedIdentityCredential(transport=network.aio_transport())


def theirs_managed_aio(network: Network) -> Any:
    return azure.identity.aio.ManagedIdentityCredential(transport=network.aio_transport())
