"""DefaultAzureCredential."""

import os
from collections.abc import Sequence
from functools import partial
from types import EllipsisType
from typing import Any, TypeVar

from azure.core.credentials import TokenProvider

from webidentity._authority import normalize_authority
from webidentity._credentials.chained import ChainConstructor, ChainedTokenCredential
from webidentity._credentials.default_members import VARIABLE, DefaultMember, selected_members, token_credentials
from webidentity._flows.chain import Member

P = TypeVar("P")
#: A value whose default comes from the environment. None is a value of its own.
FromEnvironment = str | None | EllipsisType

#: How to set up a member, by key; the easiest first.
_STEPS = {
    "cli": "On your own machine: install the Azure CLI and run `az login`.",
    "developer_cli": "With the Azure Developer CLI: run `azd auth login`.",
    "powershell": "In PowerShell: install the module Az.Accounts and run `Connect-AzAccount`.",
    "environment": (
        "As a service: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET to those of an app registration."
    ),
    "managed_identity": "On an Azure host: give it a managed identity.",
}


class DefaultAzureConstructor(ChainConstructor[P], of="DefaultAzureCredential"):
    """Tries the credentials that fit most environments: of a service, of the host, and of the developer.

    It tries these in order. The first one that provides a token is used for all later calls, and is :attr:`selected`:

    1. ``EnvironmentCredential``: a service principal that environment variables describe.
    2. ``WorkloadIdentityCredential``: the identity of a Kubernetes pod.
    3. ``ManagedIdentityCredential``: the identity of the Azure host.
    4. ``SharedTokenCacheCredential``: a user who signed in with a Microsoft developer tool, on platforms that have this
       cache.
    5. ``VisualStudioCodeCredential``, ``AzureCliCredential``, ``AzurePowerShellCredential`` and
       ``AzureDeveloperCliCredential``: the developer who signed in to one of these tools.
    6. ``InteractiveBrowserCredential``, only with ``exclude_interactive_browser_credential=False``.
    7. ``BrokerCredential``: the Windows account, if ``azure-identity-broker`` is installed. Not in ``webidentity.aio``.

    If one of 1 to 3 is set up but fails, the search ends with an error. If one of the others fails, the next one is
    tried.

    The environment variable AZURE_TOKEN_CREDENTIALS selects which ones are tried: ``prod`` selects 1 to 3, ``dev``
    selects 4, 5 and 7, and the name of a class selects only that one. The keywords ``exclude_*_credential`` take
    precedence over the variable.

    :keyword bool exclude_environment_credential: True excludes the credential, False includes it. The keywords for the
        other credentials have the same form.
    :keyword str authority: host of the authority, for example "login.microsoftonline.us"; default AZURE_AUTHORITY_HOST,
        or "login.microsoftonline.com".
    :keyword str managed_identity_client_id: client ID of a user-assigned managed identity; default AZURE_CLIENT_ID.
        None selects the system-assigned identity.
    :keyword str workload_identity_client_id: client ID of the pod's identity; default ``managed_identity_client_id``.
    :keyword str workload_identity_tenant_id: tenant of the pod's identity; default AZURE_TENANT_ID.
    :keyword str interactive_browser_tenant_id: tenant that the user signs in to; default AZURE_TENANT_ID.
    :keyword str interactive_browser_client_id: client ID of the application that the user signs in to.
    :keyword str broker_tenant_id: tenant of the Windows account; default AZURE_TENANT_ID.
    :keyword str broker_client_id: client ID of the application that the Windows account signs in to.
    :keyword str shared_cache_username: username of the account in the shared cache; default AZURE_USERNAME.
    :keyword str shared_cache_tenant_id: home tenant of the account in the shared cache; default AZURE_TENANT_ID.
    :keyword str visual_studio_code_tenant_id: tenant for Visual Studio Code. By default that of the signed-in account.
    :keyword int process_timeout: the number of seconds to wait for the process of a developer tool.
    :keyword bool require_envvar: whether AZURE_TOKEN_CREDENTIALS must be set.
    :keyword kwargs: keyword arguments of azure-core's pipeline, and of the classes above.
    :raises ValueError: AZURE_TOKEN_CREDENTIALS is invalid, every credential is excluded, or an argument is malformed.
    :raises TypeError: ``tenant_id`` was passed; each credential has a keyword of its own.
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
        self._check_keywords(kwargs)
        if "tenant_id" in kwargs:
            raise TypeError(
                "'tenant_id' is not supported in DefaultAzureCredential: set AZURE_TENANT_ID, or pass the keyword for "
                "one credential, such as workload_identity_tenant_id"
            )
        members = selected_members(
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
                "_exclude_workload_identity_credential": all(each.key != "workload_identity" for each in members),
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
        if not members:
            raise ValueError(
                f"at least one credential is required: {VARIABLE} and the keywords exclude_*_credential leave none"
            )
        made = [(each, self._make(each, given[each.key])) for each in members]
        chain = [
            Member(each.class_name, credential, each.failures_are_skipped, _is_probed(each))
            for each, credential in made
            if credential is not None
        ]
        self._set_up_chain(chain, partial(_advise, tuple(members)), pins=True)

    def _make(self, member: DefaultMember, keywords: dict[str, Any]) -> Any:
        """Return the credential, or None if it does not exist here."""
        if member.key == "broker":
            from webidentity._credentials.broker import broker_credential

            return None if self._is_async else broker_credential(**keywords)
        credential_class = self._class_named(member.class_name)
        if member.key == "shared_token_cache":
            return credential_class(**keywords) if credential_class.supported() else None
        if member.key != "workload_identity":
            return credential_class(**keywords)
        try:
            return credential_class(**keywords)
        except ValueError as error:  # most programs do not run in a Kubernetes pod
            return self._unavailable(member.class_name, str(error))


class DefaultAzureCredential(DefaultAzureConstructor[TokenProvider], ChainedTokenCredential):
    __doc__ = DefaultAzureConstructor.__doc__


def _is_probed(member: DefaultMember) -> bool:
    """Whether the member gives up early. A managed identity that the environment names is the only one: wait for it."""
    return member.key != "managed_identity" or token_credentials() != "managedidentitycredential"


def _value(given: FromEnvironment, variable_name: str) -> str | None:
    return os.environ.get(variable_name) or None if isinstance(given, EllipsisType) else given


def _unless_none(name: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {name: value}


def _advise(members: Sequence[DefaultMember], stopped: Member | None) -> str:
    """Return what to do next, after the failure of a member or after all of them were unavailable."""
    if stopped is not None:
        keyword = next((each.keyword for each in members if each.class_name == stopped.name), None)
        skip = "" if keyword is None else f", or pass {keyword}=True if it should not be used"
        return f"{stopped.name} is set up but failed, which ended the search: fix the problem it reports{skip}."
    keys = {each.key for each in members}
    steps = [step for key, step in _STEPS.items() if key in keys]
    lines = "".join(f"\n\t{step}" for step in steps)
    first = f"To get a token, do one of these:{lines}\n" if steps else ""
    return (
        f"{first}The environment variable {VARIABLE} (dev, prod, or the name of one credential, such as "
        "AzureCliCredential) and the keywords exclude_*_credential select which credentials are tried.\n"
        "More: https://aka.ms/azsdk/python/identity/defaultazurecredential/troubleshoot"
    )
