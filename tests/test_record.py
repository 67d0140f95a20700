"""AuthenticationRecord: the account that signed in, in azure-identity's format."""

import json

import azure.identity
import pytest

from webidentity import AuthenticationRecord

FIELDS = ("tenant_id", "client_id", "authority", "home_account_id", "username")
VALUES = ("tenant", "client", "login.microsoftonline.com", "uid.utid", "ada@tenant.test")


def values_of(record: object) -> tuple[str, ...]:
    return tuple(getattr(record, name) for name in FIELDS)


def test_azure_identity_reads_what_this_library_wrote() -> None:
    """A site may switch libraries and keep its sessions."""
    text = AuthenticationRecord(*VALUES).serialize()
    assert values_of(azure.identity.AuthenticationRecord.deserialize(text)) == VALUES


def test_this_library_reads_what_azure_identity_wrote() -> None:
    """azure-identity also reads the records of this library."""
    text = azure.identity.AuthenticationRecord(*VALUES).serialize()
    assert AuthenticationRecord.deserialize(text) == AuthenticationRecord(*VALUES)


def test_the_fields_are_in_vars() -> None:
    """For programs that log or copy a record."""
    assert vars(AuthenticationRecord(*VALUES)) == dict(zip(FIELDS, VALUES, strict=True))


def test_both_write_the_same_json() -> None:
    """The same keys, values and version."""
    ours = json.loads(AuthenticationRecord(*VALUES).serialize())
    assert ours == json.loads(azure.identity.AuthenticationRecord(*VALUES).serialize())
    assert ours["version"] == "1.0"


def test_usernames_in_any_script_are_preserved() -> None:
    """They are not always ASCII."""
    record = AuthenticationRecord("t", "c", "a", "h", "\u00e9lise@\u4f8b.test")
    assert AuthenticationRecord.deserialize(record.serialize()) == record


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("{", "not a JSON object"),
        ("{}", "version"),
        ('{"version": "2.0"}', "'2.0'"),
        ('{"version": 1.0}', "version"),
        ('{"version": "1.0", "authority": "a", "clientId": "c"}', "homeAccountId"),
        ('{"version": "1.0", "authority": 1}', "authority"),
    ],
)
def test_invalid_records_are_value_errors(text: str, complaint: str) -> None:
    """The content of a session is input."""
    with pytest.raises(ValueError, match=complaint):
        AuthenticationRecord.deserialize(text)


def test_a_record_cannot_be_changed() -> None:
    """A changed record would name another account."""
    record = AuthenticationRecord(*VALUES)
    with pytest.raises(AttributeError):
        record.home_account_id = "other"


def test_a_record_fits_into_a_session() -> None:
    """Less than 600 bytes, with GUIDs and a long username."""
    guid = "11111111-1111-1111-1111-111111111111"
    record = AuthenticationRecord(
        guid, guid, "login.microsoftonline.com", f"{guid}.{guid}", f"{'a' * 60}@{'b' * 60}.test"
    )
    assert len(record.serialize()) < 600
