"""The protocol of managed identities: ids, lifetimes, replies and challenges, including malicious ones."""

import json
from typing import Any

import pytest

from tests.kit.canned import Reply
from tests.kit.replies import jwt_of
from tests.kit.script import Response
from webidentity._flows.managed_identity.key_file import key_file_of
from webidentity._flows.managed_identity.service_fabric import read_thumbprint
from webidentity._protocol.managed_identity import RequestedIdentity, is_local_endpoint, read_host_reply, read_lifetime
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import CredentialUnavailableError, EntraError

NOW = 1_600_000_000


@pytest.mark.parametrize(
    ("client_id", "config", "expected"),
    [
        (None, None, ("", "")),
        ("", {}, ("", "")),
        (None, {"object_id": None}, ("", "")),
        ("c", None, ("client_id", "c")),
        ("c", {"object_id": ""}, ("client_id", "c")),
        (None, {"client_id": "c"}, ("client_id", "c")),
        (None, {"clientid": "c"}, ("client_id", "c")),
        (None, {"object_id": "o"}, ("object_id", "o")),
        (None, {"principal_id": "o"}, ("object_id", "o")),
        (None, {"resource_id": "r"}, ("resource_id", "r")),
        (None, {"mi_res_id": "r"}, ("resource_id", "r")),
        (None, {"msi_res_id": "r"}, ("resource_id", "r")),
    ],
)
def test_an_identity_is_read_from_the_arguments(client_id: Any, config: Any, expected: tuple[str, str]) -> None:
    """All names that hosts use for an id are accepted."""
    assert tuple(RequestedIdentity.of(client_id, config)) == expected
    assert RequestedIdentity.of(client_id, config).is_user_assigned == bool(expected[0])


@pytest.mark.parametrize(
    ("client_id", "config", "problem"),
    [
        ("c", {"client_id": "c"}, "'identity_config' must not contain any of the following keys"),
        ("c", {"object_id": "o"}, "'identity_config' must not contain any of the following keys"),
        (None, {"object_id": "o", "client_id": "c"}, "must not contain more than one of the following keys"),
        (None, {"mi_res_id": "r", "msi_res_id": "r"}, "must not contain more than one of the following keys"),
        (None, {"objectid": "o"}, "no key 'objectid'"),
        (None, {"object_id": 7}, "a string"),
        (7, None, "a string"),
        (None, "object_id", "a mapping"),
        (None, ["object_id"], "a mapping"),
        (None, {7: "x"}, "no key 7"),
    ],
)
def test_conflicting_ids_are_refused(client_id: Any, config: Any, problem: str) -> None:
    """A token of the wrong identity is worse than an error."""
    with pytest.raises(ValueError, match=problem):
        RequestedIdentity.of(client_id, config)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"expires_in": "3600"}, (NOW + 3600, None)),
        ({"expires_in": 3600}, (NOW + 3600, None)),
        ({"expires_in": "86400"}, (NOW + 86400, NOW + 43200)),
        ({"expires_in": 7200}, (NOW + 7200, NOW + 3600)),
        ({"expires_in": 7199}, (NOW + 7199, None)),
        ({"expires_in": 86400, "refresh_in": "600"}, (NOW + 86400, NOW + 600)),
        ({"expires_in": 600, "refresh_in": 6000}, (NOW + 600, NOW + 600)),
        ({"expires_on": str(NOW + 100)}, (NOW + 100, None)),
        ({"expires_on": NOW + 7200}, (NOW + 7200, NOW + 3600)),
        ({"expires_on": NOW - 5}, (NOW, None)),
        # expires_in is right even if the clock of the host is wrong.
        ({"expires_in": "3600", "expires_on": "1"}, (NOW + 3600, None)),
        ({"expires_on": "09/13/2020 12:30:00 +00:00"}, (NOW + 200, None)),
        ({"expires_on": "9/13/2020 12:30:00 PM +00:00"}, (NOW + 200, None)),
        ({"expires_on": "9/14/2020 12:26:40 AM +00:00"}, (NOW + 43200, NOW + 21600)),
        ({"expires_on": "9/13/2020 1:26:40 PM +00:00"}, (NOW + 3600, None)),
    ],
)
def test_lifetimes_are_read_in_all_formats(fields: dict[str, Any], expected: tuple[int, int | None]) -> None:
    """Seconds, timestamps and dates, as numbers and as strings."""
    assert read_lifetime(fields, NOW) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        True,
        [],
        {},
        -1,
        "-1",
        1.5,
        "1e9",
        "\u0661\u0662",
        "9" * 5000,
        10**30,
        "13/45/2020 12:30:00 +00:00",
        "9/13/2020 13:30:00 PM +00:00",
        "9/13/2020 0:30:00 AM +00:00",
        "9/13/2020 12:30:00 +02:00",
        "9/13/2020 25:30:00 +00:00",
        "\u0669/13/2020 12:30:00 +00:00",
        "9/13/2020 12:30:00 PM",
    ],
)
def test_an_invalid_lifetime_is_not_accepted(value: Any) -> None:
    """A token without a lifetime would be served forever or never."""
    assert read_lifetime({"expires_on": value}, NOW) is None
    with pytest.raises(EntraError, match="lifetime"):
        read(Reply({"access_token": "t", "expires_on": value}))


def read(reply: Reply, *, user_assigned: bool = False, secrets: tuple[str, ...] = ()) -> TokenReply:
    response = Response(reply)
    return read_host_reply(response, now=NOW, host="IMDS", user_assigned=user_assigned, secrets=secrets)[0]


def test_a_token_is_read() -> None:
    """Other members of the reply are ignored."""
    body = {"access_token": "t", "expires_in": "3600", "token_type": "Bearer", "resource": "r", "refresh_token": ""}
    reply = read(Reply(body))
    assert (reply.access_token, reply.expires_on, reply.token_type) == ("t", NOW + 3600, "Bearer")
    assert reply.refresh_token is None


@pytest.mark.parametrize(("user_assigned", "which"), [(False, "No identity has"), (True, "The requested identity has")])
def test_400_means_that_the_identity_does_not_exist(user_assigned: bool, which: str) -> None:
    """The credential is unavailable, whatever the body says."""
    for body in ({"error": "invalid_request", "error_description": "Identity not found"}, "<html>", ""):
        with pytest.raises(CredentialUnavailableError, match=f"{which}.* been assigned to this resource") as caught:
            read(Reply(body, 400), user_assigned=user_assigned)
        assert ("Identity not found" in str(caught.value)) == isinstance(body, dict)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '"token"', b"\xff\xfe", "[" * 100_000])
@pytest.mark.parametrize("status", [200, 302, 403, 502])
def test_a_reply_that_is_not_a_json_object_is_not_from_the_host(status: int, body: Any) -> None:
    """It is from a proxy or a captive portal, so the credential is unavailable."""
    with pytest.raises(CredentialUnavailableError, match="is not a JSON object"):
        read(Reply(body, status))


def test_the_proxy_of_docker_desktop_is_recognized() -> None:
    """It answers 403 for addresses that it cannot reach."""
    for body in ("connecting to 169.254.169.254:80: unreachable network", '{"message": "host is unreachable"}'):
        with pytest.raises(CredentialUnavailableError, match="unreachable"):
            read(Reply(body, 403))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "invalid_resource", "error_description": "AADSTS500011"}, "(invalid_resource) AADSTS500011"),
        ({"statusCode": 500, "message": "An unexpected error"}, "An unexpected error"),
        (
            {"error": {"code": "InternalServerError", "message": "Bad", "correlationId": "7"}},
            "(InternalServerError) Bad",
        ),
        ({"error": {"code": ["x"], "message": 7}}, "HTTP 500"),
        ({"error": None}, "HTTP 500"),
    ],
)
def test_a_refusal_contains_the_error_of_the_host(body: dict[str, Any], said: str) -> None:
    """The error has the host's message in the format of each kind, and the response in ``.response``."""
    with pytest.raises(EntraError) as caught:
        read(Reply(body, 500))
    assert said in str(caught.value)
    assert caught.value.status_code == 500
    assert caught.value.response is not None


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 7}, {"error": "x", "access_token": None}])
def test_a_success_without_a_token_is_a_refusal(body: dict[str, Any]) -> None:
    """A reply with status 200 but no token is a refusal."""
    with pytest.raises(EntraError, match=r"sent no token|refused"):
        read(Reply(body))


@pytest.mark.parametrize("status", [400, 500])
def test_secrets_are_removed_from_a_refusal(status: int) -> None:
    """A message contains neither the secret header nor a token."""
    token = jwt_of(sub="canary")
    body = {"error": "e canary-secret", "error_description": f"canary-secret {token} \x1b[31m" + "x" * 5000}
    with pytest.raises((EntraError, CredentialUnavailableError)) as caught:
        read(Reply(body, status), secrets=("canary-secret",))
    text = f"{caught.value} {caught.value!r} {vars(caught.value).get('error')}"
    assert "canary" not in text
    assert token not in text
    assert "\x1b" not in text
    assert len(text) < 3000


@pytest.mark.parametrize(
    ("header", "path"),
    [
        ("Basic realm=/var/opt/azcmagent/tokens/a.key", "/var/opt/azcmagent/tokens/a.key"),
        ('basic  realm="/var/opt/azcmagent/tokens/a.key"', "/var/opt/azcmagent/tokens/a.key"),
        (r"Basic realm=C:\ProgramData\Tokens\a.key", r"C:\ProgramData\Tokens\a.key"),
        (r'Basic realm="C:\Program Data\a.key"', r"C:\Program Data\a.key"),
    ],
)
def test_a_challenge_names_a_file(header: str, path: str) -> None:
    """Quoted or not."""
    assert key_file_of(header) == path


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic realm=",
        'Basic realm=""',
        "Bearer realm=/a.key",
        "Basic realm=/a.key, Basic realm=/b.key",
        'Basic realm="/a.key", Bearer realm="x"',
        "Basic realm=/a.key, charset=utf-8",
        "Basic realm=/a.key realm=/b.key",
        "Basic realm=" + "a" * 10_000,
    ],
)
def test_any_other_challenge_is_refused(header: str | None) -> None:
    """The path of the file must be unambiguous."""
    with pytest.raises(EntraError, match="WWW-Authenticate") as caught:
        key_file_of(header)
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://169.254.169.254/metadata", True),
        ("http://169.254.130.2:8081/msi", True),
        ("http://127.0.0.1:41741/msi", True),
        ("http://127.8.9.1", True),
        ("http://localhost:40342", True),
        ("http://LOCALHOST.", True),
        ("http://agent.localhost", True),
        ("http://[::1]:80", True),
        ("http://[fe80::1]", True),
        ("http://[::ffff:169.254.169.254]", True),
        ("http://10.0.0.4:2377", False),
        ("http://169.254.evil.test", False),
        ("http://localhost.evil.test", False),
        ("http://example.com", False),
        ("", False),
    ],
)
def test_local_endpoints(url: str, expected: bool) -> None:
    """Loopback and link-local addresses, and localhost."""
    assert is_local_endpoint(url) is expected


def test_thumbprints() -> None:
    """The formats of Windows, OpenSSL and Service Fabric are equivalent."""
    assert read_thumbprint("AB" * 20) == "ab" * 20
    assert read_thumbprint(" ".join(["AB"] * 20)) == "ab" * 20
    assert read_thumbprint(":".join(["AB"] * 32)) == "ab" * 32
    for text in ("", "ab", "AB" * 16, "zz" * 20, "ab" * 21, "\u0661" * 40):
        assert read_thumbprint(text) is None


def test_a_large_reply_is_read_but_not_repeated() -> None:
    """The message does not contain the document."""
    with pytest.raises(EntraError) as caught:
        read(Reply(json.dumps({"error": "x" * 100_000, "error_description": "y" * 100_000}), 500))
    assert len(str(caught.value)) < 1500
