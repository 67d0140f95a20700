"""WorkloadIdentityCredential."""

from webidentity.arguments.workload_identity import WorkloadIdentityArguments
from webidentity.credentials.base import Credential


class WorkloadIdentityCredential(Credential, WorkloadIdentityArguments):
    __doc__ = WorkloadIdentityArguments.__doc__
