"""The account file of the Visual Studio Code extension Azure Resources."""

import json

from tests.kit.replies import TENANT
from tests.kit.shared_cache import Home

EXTENSION = "aebc6443-996d-45c2-90f0-388ff96faa56"
RECORD = {
    "authority": "login.microsoftonline.com",
    "clientId": EXTENSION,
    "homeAccountId": f"ada.{TENANT}",
    "tenantId": TENANT,
    "username": "ada@tenant.test",
    "version": "1.0",
}


def note(home: Home, content: object = None, *, folder: str = ".azure", **fields: object) -> None:
    """Write the account file as the extension does. None removes a field."""
    path = home.path / folder / "ms-azuretools.vscode-azureresourcegroups" / "authRecord.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {name: value for name, value in {**RECORD, **fields}.items() if value is not None}
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(json.dumps(record) if content is None else str(content))
