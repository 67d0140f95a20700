"""UsernamePasswordCredential, async."""

from webidentity._credentials.username_password import UsernamePasswordConstructor
from webidentity.aio._interactive import AsyncInteractiveCredential


class UsernamePasswordCredential(UsernamePasswordConstructor, AsyncInteractiveCredential):
    __doc__ = UsernamePasswordConstructor.__doc__
