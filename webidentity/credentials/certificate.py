"""CertificateCredential."""

from webidentity.arguments.certificate import CertificateArguments
from webidentity.credentials.base import Credential


class CertificateCredential(Credential, CertificateArguments):
    __doc__ = CertificateArguments.__doc__
