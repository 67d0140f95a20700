"""The PowerShell script that prints a token, and its output."""

import re
from base64 import b64encode

from azure.core.credentials import AccessTokenInfo

from webidentity._json import as_seconds
from webidentity._protocol.access_token import OpaqueAccessTokenInfo

#: Printed instead of a token if the module is missing or too old.
NO_MODULE = "NO_AZ_ACCOUNT_MODULE"
_MARK = "azsdk"

# Since 5.0, Az.Accounts returns the token as a SecureString. NetworkCredential converts it to text, both in Windows
# PowerShell and in PowerShell 7. The output starts with an empty line because modules may print warnings without a line
# break.
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

    :param resource: the resource that the token is for. It must have been checked, because it is inserted in quotes.
    :param tenant: the tenant, also checked, or "" for that of the account.
    """
    values = {"NO_MODULE": NO_MODULE, "MARK": _MARK, "RESOURCE": resource, "TENANT": tenant}
    return re.sub("@([A-Z_]+)@", lambda place: values[place[1]], _SCRIPT)


def encode_script(script: str) -> str:
    """Return the script as the argument of ``-EncodedCommand``, which needs no quoting."""
    return b64encode(script.encode("utf-16-le")).decode()


def read_power_shell(output: str) -> AccessTokenInfo | None:
    """Return the token in the output of the script, or None."""
    for word in output.split():
        mark, _, rest = word.partition("%")
        token, _, expires_on = rest.rpartition("%")
        seconds = as_seconds(expires_on)
        if mark == _MARK and token and "%" not in token and seconds is not None:
            return OpaqueAccessTokenInfo(token, seconds)
    return None


def plain_error(stderr: str) -> str:
    """Return an error of PowerShell on one line, without colours, frames and the XML of Windows PowerShell."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", stderr)
    # A redirected error stream is CLIXML, which breaks text into elements at the width of the screen.
    text = re.sub(r"#< CLIXML|_x000[DA]_|</?(?:Objs|S)\b[^<>]{0,200}>", " ", text)
    # Newer versions draw a vertical line on the left and break long messages.
    return " ".join(re.sub(r"\n\s*(?:\d+\s*)?\|", " ", text).split())
