"""The managed identity that a caller requests."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

CLIENT_ID, OBJECT_ID, RESOURCE_ID = "client_id", "object_id", "resource_id"
#: All names that hosts use for the three ids. Each host is sent its own name.
_NAMES = {
    "client_id": CLIENT_ID,
    "clientid": CLIENT_ID,
    "object_id": OBJECT_ID,
    "principal_id": OBJECT_ID,
    "resource_id": RESOURCE_ID,
    "mi_res_id": RESOURCE_ID,
    "msi_res_id": RESOURCE_ID,
}


class RequestedIdentity(NamedTuple):
    """A user-assigned identity, named by one of its ids, or the system-assigned identity.

    :param kind: "client_id", "object_id" or "resource_id", or "" for the system-assigned identity.
    :param value: the id.
    """

    kind: str = ""
    value: str = ""

    @property
    def is_user_assigned(self) -> bool:
        """Whether a user-assigned identity is requested."""
        return bool(self.kind)

    @classmethod
    def of(cls, client_id: str | None, identity_config: Mapping[str, Any] | None) -> "RequestedIdentity":
        """Return the identity that a constructor's arguments name. Empty values are ignored.

        :raises ValueError: the arguments name several identities, or contain an unknown name.
        """
        given: Mapping[Any, Any] = identity_config or {}
        if not isinstance(cast("object", given), Mapping):
            raise ValueError('identity_config should be a mapping, for example {"object_id": "..."}')
        config = {name: value for name, value in given.items() if value}
        unknown = [name for name in config if name not in _NAMES]
        if unknown:
            raise ValueError(
                f"identity_config has no key {', '.join(map(repr, unknown))}: it names an identity by client_id, "
                "object_id or resource_id"
            )
        if client_id and config:
            raise ValueError(
                "When 'client_id' is provided as a keyword argument, 'identity_config' must not contain any of the "
                f"following keys: {', '.join(_NAMES)}"
            )
        if len(config) > 1:
            raise ValueError(
                f"identity_config must not contain more than one of the following keys: {', '.join(_NAMES)}"
            )
        found = {"client_id": client_id, **config} if client_id else config
        for name, value in found.items():
            if not isinstance(value, str):
                raise ValueError(f"{name} should be the id of a user-assigned identity, a string")
            return cls(_NAMES[name], value)
        return cls()
