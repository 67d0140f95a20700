"""CertificateCredential, async."""

from webidentity._credentials.certificate import CertificateConstructor
from webidentity.aio._base import AsyncCredential


class CertificateCredential(CertificateConstructor, AsyncCredential):
    __doc__ = CertificateConstructor.__doc__
