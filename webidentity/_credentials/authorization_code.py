"""AuthorizationCodeCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.authorization_code import AuthorizationCodeArguments


class AuthorizationCodeCredential(Credential, AuthorizationCodeArguments):
    __doc__ = AuthorizationCodeArguments.__doc__
