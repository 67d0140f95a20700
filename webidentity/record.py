"""The account that signed in, without any secret."""

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


@dataclass(frozen=True, slots=True)
class AuthenticationRecord:
    """Non-secret account information of an authenticated user.

    Its JSON is azure-identity's, so a record serialized by one is read by the other.

    :param str tenant_id: the tenant that the account signed in to.
    :param str client_id: the application that signed it in.
    :param str authority: the authority's host, for example "login.microsoftonline.com".
    :param str home_account_id: "<object id>.<home tenant id>", which identifies the account everywhere.
    :param str username: the user principal name, for display only: it may change, and be given to somebody else.
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
        """Read a record that :meth:`serialize`, here or in azure-identity, wrote.

        :param str data: the serialized record.
        :raises ValueError: the text is not such a record, or of a version this library does not know.
        """
        document = parse_object(data)
        if document is None:
            raise ValueError("not an AuthenticationRecord: the text is no JSON object")
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
