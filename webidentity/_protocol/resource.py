"""The resource of a scope, for endpoints and tools of the v1.0 protocol, which know no scopes."""

from collections.abc import Sequence

_DEFAULT = "/.default"


def resource_of(scopes: Sequence[str]) -> str:
    """Return the resource that the one scope is for.

    :raises ValueError: there are several scopes.
    """
    if len(scopes) != 1:
        raise ValueError("This credential requires exactly one scope per token request.")
    return scopes[0].removesuffix(_DEFAULT)
