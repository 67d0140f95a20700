"""WorkloadIdentityCredential."""

from webidentity._credentials.base import Credential
from webidentity.arguments.workload_identity import WorkloadIdentityArguments


class WorkloadIdentityCredential(Credential, WorkloadIdentityArguments):
    __doc__ = WorkloadIdentityArguments.__doc__
