"""UsernamePasswordCredential, async."""

from webidentity.aio._interactive import AsyncInteractiveCredential
from webidentity.arguments.username_password import UsernamePasswordArguments


class UsernamePasswordCredential(AsyncInteractiveCredential, UsernamePasswordArguments):
    __doc__ = UsernamePasswordArguments.__doc__
