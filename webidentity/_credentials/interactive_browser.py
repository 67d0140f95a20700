"""InteractiveBrowserCredential."""

from webidentity._credentials.interactive import InteractiveCredential
from webidentity.arguments.interactive_browser import InteractiveBrowserArguments


class InteractiveBrowserCredential(InteractiveCredential, InteractiveBrowserArguments):
    __doc__ = InteractiveBrowserArguments.__doc__
