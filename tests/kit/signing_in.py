"""A canned authority at which users sign in; each test says who signs in, and when."""

from collections.abc import Callable
from typing import Any

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.drivers import Credential, Driver
from tests.kit.replies import CLIENT, TENANT, jwt_of, refusal, user_token

USER_CODE, DEVICE_CODE = "HJKL-1234", "canary-device-code"
PAGE = "https://microsoft.test/devicelogin"
Make = Callable[..., Credential]


def signed_in(user: str = "ada", access_token: str = "access-token", **more: Any) -> Reply:
    """Return the reply to a sign-in: tokens, and an ID token for the client."""
    claims = {
        "aud": CLIENT,
        "oid": user,
        "sub": f"sub-{user}",
        "tid": TENANT,
        "preferred_username": f"{user}@tenant.test",
        "exp": 4_000_000_000,
    }
    given = {"refresh_token": f"refresh-token-{user}", "id_token": jwt_of(**{**claims, **more.pop("claims", {})})}
    return user_token(access_token, user=user, **{**given, **more})


def device_code(**more: Any) -> Reply:
    """Return the reply to a device authorization request."""
    fields = {
        "user_code": USER_CODE,
        "device_code": DEVICE_CODE,
        "verification_uri": PAGE,
        "expires_in": 900,
        "interval": 5,
        "message": f"Open {PAGE} and enter {USER_CODE}.",
    }
    return Reply({name: value for name, value in {**fields, **more}.items() if value is not None})


def pending() -> Reply:
    """Return the reply to a poll before the user has signed in."""
    return refusal("authorization_pending", "AADSTS70016: still waiting.", error_codes=[70016])


class Authority:
    """Answers device authorization requests, token requests for them, and refresh tokens.

    :param outcomes: the replies to polls. The last one is repeated.
    """

    def __init__(self, *outcomes: Reply, code: Reply | None = None, refresh: Reply | None = None, **more: Any) -> None:
        self.outcomes = list(outcomes) or [pending(), signed_in()]
        self.code = code or device_code()
        self.refresh = refresh
        self.network = Canned(answer=self._answer, **more)
        self.prompts: list[tuple[Any, ...]] = []

    def prompt(self, *told: Any) -> None:
        """Record the prompt."""
        self.prompts.append(told)

    def transport(self) -> Any:
        return self.network.transport()

    def aio_transport(self) -> Any:
        return self.network.aio_transport()

    @property
    def codes(self) -> list[Sent]:
        """The requests for a device code."""
        return [sent for sent in self.network.sent if sent.url.endswith("/devicecode")]

    def _answer(self, sent: Sent) -> Reply:
        if sent.url.endswith("/oauth2/v2.0/devicecode"):
            return self.code
        if sent.form.get("grant_type") == "refresh_token":
            user = sent.form["refresh_token"].removeprefix("refresh-token-")
            scope = sent.form["scope"].removesuffix(" offline_access")
            return self.refresh or signed_in(user, f"{user}'s token for {scope}")
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


def device_code_credentials(driver: Driver) -> Make:
    """Return a function that creates credentials of an authority with its prompt."""

    def made(at: Authority, **options: Any) -> Credential:
        arguments = {"client_id": CLIENT, "prompt_callback": at.prompt, "retry_total": 0, **options}
        return driver.credential("DeviceCodeCredential", at, **arguments)

    return made
