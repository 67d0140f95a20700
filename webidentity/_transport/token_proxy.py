"""The token proxy of an AKS cluster, to which a pod may have to send its token requests (identity bindings).

The cluster configures it with environment variables: AZURE_KUBERNETES_TOKEN_PROXY, AZURE_KUBERNETES_SNI_NAME, and
either AZURE_KUBERNETES_CA_FILE or AZURE_KUBERNETES_CA_DATA.
"""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests import Response, Session

from webidentity._transport.limited_transport import LimitedAdapter

_URL = "AZURE_KUBERNETES_TOKEN_PROXY"
_SNI_NAME = "AZURE_KUBERNETES_SNI_NAME"
_CA_FILE = "AZURE_KUBERNETES_CA_FILE"
_CA_DATA = "AZURE_KUBERNETES_CA_DATA"


@dataclass(frozen=True, slots=True)
class TokenProxy:
    """The address of the proxy, and the certificate authority that issued its certificate.

    :param sni_name: the name in its certificate, if it is not the host name.
    """

    url: str
    sni_name: str
    ca_file: str
    ca_data: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "TokenProxy | None":
        """Return the proxy that the environment configures, or None.

        :raises ValueError: a variable is malformed or contradicts another one.
        """
        proxy = cls(*(environment.get(name, "") for name in (_URL, _SNI_NAME, _CA_FILE, _CA_DATA)))
        if not proxy.url:
            if proxy.sni_name or proxy.ca_file or proxy.ca_data:
                raise ValueError(f"{_URL} is not set, but other variables of the token proxy are")
            return None
        if proxy.ca_file and proxy.ca_data:
            raise ValueError(f"{_CA_FILE} and {_CA_DATA} are mutually exclusive: set one of them")
        parts = urlsplit(proxy.url)
        if parts.scheme != "https" or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
            raise ValueError(f"{_URL} must be an https URL without user, query or fragment")
        return proxy

    def rewrite(self, url: str) -> str:
        """Return the URL at the proxy for a request to this URL."""
        proxy, target = urlsplit(self.url), urlsplit(url)
        path = f"{proxy.path.rstrip('/')}/{target.path.lstrip('/')}"
        return urlunsplit((proxy.scheme, proxy.netloc, path, target.query, ""))

    def context(self) -> ssl.SSLContext:
        """Return a TLS context that trusts only the cluster's certificate authority.

        :raises OSError: the CA file cannot be read.
        """
        context = ssl.create_default_context(cafile=self.ca_file or None, cadata=self.ca_data or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def ca_stamp(self) -> float:
        """Return the modification time of the CA file (Unix seconds)."""
        return os.stat(self.ca_file).st_mtime if self.ca_file else 0.0


class _ProxyAdapter(LimitedAdapter):
    """Connects with the cluster's certificate authority and name instead of the default CA bundle."""

    def __init__(self, proxy: TokenProxy) -> None:
        self._proxy = proxy
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        name = self._proxy.sni_name or urlsplit(self._proxy.url).hostname
        kwargs.update(ssl_context=self._proxy.context(), server_hostname=name, assert_hostname=name)
        super().init_poolmanager(*args, **kwargs)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ARG002 - as requests calls it
        conn.cert_reqs = "CERT_REQUIRED"


class ProxySession(Session):
    """Sends every request to the token proxy. Connections are renewed when the CA file changes."""

    def __init__(self, proxy: TokenProxy) -> None:
        super().__init__()
        # The proxies of the environment are for hosts outside the cluster.
        self.trust_env = False
        self._proxy = proxy
        self._stamp: float | None = None

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> Response:
        """Send one request."""
        stamp = self._proxy.ca_stamp()
        if stamp != self._stamp:
            self.mount("https://", _ProxyAdapter(self._proxy))
            self._stamp = stamp
        return super().request(method, self._proxy.rewrite(url), *args, **kwargs)
