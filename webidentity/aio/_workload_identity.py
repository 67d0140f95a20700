"""WorkloadIdentityCredential, async."""

from webidentity._credentials.workload_identity import WorkloadIdentityConstructor
from webidentity.aio._base import AsyncCredential


class WorkloadIdentityCredential(WorkloadIdentityConstructor, AsyncCredential):
    __doc__ = WorkloadIdentityConstructor.__doc__
