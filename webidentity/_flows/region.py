"""The regional token endpoint of an application (AZURE_REGIONAL_AUTHORITY_NAME)."""

import os
import re
from urllib.parse import urlsplit, urlunsplit

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from webidentity._protocol.effects import Flow, Send
from webidentity._protocol.managed_identity import without_proxy
from webidentity._protocol.token_reply import read_text

_VARIABLE = "AZURE_REGIONAL_AUTHORITY_NAME"
_DETECT = frozenset({"tryautodetect", "true"})
_REGION = re.compile(r"[a-z0-9]{1,40}", re.ASCII)
#: Hosts of the public cloud. Its regional hosts are subdomains of the one below.
_PUBLIC = frozenset({"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"})
_PUBLIC_REGIONAL = "login.microsoft.com"
#: The instance metadata service, which exists only on machines in Azure.
_LOCATION = "http://169.254.169.254/metadata/instance/compute/location?format=text&api-version=2021-02-01"


class Region:
    """Resolves the region that the environment configures, once."""

    def __init__(self) -> None:
        self._detected: str | None = None

    def authority(self, authority: str) -> Flow[str]:
        """Return the regional authority, or the global one if no region is configured or detected.

        :raises ValueError: the name is not a valid region name.
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
            self._detected = name or (yield from _request_location())
        return self._detected


def _request_location() -> Flow[str]:
    request = HttpRequest("GET", _LOCATION, headers={"Metadata": "true"})
    try:
        # Outside of Azure there is no response, so the wait is short.
        # Not read_timeout: azure-core's AsyncioRequestsTransport rejects it.
        response = yield Send(request, {"retry_total": 0, "connection_timeout": 1, **without_proxy(_LOCATION)})
    except AzureError:
        return ""
    region = read_text(response).strip().lower() if response.status_code == 200 else ""
    return region if _REGION.fullmatch(region) else ""
