"""The exceptions that credentials raise."""

import azure.core.exceptions
import azure.identity
import pytest

import webidentity
from tests.canned import Reply
from tests.script import Response
from webidentity.errors import AuthenticationRequiredError, CredentialUnavailableError, EntraError


def test_existing_handlers_catch_them() -> None:
    """Code written for azure-identity and azure-core catches every one."""
    for error in (EntraError("m"), CredentialUnavailableError("m"), AuthenticationRequiredError(["s"])):
        assert isinstance(error, azure.core.exceptions.ClientAuthenticationError)
        assert isinstance(error, azure.core.exceptions.HttpResponseError)
    assert isinstance(AuthenticationRequiredError(["s"]), CredentialUnavailableError)


def test_authentication_required_says_what_azure_identity_says() -> None:
    """The same message, scopes and claims."""
    ours = AuthenticationRequiredError(["a", "b"], claims="{}")
    theirs = azure.identity.AuthenticationRequiredError(["a", "b"], claims="{}")
    assert str(ours) == str(theirs)
    assert (tuple(ours.scopes), ours.claims) == (tuple(theirs.scopes), theirs.claims)
    assert str(AuthenticationRequiredError(["a"], message="sign in")) == "sign in"


def test_the_body_of_the_response_stays_out_of_the_text() -> None:
    """azure-core would append it, and put an OData error of it in the message's place."""
    for body in ({"access_token": "s3cret"}, {"error": {"code": "c", "message": "s3cret"}}, {}):
        error = EntraError("the message", response=Response(Reply(body, 400)))
        assert str(error) == error.message == "the message"
        assert "s3cret" not in repr(error)
        assert (error.status_code, error.reason) == (400, "Canned")


@pytest.mark.parametrize("name", webidentity.__all__)
def test_public_names_load_when_they_are_used(name: str) -> None:
    """Each is there, and listed by dir()."""
    alias_of = {"KnownAuthorities": "AzureAuthorityHosts"}
    assert getattr(webidentity, name).__name__ == alias_of.get(name, name)
    assert name in dir(webidentity)


def test_unknown_names_are_attribute_errors() -> None:
    """hasattr and import errors work as for any module."""
    import webidentity.aio

    assert not hasattr(webidentity, "NoSuchCredential")
    assert not hasattr(webidentity.aio, "NoSuchCredential")
    assert set(webidentity.aio.__all__) <= set(dir(webidentity.aio))
