"""Sign-in in the user's browser: the authorization code grant of a desktop program (RFC 8252, RFC 7636)."""

import time
from collections.abc import Callable
from typing import Protocol

from azure.core.exceptions import ClientAuthenticationError

from webidentity._flows.client import Client
from webidentity._protocol.account import ExpectedAccount, account_of
from webidentity._protocol.authorization import (
    LoopbackRedirect,
    authorize_url,
    challenge_of,
    new_verifier,
    read_authorization_reply,
)
from webidentity._protocol.effects import Call, Flow
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import CredentialUnavailableError


class Landing(Protocol):
    """A browser that was redirected back to this program and waits for a page."""

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the authority's reply."""
        ...

    def succeed(self, username: str) -> None:
        """Show that the user is signed in."""
        ...

    def fail(self, reason: str) -> None:
        """Show that the sign-in failed, and why."""
        ...


class Listener(Protocol):
    """Listens on this machine for the redirect of the browser."""

    @property
    def redirect_uri(self) -> str:
        """The redirect URI on which it listens."""
        ...

    def wait(self, timeout: float) -> Landing | None:
        """Return the browser that brings the reply, or None after ``timeout`` seconds."""
        ...

    def close(self) -> None:
        """Stop listening and make :meth:`wait` return."""
        ...


class BrowserSignIn:
    """Opens the authority's sign-in page in the user's browser, and waits for the redirect back.

    :param listen: starts to listen for the reply with the given state.
    :param open_browser: opens a page and returns whether that succeeded.
    :param timeout: seconds to wait for the user.
    """

    def __init__(
        self,
        client: Client,
        redirect: LoopbackRedirect,
        listen: Callable[[LoopbackRedirect, str], Listener],
        open_browser: Callable[[str], bool],
        *,
        login_hint: str | None,
        timeout: float,
    ) -> None:
        self._client = client
        self._redirect = redirect
        self._listen = listen
        self._open_browser = open_browser
        self._login_hint = login_hint
        self._timeout = timeout

    def ask(self, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        """Have the user sign in with a browser.

        :raises CredentialUnavailableError: there is no browser, or no port to listen on.
        :raises ClientAuthenticationError: the user declined, failed, or did not sign in in time.
        """
        state, nonce, verifier = (new_verifier() for _ in range(3))
        # Not on a thread: if the task were cancelled meanwhile, the listener would never be closed.
        listener: Listener = yield Call(lambda: self._listen(self._redirect, state))
        try:
            url = self._url(expected.tenant, fields, listener.redirect_uri, state, nonce, verifier)
            if not (yield Call(lambda: self._open_browser(url), blocking=True)):
                raise CredentialUnavailableError(
                    message="Failed to open a browser. In a container or an SSH session, use DeviceCodeCredential."
                )
            landing: Landing | None = yield Call(lambda: listener.wait(self._timeout), blocking=True)
            if landing is None:
                raise ClientAuthenticationError(
                    message=f"Timed out after waiting {self._timeout:g} seconds for the user to authenticate"
                )
            return (yield from self._land(landing, expected, fields, listener.redirect_uri, nonce, verifier))
        finally:
            listener.close()

    def _land(
        self,
        landing: Landing,
        expected: ExpectedAccount,
        fields: dict[str, str],
        redirect_uri: str,
        nonce: str,
        verifier: str,
    ) -> Flow[TokenReply]:
        """Redeem the code, and show the outcome in the browser."""
        try:
            authorization = read_authorization_reply(landing.parameters)
            grant = {"grant_type": "authorization_code", "code": authorization.code, "redirect_uri": redirect_uri}
            form = {**fields, **grant, "code_verifier": verifier}
            reply = yield from self._client.send(expected.tenant, form)
            record = account_of(reply, expected, now=time.time(), nonce=nonce, issuer=authorization.issuer)
        except Exception as error:
            reason = (
                str(error)
                if isinstance(error, ClientAuthenticationError)
                else "The program could not complete the sign-in."
            )
            yield Call(lambda: landing.fail(reason), blocking=True)
            raise
        yield Call(lambda: landing.succeed(record.username), blocking=True)
        return reply

    def _url(
        self, tenant: str, fields: dict[str, str], redirect_uri: str, state: str, nonce: str, verifier: str
    ) -> str:
        parameters = {
            **fields,
            "client_id": self._client.client_id,
            "response_type": "code",
            # Keeps the code out of URLs, and so out of the browser's history and Referer headers.
            "response_mode": "form_post",
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            "prompt": "select_account",
            "client_info": "1",
        }
        if self._login_hint:
            parameters["login_hint"] = self._login_hint
        return authorize_url(self._client.authority, tenant, parameters)
