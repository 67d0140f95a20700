"""Fake developer tools on PATH, with a user signed in."""

import json
from pathlib import Path
from typing import Any

from tests.kit.programs import Programs

EPOCH = 1_999_999_999
OUTPUTS = {
    "az": json.dumps({"accessToken": "tok", "expires_on": EPOCH}),
    "azd": json.dumps({"token": "tok", "expiresOn": "2033-05-18T03:33:19Z"}),
    "pwsh": f"azsdk%tok%{EPOCH}\n",
}
TOOLS = {
    "AzureCliCredential": "az",
    "AzureDeveloperCliCredential": "azd",
    "AzurePowerShellCredential": "pwsh",
}


def install(programs: Programs, name: str, **options: Any) -> Path:
    """Install the tool of the credential, with a user signed in."""
    program = TOOLS[name]
    return programs.install(program, OUTPUTS[program], **options)
