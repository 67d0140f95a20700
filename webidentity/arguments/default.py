"""The constructor of DefaultAzureCredential."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from types import EllipsisType
from typing import Any, TypeVar

from webidentity._authority import normalize_authority
from webidentity._flows.chain import Member
from webidentity.arguments.chained import ChainOwner
from webidentity.arguments.classes import AIO, credential_class, unavailable
from webidentity.arguments.default_advice import advise
from webidentity.arguments.token_credentials import VARIABLE, Kind, chosen, variable

P = TypeVar("P")
#: A value that comes from the environment unless it is given, be it as None.
FromEnvironment = str | None | EllipsisType


class DefaultArguments(ChainOwner[P]):
    """Finds an identity where the program runs: of a service, of the host, or of the developer.

    The first of these that provides a token is used from then on, and is :attr:`selected`:

    1. ``EnvironmentCredential``: a service principal that environment variables describe.
    2. ``WorkloadIdentityCredential``: the identity of a Kubernetes pod.
    3. ``ManagedIdentityCredential``: the identity of the Azure host.
    4. ``SharedTokenCacheCredential``: a user who signed in with a Microsoft program, where there is such a cache.
    5. ``VisualStudioCodeCredential``, ``AzureCliCredential``, ``AzurePowerShellCredential``,
       ``AzureDeveloperCliCredential``: the developer who is signed in to one of these.
    6. ``InteractiveBrowserCredential``, only if ``exclude_interactive_browser_credential=False``.
    7. ``BrokerCredential``: the account of Windows, if ``azure-identity-broker`` is installed; not in ``aio``.

    Those of services and hosts (1 to 3) let the next one have its turn only if they are not set up; those of developers
    also if they fail. The variable AZURE_TOKEN_CREDENTIALS chooses among them: ``prod`` is 1 to 3, ``dev`` the others
    but the browser, and the name of a class is that one alone. A keyword ``exclude_*`` outweighs it.

    :keyword bool exclude_environment_credential: each of these leaves one out if True, and keeps it if False.
    :keyword str authority: authority of a Microsoft Entra endpoint, for example "login.microsoftonline.com".
    :keyword str managed_identity_client_id: client ID of a user-assigned managed identity; default AZURE_CLIENT_ID,
        None for the system-assigned one.
    :keyword str workload_identity_client_id: client ID of the pod's identity; default ``managed_identity_client_id``.
    :keyword str workload_identity_tenant_id: its tenant; default AZURE_TENANT_ID.
    :keyword str interactive_browser_tenant_id: tenant of the user; default AZURE_TENANT_ID.
    :keyword str interactive_browser_client_id: the application that the user signs in to.
    :keyword str broker_tenant_id: as for the browser.
    :keyword str broker_client_id: as for the browser.
    :keyword str shared_cache_username: whose token of several; default AZURE_USERNAME.
    :keyword str shared_cache_tenant_id: of which tenant; default AZURE_TENANT_ID.
    :keyword str visual_studio_code_tenant_id: tenant of the user; by default the one of the editor.
    :keyword int process_timeout: seconds that a developer's tool may take.
    :keyword bool require_envvar: whether AZURE_TOKEN_CREDENTIALS must be set.
    :keyword kwargs: azure-core's pipeline keywords, and others of the classes above.
    :raises ValueError: AZURE_TOKEN_CREDENTIALS is not valid, nothing is left to ask, or an argument is malformed.
    :raises TypeError: ``tenant_id`` was given; there is one for each class.
    """

    def __init__(
        self,
        *,
        exclude_environment_credential: bool | None = None,
        exclude_workload_identity_credential: bool | None = None,
        exclude_managed_identity_credential: bool | None = None,
        exclude_shared_token_cache_credential: bool | None = None,
        exclude_visual_studio_code_credential: bool | None = None,
        exclude_cli_credential: bool | None = None,
        exclude_powershell_credential: bool | None = None,
        exclude_developer_cli_credential: bool | None = None,
        exclude_interactive_browser_credential: bool | None = None,
        exclude_broker_credential: bool | None = None,
        authority: str | None = None,
        managed_identity_client_id: FromEnvironment = ...,
        workload_identity_client_id: FromEnvironment = ...,
        workload_identity_tenant_id: FromEnvironment = ...,
        interactive_browser_tenant_id: FromEnvironment = ...,
        interactive_browser_client_id: str | None = None,
        broker_tenant_id: FromEnvironment = ...,
        broker_client_id: str | None = None,
        shared_cache_username: FromEnvironment = ...,
        shared_cache_tenant_id: FromEnvironment = ...,
        visual_studio_code_tenant_id: str | None = None,
        process_timeout: int = 10,
        require_envvar: bool = False,
        **kwargs: Any,
    ) -> None:
        if "tenant_id" in kwargs:
            raise TypeError(
                "'tenant_id' is not supported in DefaultAzureCredential: set AZURE_TENANT_ID, or pass the keyword of "
                "one class, such as workload_identity_tenant_id"
            )
        kinds = chosen(
            {
                "environment": exclude_environment_credential,
                "workload_identity": exclude_workload_identity_credential,
                "managed_identity": exclude_managed_identity_credential,
                "shared_token_cache": exclude_shared_token_cache_credential,
                "visual_studio_code": exclude_visual_studio_code_credential,
                "cli": exclude_cli_credential,
                "powershell": exclude_powershell_credential,
                "developer_cli": exclude_developer_cli_credential,
                "interactive_browser": exclude_interactive_browser_credential,
                "broker": exclude_broker_credential,
            },
            require=require_envvar,
        )
        at = {**kwargs, "authority": normalize_authority(authority)}
        host_id = _value(managed_identity_client_id, "AZURE_CLIENT_ID")
        pod_id = host_id if isinstance(workload_identity_client_id, EllipsisType) else workload_identity_client_id
        given: dict[str, dict[str, Any]] = {
            "environment": at,
            "workload_identity": {
                "client_id": pod_id,
                "tenant_id": _value(workload_identity_tenant_id, "AZURE_TENANT_ID"),
                **at,
            },
            "managed_identity": {
                "client_id": host_id,
                "_in_default_credential": True,
                "_exclude_workload_identity_credential": all(kind.key != "workload_identity" for kind in kinds),
                **kwargs,
            },
            "shared_token_cache": {
                "username": _value(shared_cache_username, "AZURE_USERNAME"),
                "tenant_id": _value(shared_cache_tenant_id, "AZURE_TENANT_ID"),
                **at,
            },
            "visual_studio_code": {"tenant_id": visual_studio_code_tenant_id, **kwargs},
            "cli": {"process_timeout": process_timeout},
            "powershell": {"process_timeout": process_timeout},
            "developer_cli": {"process_timeout": process_timeout},
            "interactive_browser": {
                **_unless_none("tenant_id", _value(interactive_browser_tenant_id, "AZURE_TENANT_ID")),
                **_unless_none("client_id", interactive_browser_client_id),
                **at,
            },
            "broker": {
                **_unless_none("tenant_id", _value(broker_tenant_id, "AZURE_TENANT_ID")),
                **_unless_none("client_id", broker_client_id),
                **kwargs,
            },
        }
        if not kinds:
            raise ValueError(
                f"at least one credential is required: {VARIABLE} and the keywords exclude_*_credential leave none"
            )
        self._set_up_chain(_members(self._package, kinds, given), partial(advise, tuple(kinds)), pins=True)


def _value(given: FromEnvironment, variable_name: str) -> str | None:
    return os.environ.get(variable_name) or None if isinstance(given, EllipsisType) else given


def _unless_none(name: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {name: value}


def _members(package: str, kinds: Sequence[Kind], given: Mapping[str, dict[str, Any]]) -> list[Member]:
    # Who names the managed identity has no other to fall back on, and waits for it as long as it takes.
    names_host = variable() == "managedidentitycredential"
    members: list[Member] = []
    for kind in kinds:
        credential = _make(package, kind, given[kind.key])
        if credential is not None:
            is_probed = not (names_host and kind.key == "managed_identity")
            members.append(Member(kind.class_name, credential, kind.failures_are_skipped, is_probed))
    return members


def _make(package: str, kind: Kind, keywords: dict[str, Any]) -> Any:
    """Return the credential, or None where there is no such thing."""
    if kind.key == "broker":
        from webidentity.arguments.broker import broker_credential

        return None if package == AIO else broker_credential(package, **keywords)
    made = credential_class(package, kind.module, kind.class_name)
    if kind.key == "shared_token_cache":
        return made(**keywords) if made.supported() else None
    if kind.key != "workload_identity":
        return made(**keywords)
    try:
        return made(**keywords)
    except ValueError as error:  # most programs do not run in a pod
        return unavailable(package, kind.class_name, str(error))
