"""Federated passwords: msal exchanges a username and a password for a SAML assertion (WS-Trust).

msal does no I/O here. Its ``http_client`` answers with the replies received so far. When one is missing, msal's call
ends, the flow sends the request like any other request, and msal is called again with the reply.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from functools import partial
from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest

from webidentity._protocol.effects import Call, Flow, Send
from webidentity._protocol.soap_message import carries_password, check_for_fault, is_searchable, parse_xml
from webidentity._protocol.token_reply import read_text
from webidentity._protocol.user_realm import ASK_THE_USER, Federation, may_have_password
from webidentity.errors import EntraError

#: Options of a request with a password: send it once. Entra, or the organization's directory, counts each wrong
#: password, and a few of them lock the account.
ONE_TRY: Mapping[str, Any] = {"retry_read": 0, "retry_status": 0}
#: msal's authority. It is never contacted: the http_client answers for it. The name is reserved (RFC 6761 section 6.4),
#: so that nothing msal remembers about real authorities applies to it.
_AUTHORITY = "https://authority.invalid"
_TOKEN_ENDPOINT = f"{_AUTHORITY}/organizations/token"


class SamlGrant:
    """A SAML assertion, as the fields of a token request (RFC 7522 section 2.1)."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields

    @property
    def assertion(self) -> str:
        """The assertion as XML."""
        encoded = self.fields["assertion"]
        return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


def saml_grant(federation: Federation, username: str, password: str) -> Flow[SamlGrant]:
    """Exchange the username and the password for an assertion at the user's federation server.

    :raises EntraError: the federation server refused, or sent no assertion.
    :raises ClientAuthenticationError: it has no endpoint that may be sent a password.
    """
    http_client = _HttpClient(federation)
    response: Any = None
    while True:
        yield Call(partial(_call_msal, http_client, username, password), blocking=True)
        request = http_client.missing
        if request is None:
            break
        if not may_have_password(request.url):
            raise _no_endpoint("over https")
        if request.method == "GET":
            http_client.add_reply(request, (yield from _metadata(request)))
        else:
            if not carries_password(http_client.envelope, username, password):
                raise ClientAuthenticationError(
                    message="Authentication failed: the username or the password has a control character, which cannot "
                    "be sent to the federation server of the user's organization"
                )
            response = yield Send(request, ONE_TRY)
            text = read_text(response)
            check_for_fault(response, text, password)
            if not is_searchable(text):
                raise _no_assertion(response)
            http_client.add_reply(request, text)
    if http_client.grant is not None:
        return SamlGrant(http_client.grant)
    raise _no_endpoint("that msal supports") if response is None else _no_assertion(response)


def _metadata(request: HttpRequest) -> Flow[str]:
    response = yield Send(request)
    text = read_text(response)
    if response.status_code != 200 or parse_xml(text) is None:
        raise _no_endpoint(f"(HTTP {response.status_code})")
    return text


def _call_msal(http_client: "_HttpClient", username: str, password: str) -> None:
    """Let msal go as far as the replies allow; the http_client then has the next request or the assertion."""
    import msal  # type: ignore[import-untyped]

    http_client.missing = None
    try:
        # As a confidential client, since msal warns about passwords of public ones; this package has a warning itself.
        app: Any = msal.ConfidentialClientApplication(
            "unused",
            authority=f"{_AUTHORITY}/organizations",
            instance_discovery=False,
            http_client=http_client,
            token_cache=msal.TokenCache(),
        )
        app.acquire_token_by_username_password(username, password, [])
    except Exception:  # noqa: BLE001, S110 - msal's errors quote the reply, assertion included: none of it is shown
        pass


class _MissingReplyError(Exception):
    """Ends msal's call: the reply to its request has not been received yet."""


class _Reply:
    """A reply as msal reads it."""

    def __init__(self, status_code: int, text: str) -> None:
        self.status_code = status_code
        self.text = text
        self.headers: dict[str, str] = {}

    def raise_for_status(self) -> None:
        """Do nothing: the flow has checked the status."""


class _HttpClient:
    """msal's ``http_client``: sends nothing and answers from replies.

    It answers for the authority itself: the flow has already found the user's realm, and redeems the assertion itself.
    """

    def __init__(self, federation: Federation) -> None:
        self._realm = {
            "account_type": "Federated",
            "federation_metadata_url": federation.metadata_url,
            "federation_active_auth_url": federation.active_url,
            "cloud_audience_urn": federation.audience,
        }
        self._replies: dict[tuple[str, str], str] = {}
        #: The request whose reply is missing.
        self.missing: HttpRequest | None = None
        #: The body of the last request with a password.
        self.envelope = ""
        #: The fields of the token request, once there is an assertion.
        self.grant: dict[str, str] | None = None

    def add_reply(self, request: HttpRequest, text: str) -> None:
        """Keep the reply for msal's next call."""
        self._replies[request.method, request.url] = text

    def get(self, url: str, **_: Any) -> _Reply:
        """Answer the requests for the authority's metadata, the user's realm and the federation server's metadata."""
        if url.startswith(f"{_AUTHORITY}/common/userrealm/"):
            return _Reply(200, json.dumps(self._realm))
        if url.startswith(f"{_AUTHORITY}/"):
            endpoints = {"authorization_endpoint": f"{_AUTHORITY}/unused", "token_endpoint": _TOKEN_ENDPOINT}
            return _Reply(200, json.dumps(endpoints))
        return self._reply(HttpRequest("GET", url))

    def post(self, url: str, *, data: Any, headers: Mapping[str, str] | None = None, **_: Any) -> _Reply:
        """Answer the request for an assertion; take the assertion from the token request."""
        if url == _TOKEN_ENDPOINT:
            if "password" not in data and "assertion" in data:
                self.grant = {"grant_type": data["grant_type"], "assertion": data["assertion"].decode()}
            return _Reply(400, '{"error": "redeemed_elsewhere"}')
        self.envelope = data
        return self._reply(HttpRequest("POST", url, headers=dict(headers or {}), content=data.encode()))

    def close(self) -> None:
        """Do nothing: there are no connections."""

    def _reply(self, request: HttpRequest) -> _Reply:
        text = self._replies.get((request.method, request.url))
        if text is None:
            self.missing = request
            raise _MissingReplyError
        return _Reply(200, text)


def _no_endpoint(detail: str) -> ClientAuthenticationError:
    return ClientAuthenticationError(
        message="Authentication failed: the federation server of the user's organization publishes no endpoint for "
        f"passwords {detail}. {ASK_THE_USER}"
    )


def _no_assertion(response: Any) -> EntraError:
    return EntraError(
        f"Authentication failed: the federation server sent no SAML assertion (HTTP {response.status_code})",
        response=response,
    )
