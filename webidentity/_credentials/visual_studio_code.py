"""VisualStudioCodeCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.visual_studio_code import VisualStudioCodeArguments


class VisualStudioCodeCredential(Credential, VisualStudioCodeArguments):
    __doc__ = VisualStudioCodeArguments.__doc__
