"""AuthorizationCodeCredential, async."""

from webidentity._credentials.authorization_code import AuthorizationCodeConstructor
from webidentity.aio._base import AsyncCredential


class AuthorizationCodeCredential(AuthorizationCodeConstructor, AsyncCredential):
    __doc__ = AuthorizationCodeConstructor.__doc__
