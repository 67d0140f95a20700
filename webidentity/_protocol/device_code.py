"""The device authorization request and its reply (RFC 8628 section 3.1 and 3.2)."""

import datetime as dt
from typing import Any, NamedTuple

from azure.core.rest import HttpRequest

from webidentity._json import as_seconds, as_text
from webidentity._protocol.redaction import scrub
from webidentity._protocol.token_reply import read_document, refusal
from webidentity._protocol.token_request import build_token_request
from webidentity.errors import EntraError

#: Seconds between two polls if the authority does not say.
_DEFAULT_INTERVAL = 5
#: The longest interval, so that a wrong reply cannot make the user wait forever.
_LONGEST_INTERVAL = 60
#: The longest lifetime of a code in seconds, for the same reason.
_LONGEST_LIFETIME = 24 * 3600


class DeviceAuthorization(NamedTuple):
    """The codes for the user and for polling. Times are Unix seconds."""

    user_code: str
    device_code: str
    verification_uri: str
    expires_on: float
    #: Seconds between two polls.
    interval: int
    #: The authority's instructions for the user.
    message: str

    def __repr__(self) -> str:
        """Leave the codes out."""
        return f"DeviceAuthorization(verification_uri={self.verification_uri!r}, expires_on={self.expires_on})"

    @property
    def expires_at(self) -> dt.datetime:
        """When the code expires, in UTC."""
        return dt.datetime.fromtimestamp(self.expires_on, dt.UTC)


def device_code_request(authority: str, tenant: str, fields: dict[str, str]) -> HttpRequest:
    """Return the request for a code."""
    return build_token_request(f"{authority}/{tenant}/oauth2/v2.0/devicecode", fields)


def read_device_code(response: Any, now: float) -> DeviceAuthorization:
    """Return the reply's content.

    :param now: when the request was sent.
    :raises EntraError: the authority refused, or the reply is malformed.
    """
    document = read_document(response)
    device_code, user_code = as_text(document.get("device_code")), _shown(document.get("user_code"))
    # RFC 8628 calls it verification_uri. Some authorities use verification_url, from its drafts.
    address = _shown(document.get("verification_uri")) or _shown(document.get("verification_url"))
    if response.status_code >= 400 or "error" in document:
        raise refusal(response, document, (), what="device code")
    lifetime, interval = as_seconds(document.get("expires_in")), as_seconds(document.get("interval"))
    if device_code is None or not user_code or not address or not lifetime:
        raise EntraError("Microsoft Entra ID sent an incomplete device code", response=response)
    message = _shown(document.get("message")) or f"Open {address} in a browser and enter the code {user_code}."
    return DeviceAuthorization(
        user_code=user_code,
        device_code=device_code,
        verification_uri=address,
        expires_on=now + min(lifetime, _LONGEST_LIFETIME),
        interval=min(interval or _DEFAULT_INTERVAL, _LONGEST_INTERVAL),
        message=message,
    )


def _shown(value: object) -> str:
    """Return the text in a form that may be shown to the user, or ""."""
    return scrub(as_text(value) or "")
