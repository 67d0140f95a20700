"""Which of a host's identities is meant."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

CLIENT_ID, OBJECT_ID, RESOURCE_ID = "client_id", "object_id", "resource_id"
#: Every name that a host has for one of the three; each host is sent the name that it knows.
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
    """A user-assigned identity by one of its ids, or the identity that the system assigned.

    :param kind: "client_id", "object_id", "resource_id"; "" is the system-assigned identity.
    """

    kind: str = ""
    value: str = ""

    @property
    def is_user_assigned(self) -> bool:
        """Whether an identity was named."""
        return bool(self.kind)

    @classmethod
    def of(cls, client_id: str | None, identity_config: Mapping[str, Any] | None) -> "RequestedIdentity":
        """Return the one identity that a constructor's arguments name; empty values name none.

        :raises ValueError: they name several, or use a name that no host knows.
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
