"""The output of az and azd, and what of it may be shown."""

import json
import textwrap
import time
from collections.abc import Callable, Iterator

import pytest
from azure.core.credentials import AccessTokenInfo
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.replies import jwt_of
from webidentity._protocol.developer_tools import developer_cli_error, read_azure_cli, read_developer_cli
from webidentity._protocol.power_shell import read_power_shell
from webidentity._protocol.redaction import redact

EPOCH = 1_999_999_999  # 2033-05-18T03:33:19Z
READERS: list[Callable[[str], AccessTokenInfo | None]] = [read_azure_cli, read_developer_cli, read_power_shell]


@pytest.fixture(params=["America/New_York", "Asia/Tokyo", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The time zone of this machine."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def of(token: AccessTokenInfo | None) -> tuple[str, int] | None:
    return None if token is None else (token.token, token.expires_on)


@pytest.mark.parametrize("expires_on", [EPOCH, str(EPOCH), float(EPOCH)])
def test_az_says_when_a_token_expires(expires_on: object) -> None:
    """``expires_on`` is preferred to the local time."""
    output = json.dumps({"accessToken": "tok", "expires_on": expires_on, "expiresOn": "2001-01-01 00:00:00.000000"})
    assert of(read_azure_cli(output)) == ("tok", EPOCH)


@pytest.mark.parametrize("also", [{}, {"expires_on": None}, {"expires_on": "soon"}])
def test_old_versions_of_az_print_a_local_time(zone: str, also: dict[str, object]) -> None:
    """The time has no zone and is read as datetime.fromtimestamp returns it."""
    local = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(EPOCH))
    assert of(read_azure_cli(json.dumps({"accessToken": "tok", "expiresOn": local, **also}))) == ("tok", EPOCH)


def test_azd_prints_utc(zone: str) -> None:
    """Marked with a Z."""
    assert of(read_developer_cli('{"token": "tok", "expiresOn": "2033-05-18T03:33:19Z"}')) == ("tok", EPOCH)


def test_the_repr_of_a_token_does_not_contain_it() -> None:
    """The repr hides the token as in other credentials."""
    assert "canary" not in repr(read_azure_cli('{"accessToken": "canary", "expires_on": 5}'))


@pytest.mark.parametrize(
    "output",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"accessToken": "tok"}',
        '{"accessToken": "", "expires_on": 5}',
        '{"accessToken": 5, "expires_on": 5}',
        '{"accessToken": "tok", "expires_on": true}',
        '{"accessToken": "tok", "expires_on": -1}',
        '{"accessToken": "tok", "expires_on": 1e999}',
        '{"accessToken": "tok", "expires_on": NaN}',
        '{"accessToken": "tok", "expires_on": 1' + "0" * 400 + "}",
        '{"accessToken": "tok", "expires_on": "' + "9" * 5000 + '"}',
        '{"accessToken": "tok", "expires_on": "\\u0665"}',
        '{"accessToken": "tok", "expiresOn": "tomorrow"}',
        '{"accessToken": "tok", "expiresOn": 5}',
        '{"accessToken": "tok", "expiresOn": "0001-01-01 00:00:00"}',
        '{"token": "tok", "expiresOn": ""}',
        '{"token": ["tok"], "expiresOn": "2033-05-18T03:33:19Z"}',
        "azsdk%tok",
        "azsdk%tok%",
        "azsdk%%5",
        "azsdk%tok%5x",
        "azsdk%tok%en%5",
        "azsdk%tok%-5",
        "azsdk%tok%" + "9" * 5000,
        "xazsdk%tok%5",
    ],
)
def test_output_without_a_token_is_none(output: str) -> None:
    """It does not raise."""
    for read in READERS:
        assert read(output) is None


@given(st.one_of(st.text(), st.dictionaries(st.text(), st.text() | st.integers() | st.floats()).map(json.dumps)))
def test_no_output_breaks_the_readers(output: str) -> None:
    """A program of that name may print anything."""
    for read in READERS:
        assert read(output) is None
    developer_cli_error(output)
    redact(output)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ('{"error": "failed", "message": "other", "suggestion": "do"}', "failed"),
        ('{"type": "consoleMessage", "data": {}}\n{"error": " failed "}', "failed"),
        ('{"type": "consoleMessage", "data": {"message": "\\nERROR: failed\\n"}}', "ERROR: failed"),
        ('{"data": {"message": "first"}}\n{"data": {"message": "second"}}', "first"),
        ('{"data": {"message": "first"}}\nnoise\n[]\n{"error": "better"}', "better"),
        ('{"error": ""}\n{"data": {"message": "said"}}', "said"),
        ('{"error": {"code": 5}}', None),
        ('{"data": "text"}', None),
        ("ERROR: failed", None),
        ("", None),
    ],
)
def test_azd_reports_errors_in_lines_of_json(output: str, message: str | None) -> None:
    """``error`` in newer versions, else the first message of older ones."""
    assert developer_cli_error(output) == message


JWT = jwt_of(oid="canary", padding="x" * 200)
OPAQUE = "canary" + "Ab1-_." * 40


@pytest.mark.parametrize(
    "text",
    [
        JWT,
        f"failed for {JWT} there",
        f'{{"accessToken": "{OPAQUE}", "x": 1}}',
        '{"accessToken": "canary-short", "x": 1}',
        '{"accessToken":"canary-short',
        "{'access_token': 'canary-short'}",
        '{"token":\n"canary-short", "x": 1}',
        '{"refreshToken": "canary \\" escaped',
        f"WARNING: token {OPAQUE}",
        "x " * 300 + JWT,
        "Token : \n" + "\n".join(textwrap.wrap(OPAQUE, 80)),
        "Token : " + "\r\n        ".join(textwrap.wrap(JWT, 64)) + "\nExpires : never",
        "azsdk%canary-short%soon",
        "x " * 1995 + OPAQUE,
        '{"token": "a"} ' * 250 + OPAQUE,
        " " * 5000 + OPAQUE,
    ],
)
def test_tokens_are_not_shown(text: str) -> None:
    """Tokens of any kind, also where the output is cut off."""
    shown = redact(text)
    assert "canary" not in shown
    assert JWT[:40] not in shown
    assert OPAQUE[10:40] not in shown
    assert len(shown) < 800


def test_other_text_is_shown() -> None:
    """The error shows the text on one line."""
    said = "ERROR: AADSTS50020: User account\n  does not exist in tenant 'Contoso'.\x1b[0m Trace ID: 1-2-3"
    help_text = "See https://aka.ms/azsdk/python/identity/azclicredential/troubleshoot-" + "a" * 30
    assert redact(f"{help_text}\nfor more") == f"{help_text} for more"
    assert redact(said) == ("ERROR: AADSTS50020: User account does not exist in tenant 'Contoso'. [0m Trace ID: 1-2-3")
