"""CertificateCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.certificate import CertificateArguments


class CertificateCredential(AsyncCredential, CertificateArguments):
    __doc__ = CertificateArguments.__doc__
