"""The authentication record that the Azure Resources extension of Visual Studio Code writes."""

from webidentity._authority import authority_host, normalize_authority, validate_tenant_id
from webidentity._json import as_text, parse_object
from webidentity.record import AuthenticationRecord

#: The client id of the extension.
CLIENT_ID = "aebc6443-996d-45c2-90f0-388ff96faa56"
#: Longest record in bytes. Real ones have a few hundred.
LARGEST = 10 * 1024


def read_record(data: bytes) -> AuthenticationRecord:
    """Return the record of the account that is signed in.

    :param data: the content of the file, or its first :data:`LARGEST` + 1 bytes.
    :raises ValueError: it is not a valid record. The message does not quote its content.
    """
    if len(data) > LARGEST:
        raise ValueError("the file is unexpectedly large")
    document = parse_object(data)
    if document is None:
        raise ValueError("the file is not a JSON object")
    names = ("authority", "clientId", "homeAccountId", "tenantId", "username")
    values = [as_text(document.get(name)) or "" for name in names]
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise ValueError(f"{', '.join(missing)} must be a non-empty string")
    authority, client_id, home_account_id, tenant_id, username = values
    if client_id.lower() != CLIENT_ID:
        raise ValueError("clientId is not that of the Azure Resources extension")
    try:
        validate_tenant_id(tenant_id)
    except ValueError:
        raise ValueError("tenantId is not a valid tenant id") from None
    try:
        host = authority_host(normalize_authority(authority))
    except ValueError:
        raise ValueError("authority is not a valid authority") from None
    return AuthenticationRecord(tenant_id, CLIENT_ID, host, home_account_id, username)
