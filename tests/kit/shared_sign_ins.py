"""Earlier sign-ins with other programs, written by MSAL into the shared cache files."""

import json
from collections.abc import Callable
from typing import Any

import msal

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.drivers import Credential, Driver
from tests.kit.replies import OTHER_TENANT, TENANT, client_info, jwt_of, refusal
from tests.kit.shared_cache import PUBLIC, Home
from tests.kit.signing_in import signed_in
from webidentity import AuthenticationRecord

#: Clients of Microsoft's family, according to the cache.
EDITOR, SHELL = "55555555-5555-5555-5555-555555555555", "66666666-6666-6666-6666-666666666666"
DEVELOPER_TOOLS = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

Make = Callable[..., Credential]


def sign_in(
    home: Home,
    user: str = "ada",
    *,
    client_id: str = EDITOR,
    tenant: str = TENANT,
    authority: str = PUBLIC,
    family: str | None = "1",
    cae: bool = False,
    scope: str = "theirs",
    now: int | None = None,
) -> None:
    """Sign a user in with a program. The refresh token is named after both."""
    cache = msal.SerializableTokenCache()
    if home.file(cae=cae).exists():
        cache.deserialize(home.file(cae=cae).read_text())
    claims = {"aud": client_id, "oid": user, "sub": f"sub-{user}", "tid": tenant, "exp": 4_000_000_000}
    reply: dict[str, Any] = {
        "access_token": f"{user}'s token for {client_id}",
        "refresh_token": f"refresh-token-{user}-{client_id}-{tenant}",
        "expires_in": 3600,
        "client_info": client_info(user, tenant),
        "id_token": jwt_of(**claims, preferred_username=f"{user}@tenant.test"),
    }
    event = {
        "client_id": client_id,
        "scope": [scope],
        "token_endpoint": f"{authority}/{tenant}/oauth2/v2.0/token",
        "grant_type": "authorization_code",
        "response": reply if family is None else {**reply, "foci": family},
    }
    cache.add(event, now=now)
    home.write(cache.serialize(), cae=cae)


def entry(home: Home, section: str, *, cae: bool = False, **fields: object) -> dict[str, Any]:
    """Return the only entry with these fields."""
    (found,) = [
        each
        for each in home.content(cae=cae)[section].values()
        if all(each.get(name) == value for name, value in fields.items())
    ]
    return dict(found)


def edit(home: Home, section: str, **fields: object) -> None:
    """Change each entry of a section as another program would; None removes a field."""
    content = json.loads(home.file().read_text())
    for each in content[section].values():
        for name, value in fields.items():
            if value is None:
                each.pop(name, None)
            else:
                each[name] = value
    home.write(content)


def record(user: str = "ada", client_id: str = EDITOR, authority: str = "login.microsoftonline.com") -> Any:
    """Return the record of a sign-in."""
    return AuthenticationRecord(TENANT, client_id, authority, f"{user}.{TENANT}", f"{user}@tenant.test")


class Redeemer:
    """An authority that redeems refresh tokens of :func:`sign_in`, of the family and its own.

    :param spent: prefixes of refresh tokens that it no longer accepts.
    """

    def __init__(self, *spent: str, **more: Any) -> None:
        self.spent = spent
        self.refusal = refusal("invalid_grant", "AADSTS700082: expired.", error_codes=[700082])
        self.network = Canned(answer=self._answer, **more)

    def transport(self) -> Any:
        return self.network.transport()

    def aio_transport(self) -> Any:
        return self.network.aio_transport()

    @property
    def redeemed(self) -> list[str]:
        """The refresh tokens that were sent."""
        return [sent.form["refresh_token"] for sent in self.network.sent if sent.method == "POST"]

    def _answer(self, sent: Sent) -> Reply:
        if sent.method == "GET":
            base = sent.url.partition("/v2.0/")[0]
            document = {"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/oauth2/v2.0/token"}
            return Reply({**document, "tenant_discovery_endpoint": sent.url, "metadata": []})
        form = sent.form
        if form["refresh_token"].startswith(self.spent) and self.spent:
            return self.refusal
        name, owner = "refresh-token-", form["refresh_token"]
        user = owner.removeprefix(name).partition("-")[0]
        number = len(self.redeemed)
        home = OTHER_TENANT if owner.endswith(OTHER_TENANT) else TENANT
        return signed_in(
            user,
            f"{user}-{number}",
            refresh_token=f"{name}{user}-{form['client_id']}-{number}",
            claims={"aud": form["client_id"]},
            client_info=client_info(user, home),
            foci="1",
        )


def maker_of(driver: Driver, name: str) -> Make:
    """Return a function that makes credentials of this class over an authority, by default a new :class:`Redeemer`."""

    def make(at: Any = None, *args: Any, **options: Any) -> Credential:
        return driver.credential(name, at or Redeemer(), *args, **{"retry_total": 0, **options})

    return make
