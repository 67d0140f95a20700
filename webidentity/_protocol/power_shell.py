"""What PowerShell is told to do, and what it prints."""

import re
from base64 import b64encode

from azure.core.credentials import AccessTokenInfo

from webidentity._json import as_seconds
from webidentity._protocol.access_token import OpaqueAccessTokenInfo

#: Printed in place of a token when the module is missing or too old.
NO_MODULE = "NO_AZ_ACCOUNT_MODULE"
_MARK = "azsdk"

# Az.Accounts returns a SecureString since 5.0, so the type of the token says what is to be done. NetworkCredential
# turns one into text under Windows PowerShell and PowerShell 7 alike. An empty line comes first: modules print
# warnings, and not all of them end their line.
_SCRIPT = """\
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if (-not (Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru -ErrorAction SilentlyContinue)) {
    '@NO_MODULE@'
    exit 0
}
$request = @{ ResourceUrl = '@RESOURCE@'; WarningAction = 'Ignore' }
if ('@TENANT@') { $request.TenantId = '@TENANT@' }
$answer = Get-AzAccessToken @request
$text = $answer.Token
if ($text -is [securestring]) { $text = [System.Net.NetworkCredential]::new('', $text).Password }
''
'@MARK@%' + $text + '%' + $answer.ExpiresOn.ToUnixTimeSeconds()
"""


def token_script(resource: str, tenant: str) -> str:
    """Return the script that prints a token.

    :param resource: whom the token is for, checked: it stands in quotes.
    :param tenant: the tenant, checked, or "" for the one of the account.
    """
    values = {"NO_MODULE": NO_MODULE, "MARK": _MARK, "RESOURCE": resource, "TENANT": tenant}
    return re.sub("@([A-Z_]+)@", lambda place: values[place[1]], _SCRIPT)


def encode_script(script: str) -> str:
    """Return the script as ``-EncodedCommand`` takes it, which leaves nothing to be quoted."""
    return b64encode(script.encode("utf-16-le")).decode()


def read_power_shell(output: str) -> AccessTokenInfo | None:
    """Return the token among the lines that the script printed, or None if there is none."""
    for word in output.split():
        mark, _, rest = word.partition("%")
        token, _, expires_on = rest.rpartition("%")
        seconds = as_seconds(expires_on)
        if mark == _MARK and token and "%" not in token and seconds is not None:
            return OpaqueAccessTokenInfo(token, seconds)
    return None


def plain_error(stderr: str) -> str:
    """Return an error of PowerShell as one line: without colours, frames and the XML that Windows PowerShell writes."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", stderr)
    # The CLIXML of a redirected error stream: a text is broken into elements at the width of a screen.
    text = re.sub(r"#< CLIXML|_x000[DA]_|</?(?:Objs|S)\b[^<>]{0,200}>", " ", text)
    # Newer versions draw a line at the left, and break long messages.
    return " ".join(re.sub(r"\n\s*(?:\d+\s*)?\|", " ", text).split())
