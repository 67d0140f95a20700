"""What the programs of ``served_flask.py`` and ``served_django.py`` have in common: their settings and a view."""

import http.client
import json
import os
from typing import Any
from urllib.parse import urlsplit

from tests.kit.world import claims_of

#: The environment variable with the settings of the program, as JSON.
VARIABLE = "WEBIDENTITY_SERVED_SITE"


def program_settings() -> Any:
    """Return the settings that ``site_servers.py`` wrote."""
    return json.loads(os.environ[VARIABLE])


def whose(settings: Any, identity: Any, token: str) -> dict[str, str]:
    """Return the names of the user in the session, in the token, and at an API that the token is sent to."""
    address = urlsplit(settings["authority"])
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=60)
    try:
        connection.request("GET", "/graph/v1.0/me", headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        profile = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise RuntimeError(f"Graph answered {response.status}")
    return {
        "session": identity.record.username,
        "token": claims_of(token)["oid"],
        "api": profile["userPrincipalName"],
    }
