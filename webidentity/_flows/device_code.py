"""The device authorization grant (RFC 8628): the user signs in on another device."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from azure.core.exceptions import ClientAuthenticationError

from webidentity._flows.client import Client
from webidentity._protocol.account import ExpectedAccount
from webidentity._protocol.device_code import DeviceAuthorization, device_code_request, read_device_code
from webidentity._protocol.effects import Call, Flow, Send, Sleep
from webidentity._protocol.request_name import NamedRequest
from webidentity._protocol.token_reply import TokenReply
from webidentity.errors import EntraError

#: Receives the verification URI, the user code and the expiry of the code, in UTC.
PromptCallback = Callable[[str, str, dt.datetime], Any]

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
#: Seconds that RFC 8628 section 3.5 adds to the interval of a client that was told to slow down.
_SLOWER = 5


class DeviceCodeSignIn:
    """Tells the user where to sign in, and polls the authority until the user has done so.

    :param timeout: seconds to wait for the user, at most until the code expires. None waits until then.
    """

    def __init__(self, client: Client, prompt: PromptCallback | None, timeout: float | None) -> None:
        self._client = client
        self._prompt = prompt
        self._timeout = timeout

    def ask(self, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        """Have the user sign in with a code.

        :raises ClientAuthenticationError: the user declined, or did not sign in in time.
        """
        client, now = self._client, time.time()
        form = {"client_id": client.client_id, **fields}
        with NamedRequest(device_code_request(client.authority, expected.tenant, form)) as request:
            response = yield Send(request)
            code = read_device_code(response, now)
        yield Call(lambda: self._tell(code))
        return (yield from self._poll(code, expected, fields))

    def _poll(self, code: DeviceAuthorization, expected: ExpectedAccount, fields: dict[str, str]) -> Flow[TokenReply]:
        until = code.expires_on if self._timeout is None else min(code.expires_on, time.time() + self._timeout)
        grant = {"grant_type": _GRANT, "device_code": code.device_code}
        if "claims" in fields:
            grant["claims"] = fields["claims"]
        interval = code.interval
        while True:
            left = until - time.time()
            if left <= 0:
                raise _too_late()
            yield Sleep(min(interval, left))
            try:
                return (yield from self._client.send(expected.tenant, grant))
            except EntraError as error:
                if error.error == "expired_token":
                    raise _too_late() from error
                if error.error == "slow_down":
                    interval += _SLOWER
                elif error.error != "authorization_pending":
                    raise

    def _tell(self, code: DeviceAuthorization) -> Any:
        if self._prompt is not None:
            return self._prompt(code.verification_uri, code.user_code, code.expires_at)
        print(code.message, flush=True)  # noqa: T201 - instructions for the user, as in azure-identity
        return None


def _too_late() -> ClientAuthenticationError:
    return ClientAuthenticationError(
        message="Timed out waiting for user to authenticate. The code has expired: try again with a new code."
    )
