"""The regional token endpoint of an application (AZURE_REGIONAL_AUTHORITY_NAME)."""

import os
import re
from urllib.parse import urlsplit, urlunsplit

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.proxy_bypass import without_proxy
from webidentity._protocol.token_reply import read_text

_VARIABLE = "AZURE_REGIONAL_AUTHORITY_NAME"
_DETECT = frozenset({"tryautodetect", "true"})
_REGION = re.compile(r"[a-z0-9]{1,40}", re.ASCII)
#: Hosts of the public cloud, whose regions have hosts of their own below this one.
_PUBLIC = frozenset({"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"})
_PUBLIC_REGIONAL = "login.microsoft.com"
#: The instance metadata service, which is only there on machines in Azure.
_LOCATION = "http://169.254.169.254/metadata/instance/compute/location?format=text&api-version=2021-02-01"


class Region:
    """Finds the region that the environment asks for, once."""

    def __init__(self) -> None:
        self._detected: str | None = None

    def authority(self, authority: str) -> Flow[str]:
        """Return the regional authority, or the global one if no region is asked for or none can be found.

        :raises ValueError: the name is not one that a region can have.
        """
        wanted = os.environ.get(_VARIABLE, "").strip()
        if not wanted:
            return authority
        region = wanted.lower()
        if region in _DETECT:
            region = yield from self._detect()
            if not region:
                return authority
        if not _REGION.fullmatch(region):
            raise ValueError(f"the environment variable {_VARIABLE} is {wanted!r}: expected a region such as westus2")
        parts = urlsplit(authority)
        host = _PUBLIC_REGIONAL if parts.hostname in _PUBLIC else parts.netloc
        return urlunsplit(parts._replace(netloc=f"{region}.{host}"))

    def _detect(self) -> Flow[str]:
        if self._detected is None:
            name = os.environ.get("REGION_NAME", "").replace(" ", "").lower()
            self._detected = name or (yield from _ask_metadata_service())
        return self._detected


def _ask_metadata_service() -> Flow[str]:
    request = HttpRequest("GET", _LOCATION, headers={"Metadata": "true"})
    try:
        # Elsewhere than in Azure nobody answers, so nobody is waited for.
        # Not read_timeout: azure-core's AsyncioRequestsTransport stumbles over it.
        response = yield Send(request, {"retry_total": 0, "connection_timeout": 1, **without_proxy(_LOCATION)})
    except AzureError:
        return ""
    region = read_text(response).strip().lower() if response.status_code == 200 else ""
    return region if _REGION.fullmatch(region) else ""
