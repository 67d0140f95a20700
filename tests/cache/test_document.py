"""The content of a partition, which MSAL can also read."""

import json
import threading
from typing import Any

import msal
import pytest

from tests.kit.replies import CLIENT, TENANT, jwt_of
from webidentity._protocol.token_reply import TokenReply
from webidentity.cache._document import TokenDocument
from webidentity.cache._partition import Partition

NOW = 1_800_000_000
HOME = "ada.home"
USER = Partition.user(
    client_id=CLIENT, authority="https://login.microsoftonline.com", tenant=TENANT, home_account_id=HOME
)


def reply(access_token: str = "access", *, lifetime: int = 3600, **more: Any) -> TokenReply:
    fields: dict[str, Any] = {"home_account_id": HOME, "scopes": ("a", "b", "openid"), **more}
    return TokenReply(access_token, NOW + lifetime, NOW + lifetime // 2, "Bearer", **fields)


def signed_in() -> TokenDocument:
    document = TokenDocument.empty()
    id_token = jwt_of(oid="ada", tid=TENANT, preferred_username="ada@tenant.test")
    document.add(USER, ["b", "a"], reply(refresh_token="refresh", id_token=id_token), cae=False, now=NOW)
    return document


def test_encoding_loses_nothing() -> None:
    """Tokens of both kinds, the refresh token, the ID token and the sessions."""
    document = signed_in()
    document.add(USER, ["a"], reply("cae"), cae=True, now=NOW)
    document.sessions["session"] = {"since": 1}
    read = TokenDocument.decode(document.encode())
    assert read is not None
    assert read.encode() == document.encode()
    plain, cae = (read.access_token(("a",), cae=cae, now=NOW) for cae in (False, True))
    assert plain is not None
    assert cae is not None
    assert (plain.token, cae.token) == ("access", "cae")
    assert (plain.expires_on, plain.refresh_on, plain.token_type) == (NOW + 3600, NOW + 1800, "Bearer")
    assert (read.refresh_token, read.sessions) == ("refresh", {"session": {"since": 1}})
    assert read.id_token == document.id_token == jwt_of(oid="ada", tid=TENANT, preferred_username="ada@tenant.test")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"version": 2, "tokens": {}, "cae": {}, "sessions": {}}']
)
def test_other_data_is_not_decoded(data: bytes) -> None:
    """Only JSON with a known version is accepted."""
    assert TokenDocument.decode(data) is None


def test_msal_reads_the_tokens() -> None:
    """Another program of the user finds the three tokens and the account where MSAL stores them."""
    cache = msal.SerializableTokenCache()
    cache.deserialize(json.dumps(json.loads(signed_in().encode())["tokens"]))
    kind = msal.TokenCache.CredentialType
    query = {"home_account_id": HOME, "environment": "login.microsoftonline.com", "client_id": CLIENT}
    (access,) = cache.search(kind.ACCESS_TOKEN, target=["b", "a"], query={**query, "realm": TENANT}, now=NOW)
    (refresh,) = cache.search(kind.REFRESH_TOKEN, query=query)
    (id_token,) = cache.search(kind.ID_TOKEN, query={**query, "realm": TENANT})
    (account,) = cache.search(kind.ACCOUNT)
    assert (access["secret"], refresh["secret"]) == ("access", "refresh")
    assert id_token["secret"].startswith("eyJ")
    assert (account["username"], account["local_account_id"], account["realm"]) == ("ada@tenant.test", "ada", TENANT)
    assert [access] == list(cache.search(kind.ACCESS_TOKEN, target=["a"], query=query, now=NOW))
    assert not list(cache.search(kind.ACCESS_TOKEN, target=["a"], query=query, now=NOW + 3601))


def test_keys_are_the_same_as_in_msal() -> None:
    """MSAL replaces and removes our entries instead of adding others."""
    tokens = json.loads(signed_in().encode())["tokens"]
    cache = msal.SerializableTokenCache()
    makers = cache.key_makers
    for name, kind in (
        ("AccessToken", cache.CredentialType.ACCESS_TOKEN),
        ("RefreshToken", cache.CredentialType.REFRESH_TOKEN),
        ("IdToken", cache.CredentialType.ID_TOKEN),
        ("Account", cache.CredentialType.ACCOUNT),
    ):
        ((key, entry),) = tokens[name].items()
        assert key == makers[kind](**entry).lower()


def test_an_msal_application_uses_the_tokens() -> None:
    """End to end: MSAL returns the token silently, without a request."""
    cache = msal.SerializableTokenCache()
    far = TokenDocument.empty()
    id_token = jwt_of(oid="ada", tid=TENANT, preferred_username="ada@tenant.test")
    far_reply = TokenReply(
        "access", 4_000_000_000, None, "Bearer", (), refresh_token="r", id_token=id_token, home_account_id=HOME
    )
    far.add(USER, ["a"], far_reply, cae=False, now=NOW)
    cache.deserialize(json.dumps(json.loads(far.encode())["tokens"]))
    app = msal.PublicClientApplication(
        CLIENT,
        authority=f"https://login.microsoftonline.com/{TENANT}",
        token_cache=cache,
        instance_discovery=False,
        http_client=Discovery(),
    )
    (account,) = app.get_accounts("ada@tenant.test")
    result = app.acquire_token_silent(["a"], account)
    assert result is not None
    assert result["access_token"] == "access"


class Discovery:
    """Answers the discovery request that MSAL sends before it reads its cache."""

    def get(self, url: str, **_: Any) -> Any:
        assert url.endswith("/.well-known/openid-configuration"), url
        base = url.removesuffix("/v2.0/.well-known/openid-configuration")
        document = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
        return type("Response", (), {"status_code": 200, "text": json.dumps(document), "headers": {}})()

    def post(self, url: str, **_: Any) -> Any:
        raise AssertionError(f"the cache has the token: {url}")

    def close(self) -> None: ...


def test_expired_tokens_are_removed_when_a_token_is_added() -> None:
    """Otherwise a partition would grow every hour."""
    document = TokenDocument.empty()
    document.add(USER, ["a"], reply("old"), cae=False, now=NOW)
    document.add(USER, ["a"], reply("old cae"), cae=True, now=NOW)
    document.add(USER, ["b"], reply("new", lifetime=7200), cae=False, now=NOW + 3600)
    assert b"old" not in document.encode()
    assert document.access_token(("a",), cae=False, now=NOW) is None


def test_a_token_is_replaced_after_it_was_looked_up() -> None:
    """A change discards the results of earlier lookups."""
    document = signed_in()
    assert document.access_token(("a",), cae=False, now=NOW) is not None
    document.add(USER, ["a", "b"], reply("newer"), cae=False, now=NOW)
    found = document.access_token(("a",), cae=False, now=NOW)
    assert found is not None
    assert found.token == "newer"


def test_a_token_with_fewer_scopes_is_not_returned() -> None:
    """Scopes are compared as whole names, not as text."""
    document = TokenDocument.empty()
    document.add(USER, ["Files.ReadWrite"], reply(scopes=("Files.ReadWrite",)), cae=False, now=NOW)
    assert document.access_token(("Files.Read",), cae=False, now=NOW) is None
    assert document.access_token(("Files.ReadWrite", "Mail.Read"), cae=False, now=NOW) is None
    assert document.access_token(("Files.ReadWrite",), cae=False, now=NOW) is not None


def test_an_expired_token_is_not_found_again() -> None:
    """An earlier lookup of the token does not change that."""
    document = signed_in()
    assert document.access_token(("a",), cae=False, now=NOW + 3599) is not None
    assert document.access_token(("a",), cae=False, now=NOW + 3600) is None


def test_forgetting_tokens_keeps_the_sessions() -> None:
    """Both kinds of access tokens, the refresh token and the ID token are removed."""
    document = signed_in()
    document.add(USER, ["a"], reply("cae"), cae=True, now=NOW)
    document.sessions["session"] = 1
    document.forget_tokens()
    assert json.loads(document.encode()) == {"version": 1, "tokens": {}, "cae": {}, "sessions": {"session": 1}}
    assert document.access_token(("a",), cae=False, now=NOW) is None


def test_only_the_rejected_refresh_token_is_removed() -> None:
    """Another process may have stored a newer one in the meantime."""
    document = signed_in()
    document.forget_refresh_token("another")
    assert document.refresh_token == "refresh"
    document.forget_refresh_token("refresh")
    assert document.refresh_token is None


def test_a_copy_is_independent_of_the_original() -> None:
    """Changes of the copy do not affect the original."""
    document = signed_in()
    document.sessions["session"] = {"since": 1}
    before = document.encode()
    copy = document.copy()
    copy.add(USER, ["c"], reply("more", refresh_token="rotated"), cae=True, now=NOW)
    copy.sessions["session"]["since"] = 2
    copy.forget_refresh_token("rotated")
    assert document.encode() == before


def test_every_partition_has_a_different_name() -> None:
    """Different fields always give different names, and names contain no secrets."""
    obo = {
        "client_id": "c",
        "authority": "https://a.test",
        "tenant": "t",
        "assertion": "assertion",
        "authentication": "p",
    }
    names = {
        Partition.on_behalf_of(**obo).name,
        Partition.on_behalf_of(**{**obo, "assertion": "other"}).name,
        Partition.on_behalf_of(**{**obo, "authentication": "other"}).name,
        Partition.on_behalf_of(**{**obo, "client_id": 'c", "t'}).name,
        Partition.user(client_id="c", authority="https://a.test", tenant="t", home_account_id="p").name,
        Partition.app(client_id="c", authority="https://a.test", tenant="t", authentication="p").name,
        Partition.app(client_id="c", authority="https://a.test:8443", tenant="t", authentication="p").name,
    }
    assert len(names) == 7
    assert not [name for name in names if "assertion" in name]
    assert Partition.on_behalf_of(**{**obo, "tenant": "T", "client_id": "C"}) == Partition.on_behalf_of(**obo)


def test_reading_while_another_thread_writes() -> None:
    """No reader fails, and no reader sees a token that has already been replaced."""
    from tests.kit.drivers import SyncFace
    from webidentity.cache._token_cache import TokenCache

    cache, face = TokenCache(), SyncFace()
    stored = [0]
    stop = threading.Event()
    problems: list[str] = []

    def read() -> None:
        while not stop.is_set():
            floor = stored[0]
            cached = cache.peek(USER)
            found = cached.document.access_token(("a",), cae=False, now=NOW) if cached else None
            if floor and (found is None or int(found.token) < floor):
                problems.append(f"{found} after {floor}")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 300):
        face.run(
            cache.update(
                USER,
                lambda document, text=str(number): document.add(USER, ["a"], reply(text), cae=False, now=NOW),
                expires_at=NOW + 3600,
                now=NOW,
            )
        )
        stored[0] = number
    stop.set()
    for reader in readers:
        reader.join()
    assert not problems


def test_forgotten_tokens_are_not_found_again() -> None:
    """Also if they were looked up before: a user who signed out has no tokens."""
    document = signed_in()
    document.add(USER, ["a"], reply("cae"), cae=True, now=NOW)
    for cae in (False, True):
        assert document.access_token(("a",), cae=cae, now=NOW) is not None
    document.forget_tokens()
    for cae in (False, True):
        assert document.access_token(("a",), cae=cae, now=NOW) is None
    assert (document.refresh_token, document.id_token) == (None, None)


def test_a_rejected_refresh_token_ends_its_sessions() -> None:
    """The account may have been disabled. Tokens without sessions stay: a program has no other way to get them."""
    document = signed_in()
    document.forget_refresh_token("refresh")
    assert document.access_token(("a",), cae=False, now=NOW) is not None
    document = signed_in()
    document.sessions["session"] = {}
    document.forget_refresh_token("an earlier one")
    assert document.sessions
    document.forget_refresh_token("refresh")
    assert not document.sessions
    assert document.access_token(("a",), cae=False, now=NOW) is None


def test_only_the_same_refresh_token_is_replaced() -> None:
    """Another process may have stored a newer one in the meantime."""
    document = signed_in()
    document.replace_refresh_token("another", "later")
    assert document.refresh_token == "refresh"
    document.replace_refresh_token("refresh", "later")
    assert document.refresh_token == "later"
    (entry,) = document.sections["RefreshToken"].values()
    assert entry["target"] == "a b"


@pytest.mark.parametrize("cae", [False, True])
def test_a_token_for_new_scopes_is_found_after_a_lookup(cae: bool) -> None:
    """The scopes that are known to be missing are not known for ever."""
    document = TokenDocument.empty()
    document.add(USER, ["a"], reply("first", scopes=("a",)), cae=cae, now=NOW)
    assert document.access_token(("c",), cae=cae, now=NOW) is None
    document.add(USER, ["c"], reply("second", scopes=("c",)), cae=cae, now=NOW)
    found = document.access_token(("c",), cae=cae, now=NOW)
    assert found is not None
    assert found.token == "second"


def test_a_renewed_token_is_the_newest() -> None:
    """An entry that is replaced is newer than those that were added after its first version."""
    document = TokenDocument.empty()
    document.add(USER, ["a", "b"], reply("first", scopes=()), cae=False, now=NOW)
    document.add(USER, ["a", "c"], reply("second", scopes=()), cae=False, now=NOW)
    document.add(USER, ["a", "b"], reply("third", scopes=()), cae=False, now=NOW)
    found = document.access_token(("a",), cae=False, now=NOW)
    assert found is not None
    assert found.token == "third"


@pytest.mark.parametrize("cae", [False, True])
def test_expired_tokens_are_removed_when_they_have_expired(cae: bool) -> None:
    """A token that is added earlier, or that expires earlier than all others, is noticed too."""
    document = TokenDocument.empty()
    document.add(USER, ["a"], reply("long", lifetime=7200, scopes=()), cae=not cae, now=NOW)
    document.add(USER, ["b"], reply("short", lifetime=60, scopes=()), cae=cae, now=NOW)
    document.add(USER, ["c"], reply("other", lifetime=7200, scopes=()), cae=cae, now=NOW + 59)
    assert b"short" in document.encode()
    document.copy().add(USER, ["d"], reply("copied", scopes=()), cae=cae, now=NOW + 60)
    document.add(USER, ["d"], reply("last", scopes=()), cae=cae, now=NOW + 60)
    assert b"short" not in document.encode()
    for scope, kind in (("a", not cae), ("c", cae), ("d", cae)):
        assert document.access_token((scope,), cae=kind, now=NOW + 60) is not None


@pytest.mark.parametrize(
    ("claims", "local_id", "username"),
    [
        ({"oid": "o", "sub": "s", "preferred_username": "p", "upn": "u"}, "o", "p"),
        ({"sub": "s", "upn": "u"}, "s", "u"),
        ({"sub": "s"}, "s", ""),
    ],
)
def test_the_account_is_that_of_the_id_token(claims: dict[str, str], local_id: str, username: str) -> None:
    """As MSAL names it."""
    document = TokenDocument.empty()
    document.add(USER, ["a"], reply(id_token=jwt_of(**claims)), cae=False, now=NOW)
    (account,) = document.sections["Account"].values()
    assert (account["local_account_id"], account["username"]) == (local_id, username)


def test_partitions_of_hosts_are_separate() -> None:
    """By source, endpoint, and the kind and value of the identity; its case does not matter."""
    host = {
        "source": "imds",
        "endpoint": "http://a",
        "identity_kind": "client_id",
        "identity": "X",
        "authentication": "",
    }
    first = Partition.host(**host)
    changes = ({"source": "arc"}, {"endpoint": "http://b"}, {"identity_kind": "object_id"}, {"identity": "Y"})
    names = {first.name, *(Partition.host(**{**host, **change}).name for change in changes)}
    assert len(names) == 5
    assert Partition.host(**{**host, "identity": "x"}) == first
    assert (
        Partition.host(**{**host, "identity_kind": "", "identity": ""}).client_id == "system_assigned_managed_identity"
    )


def test_a_token_that_grants_nothing_is_not_kept() -> None:
    """No request could be answered with it."""
    document = TokenDocument.empty()
    document.add(USER, ["c"], reply(scopes=("a",)), cae=False, now=NOW)
    assert not document.sections.get("AccessToken")
