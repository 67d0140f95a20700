"""The credentials that DefaultAzureCredential tries: their order, AZURE_TOKEN_CREDENTIALS, and the exclusions."""

import os
from collections.abc import Mapping
from typing import NamedTuple

VARIABLE = "AZURE_TOKEN_CREDENTIALS"


class DefaultMember(NamedTuple):
    """A credential that DefaultAzureCredential may try.

    :param key: the middle part of its keyword ``exclude_<key>_credential``.
    :param group: the value of AZURE_TOKEN_CREDENTIALS that selects it with others, "prod" or "dev", or "".
    :param has_name: whether AZURE_TOKEN_CREDENTIALS may be its class name.
    :param by_default: whether it is tried if neither the variable nor a keyword says anything.
    """

    key: str
    class_name: str
    group: str
    has_name: bool = True
    by_default: bool = True

    @property
    def keyword(self) -> str:
        """The keyword argument that excludes it."""
        return f"exclude_{self.key}_credential"

    @property
    def failures_are_skipped(self) -> bool:
        """Whether the next one is tried after a failure: a developer tool may be signed in to a different tenant."""
        return self.group != "prod"


#: In the order in which they are tried.
DEFAULT_MEMBERS = (
    DefaultMember("environment", "EnvironmentCredential", "prod"),
    DefaultMember("workload_identity", "WorkloadIdentityCredential", "prod"),
    DefaultMember("managed_identity", "ManagedIdentityCredential", "prod"),
    DefaultMember("shared_token_cache", "SharedTokenCacheCredential", "dev", has_name=False),
    DefaultMember("visual_studio_code", "VisualStudioCodeCredential", "dev"),
    DefaultMember("cli", "AzureCliCredential", "dev"),
    DefaultMember("powershell", "AzurePowerShellCredential", "dev"),
    DefaultMember("developer_cli", "AzureDeveloperCliCredential", "dev"),
    DefaultMember("interactive_browser", "InteractiveBrowserCredential", "", by_default=False),
    DefaultMember("broker", "BrokerCredential", "dev", has_name=False),
)


def selected_members(excluded: Mapping[str, bool | None], *, require: bool) -> list[DefaultMember]:
    """Return the credentials to try.

    :param excluded: the keyword arguments, by key. True and False take precedence over the variable; None does not.
    :param require: whether the variable must be set.
    :raises ValueError: the variable has an invalid value, or it is required and unset.
    """
    value = token_credentials()
    if require and not value:
        raise ValueError(
            f"the environment variable {VARIABLE} is required but is not set or is empty: {_valid_values()}"
        )
    names = {member.class_name.lower() for member in DEFAULT_MEMBERS if member.has_name}
    if value and value not in {"dev", "prod"} | names:
        raise ValueError(f"Invalid value for {VARIABLE}: {value!r}. {_valid_values()}")
    return [member for member in DEFAULT_MEMBERS if not _is_excluded(member, value, excluded.get(member.key))]


def token_credentials() -> str:
    """Return the value of AZURE_TOKEN_CREDENTIALS, in lower case."""
    return os.environ.get(VARIABLE, "").strip().lower()


def _is_excluded(member: DefaultMember, value: str, excluded: bool | None) -> bool:
    if excluded is not None:
        return bool(excluded)
    if not value:
        return not member.by_default
    return member.group != value and not (member.has_name and member.class_name.lower() == value)


def _valid_values() -> str:
    names = sorted(member.class_name.lower() for member in DEFAULT_MEMBERS if member.has_name)
    return f"Valid values are: {', '.join(['dev', 'prod', *names])}."
