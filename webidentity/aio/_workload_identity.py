"""WorkloadIdentityCredential, async."""

from webidentity.aio._base import AsyncCredential
from webidentity.arguments.workload_identity import WorkloadIdentityArguments


class WorkloadIdentityCredential(AsyncCredential, WorkloadIdentityArguments):
    __doc__ = WorkloadIdentityArguments.__doc__
