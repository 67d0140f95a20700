"""An authority that publishes signing keys, and an API that verifies tokens with them."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.drivers import Driver
from tests.kit.replies import AUTHORITY, CLIENT, TENANT
from tests.kit.signed_tokens import key_set
from webidentity._flows.key_source import KeySource
from webidentity._protocol.verification import TokenRejectedError
from webidentity._transport.pipeline import SyncPipeline

ISSUER = f"{AUTHORITY}/{TENANT}/v2.0"
KEYS = f"{AUTHORITY}/{TENANT}/discovery/v2.0/keys"


class Authority:
    """Publishes metadata and keys, and counts the requests."""

    def __init__(self) -> None:
        self.metadata: Any = {"issuer": ISSUER, "jwks_uri": KEYS}
        self.keys = key_set("tenant")
        self.is_down = False
        self.reply: Reply | None = None
        self.network = Canned(answer=self._answer)
        self.send = SyncPipeline(transport=self.network.transport(), retry_total=0).send

    @property
    def requests_made(self) -> int:
        """The number of requests for keys or metadata."""
        return len(self.network.sent)

    def _answer(self, sent: Sent) -> Reply | Exception:
        if self.is_down:
            return ServiceRequestError("unreachable")
        if self.reply is not None:
            return self.reply
        return Reply(self.metadata) if sent.url.endswith("openid-configuration") else Reply(self.keys)


class Api:
    """Verifies tokens as a site does: with the keys of an authority, and one driver."""

    def __init__(self, driver: Driver, leeway: float = 300) -> None:
        self.driver = driver
        self.authority = Authority()
        self.source = KeySource(AUTHORITY, TENANT, leeway)

    def claims(self, token: str, audience: str = CLIENT, **options: bool) -> Mapping[str, Any]:
        """Return the claims of the token."""
        flow = self.source.verify(token, frozenset({audience}), **options)
        outcome: Mapping[str, Any] = self.driver.run(flow, self.authority.send)
        return outcome

    def refuses(self, token: str, reason: str, audience: str = CLIENT) -> None:
        """Check that the token is refused for that reason."""
        with pytest.raises(TokenRejectedError, match=reason):
            self.claims(token, audience)


class Signatures:
    """Counts the signatures that are checked."""

    def __init__(self) -> None:
        self.checked = 0
        self._lock = threading.Lock()

    def count(self) -> None:
        with self._lock:
            self.checked += 1
