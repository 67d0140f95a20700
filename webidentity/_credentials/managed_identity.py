"""ManagedIdentityCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.managed_identity import ManagedIdentityArguments


class ManagedIdentityCredential(Credential, ManagedIdentityArguments):
    __doc__ = ManagedIdentityArguments.__doc__
