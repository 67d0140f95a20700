"""UsernamePasswordCredential."""

from webidentity.arguments.username_password import UsernamePasswordArguments
from webidentity.credentials.interactive import InteractiveCredential


class UsernamePasswordCredential(InteractiveCredential, UsernamePasswordArguments):
    __doc__ = UsernamePasswordArguments.__doc__
