"""The error of a request's credential when only the user can continue."""

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError

from webidentity import AuthenticationRequiredError
from webidentity.web._user_needed import UserNeededError


@pytest.fixture(params=["ours", "derived"])
def kind(request: pytest.FixtureRequest) -> type[UserNeededError]:
    """The exception, and one that an application derives from it."""
    return UserNeededError if request.param == "ours" else type("OwnError", (UserNeededError,), {})


def test_no_retry_policy_catches_it(kind: type[UserNeededError]) -> None:
    """They catch AzureError. Handlers of the application catch it by its other classes."""
    assert AzureError not in kind.__mro__
    assert kind.__mro__[0] is kind
    for expected in (AuthenticationRequiredError, ClientAuthenticationError, Exception):
        with pytest.raises(expected):
            raise kind(["a/b"])


def test_it_has_what_azure_errors_have(kind: type[UserNeededError]) -> None:
    """The message is its text, as that of an AuthenticationRequiredError."""
    cause = ValueError("the cause")
    error, other = kind(["a/b"], "Sign in.", error=cause), AuthenticationRequiredError(["a/b"], "Sign in.", error=cause)
    assert (str(error), error.args, error.message) == (str(other), other.args, other.message)
    assert error.inner_exception is cause
    assert error.continuation_token is None
