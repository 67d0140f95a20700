"""CertificateCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.certificate import CertificateArguments


class CertificateCredential(Credential, CertificateArguments):
    __doc__ = CertificateArguments.__doc__
