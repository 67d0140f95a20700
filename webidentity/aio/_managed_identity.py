"""ManagedIdentityCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.managed_identity import ManagedIdentityArguments


class ManagedIdentityCredential(AsyncCredential, ManagedIdentityArguments):
    __doc__ = ManagedIdentityArguments.__doc__
