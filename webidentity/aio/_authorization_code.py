"""AuthorizationCodeCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.authorization_code import AuthorizationCodeArguments


class AuthorizationCodeCredential(AsyncCredential, AuthorizationCodeArguments):
    __doc__ = AuthorizationCodeArguments.__doc__
