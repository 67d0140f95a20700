"""Errors that the user cannot help with: which there are, when to try again, and the response for each."""

import logging
import time
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError

from webidentity._protocol.advice import aadsts
from webidentity._protocol.request_name import correlation_id_of, describe
from webidentity._protocol.unavailability import read_retry_after, reason_of
from webidentity.cache._store import StoreUnavailableError
from webidentity.errors import AuthorityUnavailableError, EntraError
from webidentity.web._answer import Answer
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import Page, refuse

_DEFAULT, _LONGEST = 5, 600
#: The host of a ``LocalTenant`` without a server, which has no address.
_LOCAL_TENANT = "login.tenant.test"
_NOT_FOUND = "the name of the host was not found"
_LOGGER = logging.getLogger("webidentity.web")

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
    return with_advice(describe(error, unreachable(error, authority)), authority)


def with_advice(text: str, authority: str) -> str:
    """Return the description of an outage with what to do, if a test has forgotten the transport of its local tenant.

    :param authority: the URL of the authority.
    """
    if urlsplit(authority).netloc != _LOCAL_TENANT or _NOT_FOUND not in text:
        return text
    return f"{text.rstrip('.')}. It is a local tenant inside a test: pass transport=local_tenant.transport()"


def unreachable(error: AzureError, authority: str) -> str:
    """Return which authority cannot be reached and why.

    :param authority: the URL of the authority.
    """
    return f"The authority {urlsplit(authority).netloc} cannot be reached: {reason_of(error)}"


def store_unavailable(facts: RequestFacts, error: StoreUnavailableError) -> Answer:
    """Return status 503: sessions can be neither read nor written."""
    _LOGGER.error("The token cache is unavailable: %s", error)
    page = Page(
        "Sign-in is temporarily unavailable", "The application cannot reach its session storage. Try again in a minute."
    )
    return refuse(facts, 503, "temporarily_unavailable", page, (("Retry-After", "10"),))


def token_unavailable(facts: RequestFacts, error: AzureError | StoreUnavailableError, authority: str) -> Answer:
    """Return status 502: the authority did not issue a token; or 503 if it or the token cache is unavailable.

    :param authority: its URL, for the log.
    """
    if isinstance(error, StoreUnavailableError):
        return store_unavailable(facts, error)
    retry_after, correlation_id = retry_after_of(error), correlation_id_of(error)
    if retry_after is not None:
        _LOGGER.error("%s", describe_outage(error, authority))
        page = Page(
            "Sign-in is temporarily unavailable",
            "Microsoft Entra ID does not answer, or is busy. You are still signed in. Try again in a moment.",
            f"Correlation ID: {correlation_id}" if correlation_id else "",
        )
        return refuse(facts, 503, "temporarily_unavailable", page, (("Retry-After", str(retry_after)),))
    codes = error.error_codes if isinstance(error, EntraError) else ()
    _LOGGER.error("A token request failed: %s", describe(error, error.message))
    page = Page(
        "We could not open this page",
        "Microsoft Entra ID did not issue a token for it. Try again. If this keeps happening, send the details below "
        "to the administrator of this application.",
        f"Error: {aadsts(codes)}. Correlation ID: {correlation_id or 'none'}",
    )
    return refuse(facts, 502, "no_token", page)
