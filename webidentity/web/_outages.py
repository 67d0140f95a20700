"""Errors of acquiring a token that the user cannot help with: which there are, and when to try again."""

import time
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError

from webidentity._flows.managed_identity.retries import read_retry_after
from webidentity._protocol.connection_error import reason_of
from webidentity._protocol.request_name import describe
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import AuthorityUnavailableError, EntraError

_DEFAULT, _LONGEST = 5, 600
#: The host of a ``LocalTenant`` without a server, which has no address.
_LOCAL_TENANT = "login.tenant.test"
_NOT_FOUND = "the name of the host was not found"

#: What the credential of a request raises inside a view if there is no token, and the user cannot help.
TOKEN_ERRORS = (EntraError, AuthorityUnavailableError, StoreUnavailableError)


def retry_after_of(error: AzureError) -> int | None:
    """Return the seconds after which the request may succeed, or None if waiting does not help."""
    if isinstance(error, AuthorityUnavailableError):
        return error.retry_after
    if isinstance(error, EntraError):
        response: Any = error.response
        if response is None or (response.status_code != 429 and response.status_code < 500):
            return None
        asked = read_retry_after(response.headers.get("Retry-After"), time.time())
        return _DEFAULT if asked is None else max(1, min(int(asked), _LONGEST))
    # azure-core's other errors of authentication name a problem of the configuration.
    return None if isinstance(error, ClientAuthenticationError) else _DEFAULT


def describe_outage(error: AzureError, authority: str) -> str:
    """Return which authority is unavailable and why, for the log.

    :param authority: the URL of the authority.
    """
    if isinstance(error, AuthorityUnavailableError | EntraError):
        return with_advice(describe(error, error.message), authority)
    text = f"The authority {urlsplit(authority).netloc} cannot be reached: {reason_of(error)}"
    return with_advice(describe(error, text), authority)


def with_advice(text: str, authority: str) -> str:
    """Return the description of an outage with what to do, if a test has forgotten the transport of its local tenant.

    :param authority: the URL of the authority.
    """
    if urlsplit(authority).netloc != _LOCAL_TENANT or _NOT_FOUND not in text:
        return text
    return f"{text.rstrip('.')}. It is a local tenant inside a test: pass transport=local_tenant.transport()"
