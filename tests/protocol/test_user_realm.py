"""User realm discovery: which server checks the password."""

from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.canned import Reply
from tests.kit.federation import MEX, federated
from tests.kit.script import Response
from webidentity import EntraError
from webidentity._protocol.user_realm import Federation, may_have_password, read_user_realm, user_realm_request


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("ada@tenant.test", "ada%40tenant.test"),
        ("o'neil+x@tenant.test", "o%27neil%2Bx%40tenant.test"),
        ("../../evil?x#y", "..%2F..%2Fevil%3Fx%23y"),
        ("zoë 🔑", "zo%C3%AB%20%F0%9F%94%91"),
        ("%40", "%2540"),
    ],
)
def test_username_is_one_segment_of_the_path(username: str, path: str) -> None:
    """Any characters of the username are escaped."""
    request = user_realm_request("https://login.test", username)
    assert (request.method, request.url) == (
        "GET",
        f"https://login.test/common/userrealm/{path}?api-version=1.0",
    )


@pytest.mark.parametrize("kind", ["Managed", "Unknown", "", None, 7, ["Federated"], {}])
def test_users_without_a_federation_server_belong_to_entra(kind: Any) -> None:
    """Unknown users too: the token endpoint has the better error for them."""
    assert read_user_realm(Response(Reply({"account_type": kind, "federation_protocol": "WSTrust"}))) is None
    assert read_user_realm(Response(Reply({}))) is None
    assert read_user_realm(Response(Reply("no such page", 404))) is None


def test_federation_has_addresses_and_an_audience() -> None:
    """The audience may be that of another cloud."""
    known = read_user_realm(Response(federated(federation_active_auth_url="https://fed.test/a")))
    assert known == Federation(MEX, "https://fed.test/a", "urn:federation:MicrosoftOnline")
    known = read_user_realm(Response(federated(account_type="federated", cloud_audience_urn="urn:cloud")))
    assert known == Federation(MEX, "", "urn:cloud")


@pytest.mark.parametrize("protocol", ["SAML20", "WSFed", "", None, ["WSTrust"]])
def test_other_protocols_accept_no_passwords(protocol: Any) -> None:
    """The error names the credentials to use instead."""
    with pytest.raises(ClientAuthenticationError, match=r"not WS-Trust.*InteractiveBrowserCredential"):
        read_user_realm(Response(federated(federation_protocol=protocol)))


@pytest.mark.parametrize(
    "reply",
    [
        Reply("", 200),
        Reply("[]", 200),
        Reply("{", 200),
        Reply("null", 200),
        Reply("[" * 100_000, 200),
        Reply({"account_type": "Managed"}, 403),
        Reply({"account_type": "Managed"}, 302),
        Reply({"account_type": "Managed"}, 500),
    ],
)
def test_reply_without_a_realm_is_an_error(reply: Reply) -> None:
    """The error stops the flow before the password is sent."""
    with pytest.raises(EntraError, match="sent no user realm") as caught:
        read_user_realm(Response(reply))
    assert caught.value.response is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["Federated", "WSTrust", MEX, "http://x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = ["account_type", "federation_protocol", "federation_metadata_url", "federation_active_auth_url"]


@given(st.dictionaries(st.sampled_from([*MEMBERS, "cloud_audience_urn"]), JSON))
def test_any_document_is_a_realm_or_an_authentication_error(document: dict[str, Any]) -> None:
    """A federation always has a secure address."""
    try:
        found = read_user_realm(Response(Reply(document)))
    except ClientAuthenticationError:
        return
    if found is not None:
        assert may_have_password(found.metadata_url or found.active_url)
        assert found.audience


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://fed.test/mex", True),
        ("HTTPS://FED.TEST", True),
        ("https://fed.test:8443/a?b=c", True),
        ("https://[2001:db8::1]/", True),
        ("http://127.0.0.1:8080/", True),
        ("http://[::1]/", True),
        ("http://localhost/", True),
        ("http://app.localhost/", True),
        ("http://fed.test/", False),
        ("http://localhost.fed.test/", False),
        ("http://127.0.0.1.fed.test/", False),
        ("http://0.0.0.0/", False),
        ("http://10.0.0.1/", False),
        ("https://user@fed.test/", False),
        ("https://:pw@fed.test/", False),
        ("https://fed.test\\@evil.test/", False),
        ("https://fed.test:0/", False),
        ("https://fed.test:x/", False),
        ("https://fed.test:70000/", False),
        ("https://fed.test/a b", False),
        ("https://fed.test/\n", False),
        ("https://fed.test/\u202e", False),
        ("https://", False),
        ("https:/fed.test", False),
        ("https://[::1", False),
        ("//fed.test/", False),
        ("ftp://fed.test/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_passwords_are_sent_over_https_or_to_this_machine(url: str, may: bool) -> None:
    """Malformed addresses and addresses with a username are refused."""
    assert may_have_password(url) is may


@given(st.text() | st.text().map("https://{}".format) | st.text(alphabet="@:/\\[]#?.1a").map("http://{}".format))
def test_any_text_can_be_checked(url: str) -> None:
    """The check returns True or False for any text."""
    assert may_have_password(url) in {True, False}
