"""VisualStudioCodeCredential, async."""

from webidentity._credentials.visual_studio_code import VisualStudioCodeConstructor
from webidentity.aio._base import AsyncCredential


class VisualStudioCodeCredential(VisualStudioCodeConstructor, AsyncCredential):
    __doc__ = VisualStudioCodeConstructor.__doc__
