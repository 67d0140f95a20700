"""UsernamePasswordCredential, async."""

from webidentity.aio.interactive import AsyncInteractiveCredential
from webidentity.arguments.username_password import UsernamePasswordArguments


class UsernamePasswordCredential(AsyncInteractiveCredential, UsernamePasswordArguments):
    __doc__ = UsernamePasswordArguments.__doc__
