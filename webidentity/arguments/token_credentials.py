"""Which credentials DefaultAzureCredential asks: the order, AZURE_TOKEN_CREDENTIALS, and the exclusions."""

import os
from collections.abc import Mapping
from typing import NamedTuple

VARIABLE = "AZURE_TOKEN_CREDENTIALS"


class Kind(NamedTuple):
    """A class of credentials that DefaultAzureCredential knows.

    :param key: the middle of its keyword ``exclude_<key>_credential``.
    :param module: where its class is, in each of the two packages.
    :param group: "prod", "dev", or "" for what is in neither.
    :param has_name: whether AZURE_TOKEN_CREDENTIALS may name it.
    :param by_default: whether it is asked unless something excludes it.
    """

    key: str
    module: str
    class_name: str
    group: str
    has_name: bool = True
    by_default: bool = True

    @property
    def keyword(self) -> str:
        """The keyword that excludes it."""
        return f"exclude_{self.key}_credential"

    @property
    def failures_are_skipped(self) -> bool:
        """Whether the search goes on after a failure: a tool of a developer may be signed in to something else."""
        return self.group != "prod"


#: In the order in which they are asked.
KINDS = (
    Kind("environment", "environment", "EnvironmentCredential", "prod"),
    Kind("workload_identity", "workload_identity", "WorkloadIdentityCredential", "prod"),
    Kind("managed_identity", "managed_identity", "ManagedIdentityCredential", "prod"),
    Kind("shared_token_cache", "shared_token_cache", "SharedTokenCacheCredential", "dev", has_name=False),
    Kind("visual_studio_code", "visual_studio_code", "VisualStudioCodeCredential", "dev"),
    Kind("cli", "azure_cli", "AzureCliCredential", "dev"),
    Kind("powershell", "azure_power_shell", "AzurePowerShellCredential", "dev"),
    Kind("developer_cli", "azure_developer_cli", "AzureDeveloperCliCredential", "dev"),
    Kind("interactive_browser", "interactive_browser", "InteractiveBrowserCredential", "", by_default=False),
    Kind("broker", "broker", "BrokerCredential", "dev", has_name=False),
)


def chosen(excluded: Mapping[str, bool | None], *, require: bool) -> list[Kind]:
    """Return what is to be asked.

    :param excluded: by key; True and False outweigh the variable, None leaves it to it.
    :param require: whether the variable must be set.
    :raises ValueError: the variable has no valid value, or none at all although it must have one.
    """
    value = variable()
    if require and not value:
        raise ValueError(
            f"the environment variable {VARIABLE} is required but is not set or is empty: {_valid_values()}"
        )
    names = {kind.class_name.lower() for kind in KINDS if kind.has_name}
    if value and value not in {"dev", "prod"} | names:
        raise ValueError(f"Invalid value for {VARIABLE}: {value!r}. {_valid_values()}")
    return [kind for kind in KINDS if not _is_excluded(kind, value, excluded.get(kind.key))]


def variable() -> str:
    """Return the variable's value as it is compared."""
    return os.environ.get(VARIABLE, "").strip().lower()


def _is_excluded(kind: Kind, value: str, asked: bool | None) -> bool:
    if asked is not None:
        return bool(asked)
    if not value:
        return not kind.by_default
    return kind.group != value and not (kind.has_name and kind.class_name.lower() == value)


def _valid_values() -> str:
    names = sorted(kind.class_name.lower() for kind in KINDS if kind.has_name)
    return f"Valid values are: {', '.join(['dev', 'prod', *names])}."
