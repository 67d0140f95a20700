"""The errors of the authority: AADSTS codes, the OAuth errors they map to, and the format in which Entra sends them.

The numbers and meanings follow Microsoft's "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

#: The OAuth error and the HTTP status of each AADSTS code.
REPLIES: dict[int, tuple[str, int]] = {
    28000: ("invalid_request", 400),
    50011: ("invalid_request", 400),
    50008: ("invalid_grant", 400),
    50013: ("invalid_grant", 400),
    50027: ("invalid_grant", 400),
    50034: ("invalid_grant", 400),
    50048: ("invalid_client", 401),
    50049: ("invalid_instance", 400),
    50058: ("login_required", 400),
    50076: ("interaction_required", 400),
    50089: ("invalid_grant", 400),
    50126: ("invalid_grant", 400),
    50173: ("invalid_grant", 400),
    50196: ("slow_down", 400),
    54005: ("invalid_grant", 400),
    65001: ("invalid_grant", 400),
    65004: ("access_denied", 400),
    70000: ("invalid_grant", 400),
    70003: ("unsupported_grant_type", 400),
    70008: ("invalid_grant", 400),
    70011: ("invalid_scope", 400),
    70016: ("authorization_pending", 400),
    70017: ("authorization_declined", 400),
    70018: ("bad_verification_code", 400),
    70019: ("expired_token", 400),
    70020: ("expired_token", 400),
    70021: ("invalid_client", 401),
    90002: ("invalid_request", 400),
    160021: ("interaction_required", 400),
    240002: ("invalid_grant", 400),
    500011: ("invalid_resource", 400),
    500112: ("invalid_grant", 400),
    500131: ("invalid_grant", 400),
    500133: ("invalid_grant", 400),
    501481: ("invalid_grant", 400),
    650053: ("invalid_client", 400),
    700016: ("unauthorized_client", 400),
    700021: ("invalid_client", 401),
    700023: ("invalid_client", 401),
    700024: ("invalid_client", 401),
    700025: ("invalid_client", 401),
    700027: ("invalid_client", 401),
    700211: ("invalid_client", 401),
    700212: ("invalid_client", 401),
    700213: ("invalid_client", 401),
    700082: ("invalid_grant", 400),
    900144: ("invalid_request", 400),
    900561: ("invalid_request", 405),
    1002012: ("invalid_scope", 400),
    7000114: ("unauthorized_client", 400),
    7000215: ("invalid_client", 401),
    7000218: ("invalid_client", 401),
    7000272: ("invalid_client", 401),
    7002138: ("invalid_client", 401),
    9002313: ("invalid_request", 400),
    9002325: ("invalid_request", 400),
    90023: ("invalid_request", 400),
    700054: ("unsupported_response_type", 400),
}


class TenantError(Exception):
    """An error that the tenant answers a request with.

    :param advice: what to do about it at a local tenant. It is shown on a page, below the message, which is Entra's.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        suberror: str | None = None,
        claims: str | None = None,
        advice: str = "",
    ) -> None:
        super().__init__(f"AADSTS{code}: {message}")
        self.code = code
        self.error, self.status = REPLIES[code]
        self.message = message
        self.suberror = suberror
        self.claims = claims
        self.advice = advice


@dataclass(frozen=True, slots=True)
class ErrorTrace:
    """The ids and the timestamp that identify a failed request in Entra's logs."""

    trace_id: str
    correlation_id: str
    timestamp: str

    @classmethod
    def of(cls, now: float, correlation_id: str | None) -> ErrorTrace:
        """Create a trace. The correlation id is the caller's ``client-request-id`` if that is a UUID."""
        return cls(
            trace_id=str(uuid.uuid4()),
            correlation_id=_uuid_or_new(correlation_id),
            timestamp=datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
        )

    def describe(self, error: TenantError) -> str:
        """The ``error_description``: code, message and trace in one line."""
        message = error.message.replace("\r", " ").replace("\n", " ")
        return (
            f"AADSTS{error.code}: {message} Trace ID: {self.trace_id} "
            f"Correlation ID: {self.correlation_id} Timestamp: {self.timestamp}"
        )

    def document(self, error: TenantError, base_url: str) -> dict[str, Any]:
        """The JSON body of an error reply."""
        document: dict[str, Any] = {
            "error": error.error,
            "error_description": self.describe(error),
            "error_codes": [error.code],
            "timestamp": self.timestamp,
            "trace_id": self.trace_id,
            "correlation_id": self.correlation_id,
            "error_uri": f"{base_url}/error?code={error.code}",
        }
        if error.suberror:
            document["suberror"] = error.suberror
        if error.claims:
            document["claims"] = error.claims
        return document


def _uuid_or_new(text: str | None) -> str:
    try:
        return str(uuid.UUID(text or ""))
    except ValueError:
        return str(uuid.uuid4())
