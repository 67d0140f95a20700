"""VisualStudioCodeCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.visual_studio_code import VisualStudioCodeArguments


class VisualStudioCodeCredential(AsyncCredential, VisualStudioCodeArguments):
    __doc__ = VisualStudioCodeArguments.__doc__
