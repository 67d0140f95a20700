"""The PowerShell script and its output."""

import re
from base64 import b64decode

import pytest

from webidentity._protocol.power_shell import NO_MODULE, encode_script, plain_error, read_power_shell, token_script


def test_the_script_names_resource_and_tenant() -> None:
    """The script has them in single quotes, in which PowerShell expands nothing."""
    script = token_script("https://vault.azure.net", "contoso.test")
    assert "ResourceUrl = 'https://vault.azure.net'" in script
    assert "if ('contoso.test') { $request.TenantId = 'contoso.test' }" in script
    assert "if ('') { $request.TenantId = '' }" in token_script("https://vault.azure.net", "")


def test_the_script_is_complete() -> None:
    """It has no placeholders left, and its braces and quotes are balanced."""
    script = token_script("https://vault.azure.net", "")
    assert not re.search("@[A-Z_]+@", script)
    assert NO_MODULE in script
    for opening, closing in ("{}", "()", "[]"):
        assert script.count(opening) == script.count(closing)
    assert all(line.count("'") % 2 == 0 for line in script.splitlines())
    assert all(line.isascii() for line in script.splitlines())


def test_the_script_turns_a_secure_string_into_text() -> None:
    """Az.Accounts 5 returns a SecureString."""
    script = token_script("https://vault.azure.net", "")
    assert "-is [securestring]" in script
    assert "NetworkCredential]::new('', $text).Password" in script


def test_the_script_needs_no_quoting() -> None:
    """It is UTF-16 in base64, as -EncodedCommand requires."""
    assert b64decode(encode_script("$a = 'ü'\n")).decode("utf-16-le") == "$a = 'ü'\n"


@pytest.mark.parametrize(
    "output",
    [
        "azsdk%tok%1999999999",
        "\nazsdk%tok%1999999999\n\n",
        "WARNING: upcoming\r\nbreaking changes\r\n\r\nazsdk%tok%1999999999\r\n",
        "Welcome 100% azsdk azsdk% \nazsdk%tok%1999999999\nbye",
    ],
)
def test_the_token_is_found_among_other_output(output: str) -> None:
    """Modules and profiles may print anything."""
    token = read_power_shell(output)
    assert token is not None
    assert (token.token, token.expires_on) == ("tok", 1999999999)


NOT_LOGGED_IN = "Run Connect-AzAccount to login"


@pytest.mark.parametrize(
    "stderr",
    [
        "Get-AzAccessToken: Run Connect-AzAccount to login.",
        "\x1b[31;1mGet-AzAccessToken: \x1b[31;1mRun Connect-AzAccount\x1b[0m to login.\x1b[0m",
        "Get-AzAccessToken: \nLine |\n  14 |  $answer = Get-AzAccessToken\n     |  ~~~~~\n"
        "     | Run Connect-AzAccount to\n     | login.\n",
        '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S S="Error">'
        'Get-AzAccessToken : Run Connect-AzAccount _x000D__x000A_</S><S S="Error">to login._x000D__x000A_</S></Objs>',
    ],
    ids=["plain", "colours", "frame", "CLIXML"],
)
def test_errors_are_found_in_all_formats(stderr: str) -> None:
    """PowerShell breaks, colours and wraps them."""
    assert NOT_LOGGED_IN in plain_error(stderr)
