"""No caller ever gets a token that belongs to a different caller, in any order of calls."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.canned import Reply
from tests.kit.drivers import SyncFace
from tests.kit.replies import CLIENT, client_info, jwt_of, token
from tests.kit.script import Response, form_of
from webidentity._flows.acquisition import keep
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._flows.client_credentials import ClientCredentials
from webidentity._flows.on_behalf_of import OnBehalfOf
from webidentity._protocol.effects import Flow
from webidentity._protocol.token_reply import read_token_reply
from webidentity._protocol.token_request import TokenRequest
from webidentity.cache import KeyRing, MemoryStore, TokenCache

USERS = ["ada", "grace", "edsger"]
# Names that differ only in case, or that are ambiguous when they are joined.
TENANTS = ["tenant-a", "tenant-b", "tenant-a-b"]
AUTHORITIES = ["https://login.microsoftonline.com", "https://login.microsoftonline.us"]
SECRETS = ["secret-1", "secret-2"]
SCOPES = [("read",), ("read", "write"), ("write",)]
CLIENTS = [CLIENT, f"{CLIENT}-2"]

CALL = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["app", "user", "obo"]),
        "user": st.sampled_from(USERS),
        "tenant": st.sampled_from(TENANTS),
        "authority": st.sampled_from(AUTHORITIES),
        "secret": st.sampled_from(SECRETS),
        "client_id": st.sampled_from(CLIENTS),
        "scopes": st.sampled_from(SCOPES),
        "cae": st.booleans(),
        "claims": st.sampled_from([None, '{"access_token": {}}']),
    }
)


def whose(call: dict[str, Any]) -> str:
    """Return what must be equal for a token to be shared: the user, or the client and its secret."""
    who = call["user"] if call["kind"] != "app" else "no user"
    authentication = call["secret"] if call["kind"] != "user" else "any"
    return "|".join(
        [call["kind"], who, call["tenant"], call["authority"], call["client_id"], authentication, str(call["cae"])]
    )


class Authority:
    """Answers each call with a token that names its owner."""

    def __init__(self, call: dict[str, Any]) -> None:
        self._call = call

    def send(self, request: Any, **_: Any) -> Response:
        call, form = self._call, form_of(request)
        assert request.url == f"{call['authority']}/{call['tenant']}/oauth2/v2.0/token"
        assert (form["client_id"], form["client_secret"]) == (call["client_id"], call["secret"])
        if call["kind"] == "user":
            assert form["refresh_token"] == f"refresh {whose({**call, 'cae': None})}"
        if call["kind"] == "obo":
            assert form["assertion"] == assertion_of(call["user"])
        return Response(reply_for(call))


def reply_for(call: dict[str, Any]) -> Reply:
    more = {} if call["kind"] == "app" else {"client_info": client_info(call["user"], "home")}
    if call["kind"] == "user":
        more["refresh_token"] = f"refresh {whose({**call, 'cae': None})}"
    return token(f"{whose(call)}|{' '.join(call['scopes'])}", **more)


def assertion_of(user: str) -> str:
    return jwt_of(oid=user, exp=4_000_000_000)


def flow_for(cache: TokenCache, call: dict[str, Any]) -> Flow[Any]:
    """Sign the user in if necessary, then request the token."""
    client = Client(call["authority"], call["client_id"], ClientSecret(call["secret"]))
    request = TokenRequest(call["scopes"], call["tenant"], call["claims"], call["cae"])
    if call["kind"] == "app":
        return (yield from ClientCredentials(client, cache).token(request))
    if call["kind"] == "obo":
        return (yield from OnBehalfOf.begin(client, cache, assertion_of(call["user"])).token(request))
    user_tokens = UserTokens(client, cache)
    home = f"{call['user']}.home"
    if (yield from cache.load(user_tokens.partition(call["tenant"], home))) is None:
        signed_in = read_token_reply(Response(reply_for(call)), now=1_800_000_000)
        yield from keep(cache, user_tokens.acquisition(request, home), signed_in, 1_800_000_000)
    return (yield from user_tokens.token(request, home))


def check(call: dict[str, Any], access_token: str) -> None:
    owner, scopes = access_token.rsplit("|", 1)
    assert owner == whose(call)
    assert set(call["scopes"]) <= set(scopes.split())


CACHES: dict[str, Callable[[], TokenCache]] = {
    "memory": TokenCache,
    "store": lambda: TokenCache(MemoryStore(), KeyRing("secret")),
    "two entries": lambda: TokenCache(MemoryStore(), KeyRing("secret"), max_partitions=2),
}


@pytest.mark.parametrize("cache_name", CACHES)
@settings(max_examples=60)
@given(calls=st.lists(CALL, min_size=2, max_size=25))
def test_one_shared_cache_never_returns_a_foreign_token(cache_name: str, calls: list[dict[str, Any]]) -> None:
    """Users, tenants, clouds, clients, secrets, scopes and grants in any order over one cache."""
    cache, face = CACHES[cache_name](), SyncFace()
    for call in calls:
        check(call, face.run(flow_for(cache, call), Authority(call).send).token)


@settings(max_examples=15)
@given(calls=st.lists(CALL, min_size=8, max_size=16))
def test_concurrent_callers_never_get_a_foreign_token(calls: list[dict[str, Any]]) -> None:
    """Single-flight never returns the reply to a different caller's request."""
    cache, face = TokenCache(), SyncFace()
    starts = [lambda call=call: face.start(flow_for(cache, call), Authority(call).send) for call in calls]
    for call, outcome in zip(calls, face.together(starts), strict=True):
        assert not isinstance(outcome, BaseException), outcome
        check(call, outcome.token)
