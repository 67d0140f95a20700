"""InteractiveBrowserCredential, async."""

from webidentity.aio._interactive import AsyncInteractiveCredential
from webidentity.arguments.interactive_browser import InteractiveBrowserArguments


class InteractiveBrowserCredential(AsyncInteractiveCredential, InteractiveBrowserArguments):
    __doc__ = InteractiveBrowserArguments.__doc__
