"""AuthenticationRecord: the account that signed in, without secrets."""

import json
from dataclasses import dataclass

from webidentity._json import parse_object

_VERSION = "1.0"
_FIELDS = {
    "authority": "authority",
    "clientId": "client_id",
    "homeAccountId": "home_account_id",
    "tenantId": "tenant_id",
    "username": "username",
}


@dataclass(frozen=True)  # without slots: vars(record) works, as in azure-identity
class AuthenticationRecord:
    """Non-secret account information of an authenticated user.

    It is serialized in the format of azure-identity, so either library can read the other's records.

    :param str tenant_id: ID of the tenant that the account signed in to.
    :param str client_id: client ID of the application that the account signed in to.
    :param str authority: host of the authority, for example "login.microsoftonline.com".
    :param str home_account_id: "<object ID>.<home tenant ID>", a globally unique ID of the account.
    :param str username: the user principal name. Use it only for display: it can change, and can be reassigned.
    """

    tenant_id: str
    client_id: str
    authority: str
    home_account_id: str
    username: str

    def serialize(self) -> str:
        """Return the record as JSON.

        :rtype: str
        """
        document = {name: getattr(self, attribute) for name, attribute in _FIELDS.items()}
        return json.dumps({**document, "version": _VERSION})

    @classmethod
    def deserialize(cls, data: str) -> "AuthenticationRecord":
        """Return the record that :meth:`serialize` wrote, here or in azure-identity.

        :param str data: the serialized record.
        :raises ValueError: the text is not a serialized record, or its version is not supported.
        """
        document = parse_object(data)
        if document is None:
            raise ValueError("not an AuthenticationRecord: the text is not a JSON object")
        version = document.get("version")
        if version != _VERSION:
            raise ValueError(f"unexpected AuthenticationRecord version {version!r}: this library reads {_VERSION!r}")
        values: dict[str, str] = {}
        for name, attribute in _FIELDS.items():
            value = document.get(name)
            if not isinstance(value, str):
                raise ValueError(f"not an AuthenticationRecord: {name} is missing")
            values[attribute] = value
        return cls(**values)
