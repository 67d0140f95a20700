"""The exceptions that credentials raise."""

import pickle
import subprocess
import sys
from typing import Any
from unittest.mock import MagicMock

import azure.core.exceptions
import azure.identity
import pytest
from azure.core.credentials import AccessToken

import webidentity
from tests.kit.canned import Reply
from tests.kit.script import Response
from webidentity.errors import (
    AuthenticationRequiredError,
    AuthorityUnavailableError,
    ChainError,
    CredentialUnavailableError,
    EntraError,
)


def test_existing_handlers_catch_them() -> None:
    """Code written for azure-identity and azure-core catches every exception."""
    for error in (EntraError("m"), CredentialUnavailableError("m"), AuthenticationRequiredError(["s"])):
        assert isinstance(error, azure.core.exceptions.ClientAuthenticationError)
        assert isinstance(error, azure.core.exceptions.HttpResponseError)
    assert isinstance(AuthenticationRequiredError(["s"]), CredentialUnavailableError)


def test_authentication_required_is_the_same_as_in_azure_identity() -> None:
    """The same message, scopes and claims."""
    ours = AuthenticationRequiredError(["a", "b"], claims="{}")
    theirs = azure.identity.AuthenticationRequiredError(["a", "b"], claims="{}")
    assert str(ours) == str(theirs)
    assert (tuple(ours.scopes), ours.claims) == (tuple(theirs.scopes), theirs.claims)
    assert str(AuthenticationRequiredError(["a"], message="sign in")) == "sign in"


def test_the_message_does_not_contain_the_body_of_the_response() -> None:
    """azure-core would append it, or replace the message with an OData error from it."""
    for body in ({"access_token": "s3cret"}, {"error": {"code": "c", "message": "s3cret"}}, {}):
        error = EntraError("the message", response=Response(Reply(body, 400)))
        assert str(error) == error.message == "the message"
        assert "s3cret" not in repr(error)
        assert (error.status_code, error.reason) == (400, "Canned")


def test_errors_are_pickled_without_their_response() -> None:
    """Its request contains secrets."""
    response = Response(Reply({"access_token": "s3cret"}, 400))
    given = {"error": "e", "suberror": "s", "error_codes": (65001,), "correlation_id": "c", "claims": "{}"}
    errors = [
        EntraError("m", response=response, **given),
        AuthenticationRequiredError(["a", "b"], "m", "{}", response=response),
        ChainError("m", attempts=[("first", EntraError("m", response=response))]),
    ]
    for error in errors:
        pickled = pickle.dumps(error)
        copy = pickle.loads(pickled)
        assert type(copy) is type(error)
        assert (str(copy), copy.response) == ("m", None)
        assert b"s3cret" not in pickled
    entra, required, _ = (pickle.loads(pickle.dumps(error)) for error in errors)
    assert {name: getattr(entra, name) for name in given} == given
    assert (required.scopes, required.claims) == (("a", "b"), "{}")


@pytest.mark.parametrize("name", webidentity.__all__)
def test_public_names_are_loaded_on_first_use(name: str) -> None:
    """Each name exists and is listed by ``dir()``."""
    alias_of = {"KnownAuthorities": "AzureAuthorityHosts"}
    assert getattr(webidentity, name).__name__ == alias_of.get(name, name)
    assert name in dir(webidentity)


def test_unknown_names_are_attribute_errors() -> None:
    """``hasattr`` and import errors work as for any module."""
    import webidentity.aio

    assert not hasattr(webidentity, "NoSuchCredential")
    assert not hasattr(webidentity.aio, "NoSuchCredential")
    assert set(webidentity.aio.__all__) <= set(dir(webidentity.aio))


def test_an_unavailable_authority_names_the_time_of_the_next_attempt() -> None:
    """It is an authentication error, which azure-core's retry policy passes on at once."""
    error = pickle.loads(pickle.dumps(AuthorityUnavailableError("The authority asked for a pause.", retry_after=7)))
    assert isinstance(error, azure.core.exceptions.ClientAuthenticationError)
    assert (str(error), error.retry_after) == ("The authority asked for a pause.", 7)


def test_azure_identity_recognises_our_exceptions() -> None:
    """A program that has both packages, in its ``except`` clauses and in azure-identity's chain."""
    for error in (CredentialUnavailableError("not here"), AuthenticationRequiredError(["a"])):
        assert type(error) in {CredentialUnavailableError, AuthenticationRequiredError}
        with pytest.raises(azure.identity.CredentialUnavailableError):
            raise error
    with pytest.raises(azure.identity.AuthenticationRequiredError):
        raise AuthenticationRequiredError(["a"])

    class Unavailable:
        def get_token(self, *_: str, **__: Any) -> AccessToken:
            raise CredentialUnavailableError(message="not here")

    class Available:
        def get_token(self, *_: str, **__: Any) -> AccessToken:
            return AccessToken("token", 4_000_000_000)

    chain = azure.identity.ChainedTokenCredential(Unavailable(), Available())
    assert chain.get_token("scope").token == "token"


def test_a_stand_in_for_azure_identity_does_not_disturb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of applications replace the package with a mock."""
    monkeypatch.setitem(sys.modules, "azure.identity", MagicMock())
    with pytest.raises(CredentialUnavailableError):
        raise CredentialUnavailableError(message="not here")


def test_azure_identity_may_be_imported_later() -> None:
    """Importing it takes too long to do it for programs that do not use it."""
    script = """
import sys
import webidentity, webidentity.errors
first = webidentity.CredentialUnavailableError(message="not here")
assert "azure.identity" not in sys.modules
import azure.identity
try:
    raise webidentity.errors.AuthenticationRequiredError(["a"], claims="{}")
except azure.identity.CredentialUnavailableError as error:
    assert (error.scopes, error.claims) == (("a",), "{}")
    assert isinstance(error, webidentity.CredentialUnavailableError)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
