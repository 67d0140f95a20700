"""What a request to the authority tells about itself: its ID, the library, and the account that it is for.

Microsoft's support finds a request by its ``client-request-id``, also one whose reply was lost. These headers are for
the authority only: no other host receives them.
"""

import sys
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from webidentity._authority import is_guid
from webidentity._protocol.unavailability import reason_of
from webidentity._version import __version__
from webidentity.errors import AuthorityUnavailableError, EntraError

#: The name of the header with the request's ID.
HEADER = "client-request-id"
_CLIENT = {
    "x-client-SKU": "webidentity.Python",
    "x-client-Ver": __version__,
    "x-client-OS": sys.platform,
    # The authority may answer with status 429 and Retry-After: azure-core's retry policy respects both.
    "x-ms-lib-capability": "retry-after, h429",
}


class NamedRequest:
    """Gives a request its headers, and the request's ID to the errors that are raised until the reply has been read.

    An :class:`EntraError` has the ID in ``correlation_id`` unless the reply names another one. Other errors of
    azure-core have the attribute, too, and a note.

    :param account: the ID of the account that the request is for (``oid.tid``), "" if it is not known. The authority
        uses it to route the request. Only IDs are sent, never a username.
    """

    __slots__ = ("_id", "_request")

    def __init__(self, request: HttpRequest, account: str = "") -> None:
        import uuid

        self._id = str(uuid.uuid4())
        self._request = request
        request.headers.update({HEADER: self._id, **_CLIENT})
        user, _, tenant = account.rpartition(".")
        if is_guid(user) and is_guid(tenant):
            request.headers["X-AnchorMailbox"] = f"Oid:{user}@{tenant}"

    def __enter__(self) -> HttpRequest:
        """Return the request."""
        return self._request

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Name the request in the error, if there is one."""
        if isinstance(error, EntraError):
            error.correlation_id = error.correlation_id or self._id
        elif isinstance(error, AuthorityUnavailableError):
            name_unanswered(error, self._request)
        elif isinstance(error, AzureError):
            # A transport may raise the same object again.
            notes = [note for note in getattr(error, "__notes__", ()) if not note.startswith(HEADER)]
            named: Any = error
            named.correlation_id, named.__notes__ = self._id, [*notes, f"{HEADER}: {self._id}"]


def name_unanswered(error: AuthorityUnavailableError, request: HttpRequest | None) -> None:
    """Give the error of a caller that stopped waiting the ID of the request that it waited for."""
    if request is not None and error.was_sent and error.correlation_id is None:
        error.correlation_id = request.headers.get(HEADER)


def correlation_id_of(error: BaseException) -> str | None:
    """Return the ID of the request that failed, None if none was sent."""
    return getattr(error, "correlation_id", None)


def describe(error: BaseException, text: str = "") -> str:
    """Return why a request failed and its ID, for a log. The ID is not repeated, and left out if none was sent.

    :param text: what is known already. By default the reason is found out.
    """
    text, correlation_id = text or reason_of(error), correlation_id_of(error)
    if not correlation_id or correlation_id in text:
        return text
    return f"{text.rstrip('.')} (Correlation ID: {correlation_id})"
