"""ManagedIdentityCredential."""

from webidentity.arguments.managed_identity import ManagedIdentityArguments
from webidentity.credentials.base import Credential


class ManagedIdentityCredential(Credential, ManagedIdentityArguments):
    __doc__ = ManagedIdentityArguments.__doc__
