"""UsernamePasswordCredential."""

from webidentity._credentials.interactive import InteractiveCredential
from webidentity.arguments.username_password import UsernamePasswordArguments


class UsernamePasswordCredential(InteractiveCredential, UsernamePasswordArguments):
    __doc__ = UsernamePasswordArguments.__doc__
