"""InteractiveBrowserCredential."""

from webidentity.arguments.interactive_browser import InteractiveBrowserArguments
from webidentity.credentials.interactive import InteractiveCredential


class InteractiveBrowserCredential(InteractiveCredential, InteractiveBrowserArguments):
    __doc__ = InteractiveBrowserArguments.__doc__
