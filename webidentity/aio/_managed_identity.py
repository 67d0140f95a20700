"""ManagedIdentityCredential, async."""

from webidentity._credentials.managed_identity import ManagedIdentityConstructor
from webidentity.aio._base import AsyncCredential


class ManagedIdentityCredential(ManagedIdentityConstructor, AsyncCredential):
    __doc__ = ManagedIdentityConstructor.__doc__
