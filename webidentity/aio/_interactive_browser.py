"""InteractiveBrowserCredential, async."""

from webidentity._credentials.interactive_browser import InteractiveBrowserConstructor
from webidentity.aio._interactive import AsyncInteractiveCredential


class InteractiveBrowserCredential(InteractiveBrowserConstructor, AsyncInteractiveCredential):
    __doc__ = InteractiveBrowserConstructor.__doc__
