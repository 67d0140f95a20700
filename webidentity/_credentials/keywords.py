"""Misspelled keywords of constructors.

A constructor passes the keywords that it does not know to azure-core, whose policies and transports ignore unknown
ones, and an application may pass any to its own transport. So only those are refused that surely are a mistake.
"""

import difflib
import inspect
from collections.abc import Iterable
from importlib import import_module

#: What is meant by keywords that look right, by class.
_INSTEAD = {
    "ManagedIdentityCredential": {
        "object_id": 'identity_config={"object_id": ...}',
        "principal_id": 'identity_config={"object_id": ...}',
        "resource_id": 'identity_config={"resource_id": ...}',
        "msi_res_id": 'identity_config={"resource_id": ...}',
        "mi_res_id": 'identity_config={"resource_id": ...}',
    },
    # It has no parameter of this name, but passes the keyword on.
    "DefaultAzureCredential": {"allowed_tenants": "additionally_allowed_tenants"},
}
#: The parameters that are meant by other names, in the classes that have them.
_SYNONYMS = {
    "allowed_tenants": "additionally_allowed_tenants",
    "authority_host": "authority",
    "callback": "prompt_callback",
    "tenant": "tenant_id",
    "user": "username",
}
_EXCLUDE = "exclude_"
#: How similar two names are, from 0 to 1.
_SIMILAR = 0.87


def check_keywords(constructor: type, name: str, keywords: Iterable[str]) -> None:
    """Check the keywords that a constructor does not know.

    :param constructor: the class with the constructor.
    :param name: the name of the public class.
    :raises TypeError: one of them is a misspelled parameter, or has a different name here.
    """
    parameters = [each for each in inspect.signature(constructor).parameters if each != "kwargs"]
    known: frozenset[str] | None = None
    for keyword in keywords:
        instead = _instead(name, keyword, parameters)
        if instead is None:
            by_form = {_form(each): each for each in parameters}
            close = difflib.get_close_matches(_form(keyword), by_form, 1, _SIMILAR)
            if not close or keyword.startswith("_"):
                continue
            # A keyword of another class may be passed on by DefaultAzureCredential or by the application's own code.
            known = _parameters_of_all() if known is None else known
            if keyword in known:
                continue
            instead = by_form[close[0]]
        raise TypeError(f"{name}.__init__() got an unexpected keyword argument {keyword!r}. Did you mean {instead}?")


def _instead(name: str, keyword: str, parameters: list[str]) -> str | None:
    """Return what is meant by a keyword that is surely wrong, however it is spelled; None for other keywords."""
    if keyword in parameters:
        return None
    exclusions = sorted(each for each in parameters if each.startswith(_EXCLUDE))
    if exclusions and keyword.startswith(_EXCLUDE):
        # Without an effect it would leave an identity in use that must not be.
        middles = {each.removeprefix(_EXCLUDE).removesuffix("_credential"): each for each in exclusions}
        middle = keyword.removeprefix(_EXCLUDE).removesuffix("_credential").removeprefix("azure_")
        close = difflib.get_close_matches(middle, middles, 1)
        return middles[close[0]] if close else f"one of {', '.join(exclusions)}"
    synonym = _SYNONYMS.get(keyword)
    return _INSTEAD.get(name, {}).get(keyword) or (synonym if synonym in parameters else None)


def _form(name: str) -> str:
    """Return the name without the differences between spellings such as client_id, clientId and CLIENTID."""
    return name.replace("_", "").lower()


def _parameters_of_all() -> frozenset[str]:
    from webidentity._lazy_names import CREDENTIALS

    package = import_module("webidentity")
    return frozenset(
        each
        for name in CREDENTIALS
        if name.endswith("Credential")
        for each in inspect.signature(getattr(package, name)).parameters
    )
