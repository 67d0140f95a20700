"""What a guard requires. It is checked where the guard is written, so that a mistake is found at start-up."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

#: The scopes of OpenID Connect, which belong to no resource.
_OIDC = frozenset({"openid", "profile", "email", "offline_access"})
_GRAPH = "Microsoft Graph"
#: What people write between scopes in one string.
_BETWEEN = " ,\t\n"
#: Microsoft Graph in each cloud, and its application.
_GRAPH_NAMES = frozenset(
    {
        "https://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
        "00000003-0000-0000-c000-000000000000",
    }
)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a guard requires. Every guard requires a user: a session, or a valid bearer token.

    :param scopes: scopes of one resource that the user's token must have, None if no token is required.
    :raises ValueError: ``scopes`` is a string, or empty; or the scopes belong to different resources.
    """

    scopes: Sequence[str] | None = None

    @classmethod
    def of_token(cls, scopes: Sequence[str]) -> "Requirements":
        """Return the requirements of ``require_token``: without scopes, it would be another guard.

        :raises ValueError: ``scopes`` is None, empty, or a string; or the scopes belong to different resources.
        """
        return cls([] if cast("object", scopes) is None else scopes)

    @property
    def written(self) -> str:
        """How the guard is written, for messages."""
        return "require_sign_in" if self.scopes is None else "require_token(scopes=[...])"

    def __post_init__(self) -> None:
        if self.scopes is None:
            return
        _check_spelling(self.scopes)
        _check_resource(self.scopes)
        object.__setattr__(self, "scopes", tuple(self.scopes))


def _check_spelling(scopes: Sequence[object]) -> None:
    if isinstance(scopes, str):
        given: list[object] = [scopes] if scopes.strip(_BETWEEN) else []
    else:
        given = list(scopes)
    if not given:
        raise ValueError('require_token needs at least one scope: scopes=["https://graph.microsoft.com/User.Read"]')
    names: list[str] = []
    for scope in given:
        if not isinstance(scope, str) or not scope.strip():
            raise ValueError(f"require_token takes scopes as strings, not {scope!r}")
        names += re.split(r"[\s,]+", scope.strip(_BETWEEN))
    if isinstance(scopes, str) or names != given:
        raise ValueError(f"require_token takes a list with a string for each scope: scopes={json.dumps(names)}")


def _check_resource(scopes: Sequence[str]) -> None:
    found: dict[str, str] = {}
    for scope in scopes:
        if scope not in _OIDC:
            name = _resource_of(scope)
            found.setdefault(name.lower().removeprefix("api://"), name)
    if len(found) > 1:
        raise ValueError(
            f"require_token was given scopes of {'two' if len(found) == 2 else 'several'} resources, "
            f"{' and '.join(found.values())}. A token is for one resource: use @require_token for one of them, and "
            "credential.get_token(...) in the view for the others"
        )


def _resource_of(scope: str) -> str:
    """Return the part of the scope that surely names its resource.

    A name of a scope, and an identifier URI, may contain slashes: scopes of one host may belong to one resource.
    """
    parts = urlsplit(scope)
    if parts.netloc:
        resource = f"{parts.scheme}://{parts.netloc}"
    else:
        resource, slash, _ = scope.partition("/")
        # A scope without a resource is one of Microsoft Graph.
        resource = resource if slash else _GRAPH
    return _GRAPH if resource.lower() in _GRAPH_NAMES else resource
