"""The public names of azure-identity and their parameters, compared with ours; every difference has a reason.

A difference that is not listed fails, and so does a listed one that is gone.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import azure.identity
import azure.identity.aio
import pytest

import webidentity
import webidentity.aio

PACKAGES: dict[str, tuple[ModuleType, ModuleType]] = {
    "sync": (webidentity, azure.identity),
    "aio": (webidentity.aio, azure.identity.aio),
}
#: Credentials with an authority, a cache and a transport.
CLIENTS = (
    "AuthorizationCodeCredential",
    "AzurePipelinesCredential",
    "CertificateCredential",
    "ClientAssertionCredential",
    "ClientSecretCredential",
    "OnBehalfOfCredential",
    "WorkloadIdentityCredential",
)
#: Interactive credentials, which azure-identity has only as sync classes.
INTERACTIVE = ("DeviceCodeCredential", "InteractiveBrowserCredential", "UsernamePasswordCredential")
#: Credentials that run a developer tool.
TOOL_CREDENTIALS = ("AzureCliCredential", "AzureDeveloperCliCredential", "AzurePowerShellCredential")
#: Credentials that are made of others and pass keywords on to them.
COMPOSED = ("ChainedTokenCredential", "DefaultAzureCredential", "EnvironmentCredential")
#: Credentials of users who signed in with another program.
CACHED = ("SharedTokenCacheCredential", "VisualStudioCodeCredential")
CREDENTIALS = (*CLIENTS, *TOOL_CREDENTIALS, *COMPOSED, *CACHED, "ManagedIdentityCredential")

#: Names of azure-identity that are missing here, with the packages.
MISSING: dict[str, tuple[str, tuple[str, ...]]] = {}
#: Names that only this library has.
ADDED: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(INTERACTIVE, ("also available for asyncio: a sign-in must not block the event loop", ("aio",))),
    "ChainError": ("a ClientAuthenticationError with the error of each credential of a chain as attributes", ("sync",)),
    "EntraError": ("a ClientAuthenticationError with the fields of Entra's error as attributes", ("sync",)),
}


@dataclass(frozen=True)
class Difference:
    """A parameter that is different in these classes."""

    parameter: str
    reason: str
    classes: tuple[str, ...] = CLIENTS
    packages: tuple[str, ...] = ("sync", "aio")
    member: str = "__init__"


KEYWORD = "an untyped keyword in azure-identity; here a parameter that type checkers see"
SHARED = "an addition: a cache that credentials share, in this process or through a store"
DEFAULT_KEYWORDS = (
    "authority",
    "broker_client_id",
    "broker_tenant_id",
    "exclude_broker_credential",
    "exclude_cli_credential",
    "exclude_developer_cli_credential",
    "exclude_environment_credential",
    "exclude_interactive_browser_credential",
    "exclude_managed_identity_credential",
    "exclude_powershell_credential",
    "exclude_shared_token_cache_credential",
    "exclude_visual_studio_code_credential",
    "exclude_workload_identity_credential",
    "interactive_browser_client_id",
    "interactive_browser_tenant_id",
    "managed_identity_client_id",
    "process_timeout",
    "require_envvar",
    "shared_cache_tenant_id",
    "shared_cache_username",
    "visual_studio_code_tenant_id",
    "workload_identity_client_id",
    "workload_identity_tenant_id",
)
DIFFERENCES = [
    Difference("authority", KEYWORD),
    Difference("additionally_allowed_tenants", KEYWORD),
    Difference("cache_persistence_options", KEYWORD),
    Difference("client_secret", KEYWORD, ("AuthorizationCodeCredential",), ("sync",)),
    Difference("certificate_data", KEYWORD, ("CertificateCredential",)),
    Difference("password", KEYWORD, ("CertificateCredential",)),
    Difference("send_certificate_chain", KEYWORD, ("CertificateCredential",), ("sync",)),
    Difference(
        "send_certificate_chain",
        "azure-identity's async credentials ignore it; here one signer serves both",
        ("CertificateCredential", "OnBehalfOfCredential"),
        ("aio",),
    ),
    Difference("enable_azure_proxy", KEYWORD, ("WorkloadIdentityCredential",)),
    Difference("token_cache", SHARED, (*CLIENTS, "ManagedIdentityCredential")),
    Difference("code_verifier", "an addition: PKCE (RFC 7636)", ("AuthorizationCodeCredential",)),
    *(
        Difference(name, KEYWORD, INTERACTIVE, ("sync",))
        for name in ("additionally_allowed_tenants", "authority", "cache_persistence_options", "tenant_id")
    ),
    *(
        Difference(name, KEYWORD, INTERACTIVE[:2], ("sync",))
        for name in ("authentication_record", "disable_automatic_authentication")
    ),
    Difference("token_cache", SHARED, INTERACTIVE, ("sync",)),
    *(
        Difference(name, KEYWORD, ("InteractiveBrowserCredential",), ("sync",))
        for name in ("client_id", "login_hint", "redirect_uri", "timeout")
    ),
    Difference(
        "enable_cae",
        KEYWORD,
        ("AuthorizationCodeCredential", "ManagedIdentityCredential", *COMPOSED[1:], *TOOL_CREDENTIALS),
        member="get_token",
    ),
    *(
        Difference(
            "missing in one of them",
            reason,
            ("ChainedTokenCredential", "DefaultAzureCredential"),
            member=member,
        )
        for member, reason in (
            ("credentials", "an attribute of the instance there, a property here"),
            ("selected", "an addition: the credential that provided the token"),
        )
    ),
    *(
        Difference(
            "missing in one of them", "a property there, an attribute here", ("AuthenticationRecord",), ("sync",), each
        )
        for each in ("authority", "client_id", "home_account_id", "tenant_id", "username")
    ),
    *(Difference(each, KEYWORD, ("DefaultAzureCredential",)) for each in DEFAULT_KEYWORDS),
    Difference("tenant_id", KEYWORD, CACHED[1:]),
    *(Difference(each, KEYWORD, CACHED[:1], ("sync",)) for each in ("authority", "tenant_id")),
    Difference("additionally_allowed_tenants", KEYWORD, CACHED),
    Difference("cache_persistence_options", KEYWORD, CACHED[:1]),
    Difference("authentication_record", KEYWORD, CACHED[:1], ("sync",)),
    Difference("authentication_record", "azure-identity's async class ignores it", CACHED[:1], ("aio",)),
    Difference("enable_cae", KEYWORD, CACHED[1:], member="get_token"),
]

Key = tuple[str, str, str, str]


def parameters(function: Any) -> dict[str, tuple[str, Any]]:
    """Return kind and default of each parameter."""
    found = inspect.signature(function).parameters.values()
    return {each.name: (each.kind.name, each.default) for each in found if each.name != "self"}


def members(kind: Any) -> Iterator[str]:
    """Return the constructor and the public members of a class."""
    yield "__init__"
    yield from (name for name in dir(kind) if not name.startswith("_"))


def differences() -> set[Key]:
    """Compare every name that both packages have."""
    found: set[Key] = set()
    for package, (ours, theirs) in PACKAGES.items():
        for name in set(ours.__all__) & set(theirs.__all__):
            our, their = getattr(ours, name), getattr(theirs, name)
            if not inspect.isclass(their):
                found |= {(package, name, "", parameter) for parameter in _differing(our, their)}
                continue
            for member in {*members(our), *members(their)}:
                missing = object()
                one, other = getattr(our, member, missing), getattr(their, member, missing)
                if missing in (one, other):
                    found.add((package, name, member, "missing in one of them"))
                elif one is other:
                    continue
                elif callable(other):
                    found |= {(package, name, member, parameter) for parameter in _differing(one, other)}
                elif not isinstance(other, property) and one != other:
                    found.add((package, name, member, "value"))
    return found


def _differing(one: Any, other: Any) -> set[str]:
    ours, theirs = parameters(one), parameters(other)
    if _positional(ours) != _positional(theirs):
        return {"order"}
    return {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}


def _positional(given: dict[str, tuple[str, Any]]) -> list[str]:
    return [name for name, (kind, _) in given.items() if kind in {"POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD"}]


def listed() -> dict[Key, str]:
    """Return the table, with one entry for each class and package."""
    return {
        (package, name, each.member, each.parameter): each.reason
        for each in DIFFERENCES
        for package in each.packages
        for name in each.classes
    }


def test_each_missing_or_added_name_is_listed() -> None:
    """The tables list each missing or added name with the reason."""
    for package, (ours, theirs) in PACKAGES.items():
        names = {name for name, (_, packages) in MISSING.items() if package in packages}
        assert set(theirs.__all__) - set(ours.__all__) == names
        added = {name for name, (_, packages) in ADDED.items() if package in packages}
        assert set(ours.__all__) - set(theirs.__all__) == added
        assert set(dir(ours)) >= set(ours.__all__)


def test_each_parameter_is_the_same_or_listed() -> None:
    """Constructors, methods and functions have the same parameters, kinds and defaults."""
    found, table = differences(), listed()
    assert sorted(found - table.keys()) == [], "differences without an explanation"
    assert sorted(table.keys() - found) == [], "explanations of differences that are gone"
    assert all(table.values())


def test_sync_and_async_have_the_same_constructors() -> None:
    """The same parameters and defaults."""
    for name in (*CREDENTIALS, *INTERACTIVE):
        assert parameters(getattr(webidentity, name).__init__) == parameters(getattr(webidentity.aio, name).__init__)


@pytest.mark.parametrize("name", ["CredentialUnavailableError", "AuthenticationRequiredError"])
def test_exceptions_have_the_same_base_classes(name: str) -> None:
    """Handlers for azure-identity's exceptions catch ours, which inherit from those of the same name, too."""

    def family(kind: type) -> list[str]:
        return list(dict.fromkeys(each.__name__ for each in kind.__mro__))

    assert family(getattr(webidentity, name)) == family(getattr(azure.identity, name))


def test_the_same_methods_are_coroutines() -> None:
    """Code that awaits azure-identity's methods works unchanged."""
    for ours, theirs in PACKAGES.values():
        for name in CREDENTIALS:
            for member in members(getattr(theirs, name)):
                our, their = getattr(getattr(ours, name), member), getattr(getattr(theirs, name), member)
                assert inspect.iscoroutinefunction(our) == inspect.iscoroutinefunction(their), (name, member)
