"""Which of the requested scopes an authority has granted (RFC 6749 sections 3.3 and 5.1)."""

import re
from collections.abc import Collection, Iterable

#: Scopes of OpenID Connect. Entra does not repeat all of them, and an access token is not about them.
_OPENID = frozenset({"openid", "profile", "email", "offline_access"})
#: The ID of an application, or a URI without a path: the resource itself, with what was granted before.
_RESOURCE = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z][a-z0-9+.-]*://[^/]*/?"


def granted(requested: Iterable[str], replied: Collection[str]) -> list[str]:
    """Return the requested scopes that were granted, as they were requested and in order.

    Entra may write a scope in another way in its reply: ``https://graph.microsoft.com/user.read`` as ``User.Read``, or
    ``<application ID>/access`` as ``api://<application ID>/access``. A token is for one resource, so that only the
    names of the permissions are compared. ``.default`` and a resource stand for all that was granted before.

    :param replied: the scopes in the reply. None of them means that all were granted (RFC 6749 section 5.1).
    """
    names = sorted(requested)
    if not replied:
        return names
    given = {_permission(scope) for scope in replied}
    return [scope for scope in names if _permission(scope) in given or _is_always_granted(scope.lower())]


def _permission(scope: str) -> str:
    return scope.rpartition("/")[2].lower()


def _is_always_granted(scope: str) -> bool:
    return scope in _OPENID or scope.endswith(".default") or re.fullmatch(_RESOURCE, scope) is not None
