"""VisualStudioCodeCredential."""

from webidentity.arguments.visual_studio_code import VisualStudioCodeArguments
from webidentity.credentials.base import Credential


class VisualStudioCodeCredential(Credential, VisualStudioCodeArguments):
    __doc__ = VisualStudioCodeArguments.__doc__
