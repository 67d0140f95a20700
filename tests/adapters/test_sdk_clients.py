"""A client of the Azure SDK inside a view, for a user who has to consent first."""

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from tests.kit.sdk_clients import ASYNC_CLIENTS, CLIENTS
from tests.kit.sites import MakeSite
from tests.kit.world import WRITE
from webidentity import AuthenticationRequiredError, CredentialUnavailableError
from webidentity.web._user_needed import UserNeededError

PATHS = [*(f"/sdk?client={name}" for name in CLIENTS), *(f"/async/sdk?client={name}" for name in ASYNC_CLIENTS)]


@pytest.mark.parametrize("path", PATHS)
def test_a_client_does_not_retry_and_the_user_is_asked(build: MakeSite, path: str) -> None:
    """Each client calls the credential once, whatever its retry policy. The view may also handle the error."""
    site = build()
    browser = site.browser()
    browser.sign_in()
    challenged = browser.get(path)
    assert challenged.status == 302, challenged.text
    assert WRITE in challenged.query["scope"].split()
    assert browser.get(f"{path}&caught").text == f"caught {WRITE}"


def test_the_error_is_caught_as_before_but_not_as_an_azure_error() -> None:
    """The retry policy of azure-storage catches AzureError."""
    for kind in (AuthenticationRequiredError, CredentialUnavailableError, ClientAuthenticationError, HttpResponseError):
        with pytest.raises(kind) as caught:
            raise UserNeededError(["a/b"], "Sign in.", '{"x":1}')
    error = caught.value
    assert isinstance(error, UserNeededError)
    assert not isinstance(error, AzureError)
    assert (error.scopes, error.message, error.claims, str(error)) == (("a/b",), "Sign in.", '{"x":1}', "Sign in.")
    assert vars(error).keys() == vars(AuthenticationRequiredError(["a/b"])).keys()
