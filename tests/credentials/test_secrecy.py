"""No secret, code, token or verifier appears in a log record, an exception's text, a repr or a traceback."""

import traceback
from typing import Any

import pytest

from tests.kit.canned import Answer, Canned, Reply, Sent, lines_of
from tests.kit.clock import Clock
from tests.kit.credential_sites import CREDENTIALS, VERIFIER, WebAppAndApi
from tests.kit.drivers import Credential, Driver, SyncFace
from tests.kit.records import all_logs
from tests.kit.replies import CLIENT, TENANT, jwt_of, refusal, user_token
from webidentity._flows.client_authentication import ClientSecret
from webidentity._protocol.token_reply import read_token_reply
from webidentity.cache import KeyRing, MemoryStore, TokenCache
from webidentity.cache._partition import Partition

SECRET = "canary-client-secret"
CODE = "canary-authorization-code"
ASSERTION = jwt_of(oid="canary", exp=4_000_000_000)
ACCESS = "canary-access-token"
REFRESH = "canary-refresh-token"
ID_TOKEN = jwt_of(sub="canary-subject")
CANARIES = ["canary", ASSERTION, ASSERTION.split(".")[1], ID_TOKEN, ID_TOKEN.split(".")[1]]


def leaks(text: str, *more: str) -> list[str]:
    """Return the canaries in the text."""
    return [canary for canary in [*CANARIES, *more] if canary in text]


def credential_of(driver: Driver, name: str, network: Canned, **options: Any) -> Credential:
    arguments: dict[str, Any] = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET, "retry_total": 0}
    if name == "AuthorizationCodeCredential":
        arguments |= {"authorization_code": CODE, "redirect_uri": "https://a.test/cb", "code_verifier": VERIFIER}
    if name == "OnBehalfOfCredential":
        arguments["user_assertion"] = ASSERTION
    return driver.credential(name, network, **{**arguments, **options})


def success() -> Reply:
    return user_token(ACCESS, refresh_token=REFRESH, id_token=ID_TOKEN)


def echo(sent: Sent) -> str:
    return f"You sent {sent.form}, and {ID_TOKEN}"


FAILURES: dict[str, Answer] = {
    "everything echoed": lambda sent: refusal("invalid_grant", echo(sent)),
    "everything echoed as OData": lambda sent: Reply({"error": {"code": echo(sent), "message": echo(sent)}}, 400),
    "everything echoed as the error": lambda sent: refusal(echo(sent)),
    "a page": lambda sent: Reply(f"<html>{echo(sent)}</html>", 500),
    "a token with an error": lambda _: Reply({"access_token": ACCESS, "error": "server_error"}, 400),
    "a token without a lifetime": lambda _: Reply({"access_token": ACCESS, "refresh_token": REFRESH}),
    "nothing": lambda _: Reply(""),
    "a network error": lambda _: OSError("reset"),
}


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("failure", FAILURES)
def test_logs_and_errors_leak_nothing(
    driver: Driver, name: str, failure: str, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Success and failure of each credential, with all logging enabled."""
    fail = FAILURES[failure]
    network = Canned(answer=lambda sent: success() if len(network.sent) in {2, 3} else fail(sent))
    cache = TokenCache(MemoryStore(), KeyRing("canary-key"))
    shown: list[str] = []
    with all_logs() as logs:
        credential = credential_of(driver, name, network, logging_enable=True, token_cache=cache)
        with pytest.raises(Exception) as caught:
            credential.get_token("a")
        error = caught.value
        shown += [str(error), repr(error), lines_of(error.args), getattr(error, "exc_msg", "")]
        shown.append("".join(traceback.format_exception(error)))
        shown.append(repr(credential.get_token("a")))
        shown.append(repr(credential.get_token_info("b")))
        clock.advance(3600 - 100)
        shown.append(repr(credential.get_token("a")))
        driver.settle()
        credential.close()
    assert len(network.sent) == 4
    assert logs.texts, "nothing was logged, so nothing was tested"
    captured = capsys.readouterr()
    assert not leaks(lines_of([*shown, *logs.texts, captured.out, captured.err]))


@pytest.mark.parametrize("name", CREDENTIALS)
def test_nothing_leaks_with_a_tenant(driver: Driver, name: str) -> None:
    """Real tokens, a real code and real refusals do not leak either."""
    site = WebAppAndApi()
    assertion, code = site.assertion(), site.code()
    with all_logs() as logs:
        options = {"user_assertion": assertion} if name.startswith("OnBehalf") else {}
        options |= {"authorization_code": code} if name.startswith("Authorization") else {}
        credential = site.credential(name, driver, logging_enable=True, **options)
        access = credential.get_token(site.scope_for(name))
        wrong = site.credential(name, driver, logging_enable=True, client_secret="canary-wrong", **options)
        with pytest.raises(Exception) as caught:
            wrong.get_token(site.scope_for(name))
    texts = [*logs.texts, str(caught.value), repr(caught.value), repr(access)]
    secrets = [code, assertion, assertion.split(".")[1], access.token, access.token.split(".")[1]]
    assert not leaks(lines_of(texts), *secrets)


def test_reprs_of_objects_with_secrets_show_none() -> None:
    """Debuggers, error pages and pytest print them."""
    from tests.kit.script import Response

    driver, network = SyncFace(), Canned(success(), success(), success())
    keys, store = KeyRing("canary-key", ["canary-old-key"]), MemoryStore()
    cache = TokenCache(store, keys)
    objects: list[Any] = [keys, keys._keys, store, cache, cache.flights, ClientSecret(SECRET)]
    for name in CREDENTIALS:
        credential = credential_of(driver, name, network, token_cache=cache)
        grant = credential.raw._token_source._grant
        objects += [credential.raw, credential.raw._token_source, grant, getattr(grant, "client", None)]
        objects += [
            credential.get_token("a"),
            credential.get_token_info("a"),
            *credential.raw._token_source.tokens.values(),
        ]
    held = list(cache._partitions.values())
    objects += [*held, *[each.document for each in held], *store._rows.values()]
    reply = read_token_reply(Response(success()), now=0)
    partition = Partition.on_behalf_of(
        client_id="c", authority="https://a", tenant="t", assertion=ASSERTION, authentication="p"
    )
    flight, _ = cache.flights.join("key")
    cache.flights.land("key", flight, reply)
    objects += [reply, partition, partition.name, flight, flight.future]
    assert len(objects) > 30
    assert not leaks("\n".join(f"{each!r} {each!s} {each}" for each in objects))


@pytest.mark.parametrize("name", CREDENTIALS)
def test_stored_rows_show_nothing(name: str) -> None:
    """The keys and values of stored rows contain no secret."""
    store = MemoryStore()
    cache = TokenCache(store, KeyRing("key"))
    credential_of(SyncFace(), name, Canned(success()), token_cache=cache).get_token("a")
    ((key, row),) = store._rows.items()
    assert not leaks(f"{key} {row.value!r}")
