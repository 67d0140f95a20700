"""azure-identity as the reference: after changing one import line, the requests are the same."""

import asyncio
import inspect
from typing import Any

import azure.core.exceptions
import azure.identity
import azure.identity.aio
import pytest

import webidentity
import webidentity.aio
from tests.kit.canned import Canned, Reply, Sent
from tests.kit.replies import CLIENT, TENANT, refusal, user_token

NAMES = ["ClientSecretCredential", "AuthorizationCodeCredential", "OnBehalfOfCredential"]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "ClientSecretCredential": {"client_secret": "s3cret"},
    "AuthorizationCodeCredential": {
        "authorization_code": "code",
        "redirect_uri": "https://app.test/callback",
        "client_secret": "s3cret",
    },
    "OnBehalfOfCredential": {"user_assertion": "assertion", "client_secret": "s3cret"},
}


def network() -> Canned:
    """Return a network that also answers the discovery requests of azure-identity's sync credentials."""

    def answer(sent: Sent) -> Reply:
        if sent.method == "POST":
            return user_token("token")
        base = f"https://login.microsoftonline.com/{TENANT}"
        return Reply(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
        )

    return Canned(answer=answer)


def posts(module: Any, name: str, **options: Any) -> list[tuple[str, dict[str, str]]]:
    """Return the token requests of one get_token call."""
    canned = network()
    arguments = {"tenant_id": TENANT, "client_id": CLIENT, **ARGUMENTS[name]}
    if not module.__name__.endswith(".aio"):
        getattr(module, name)(transport=canned.transport(), **arguments).get_token("a/.default", **options)
    else:

        async def call() -> None:
            credential = getattr(module, name)(transport=canned.aio_transport(), **arguments)
            await credential.get_token("a/.default", **options)
            await credential.close()

        asyncio.run(call())
    return [(sent.url, sent.form) for sent in canned.sent if sent.method == "POST"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [{}, {"enable_cae": True}, {"claims": '{"a": {}}'}], ids=["plain", "cae", "claims"])
def test_the_token_request_is_the_same(name: str, options: dict[str, Any]) -> None:
    """URL and form are equal, except for client_info, which is always requested here, and white space in claims.

    The async credential of azure-identity requests no ID token on behalf of a user; its sync one and this library do.
    """
    ((their_url, theirs),) = posts(azure.identity.aio, name, **options)
    for module in (webidentity, webidentity.aio):
        ((our_url, ours),) = posts(module, name, **options)
        assert our_url == their_url
        if name == "OnBehalfOfCredential":
            ours = {**ours, "scope": ours["scope"].removesuffix(" openid profile")}
        assert _normal(ours) == _normal(theirs)


def _normal(form: dict[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in form.items() if key != "client_info"}
    return {**kept, "claims": kept.get("claims", "").replace(" ", "")}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("ours", "theirs"), [(webidentity, azure.identity), (webidentity.aio, azure.identity.aio)])
def test_positional_arguments_are_the_same(name: str, ours: Any, theirs: Any) -> None:
    """The constructor and both methods have the same arguments in the same order."""
    for method in ("__init__", "get_token", "get_token_info"):
        expected = _positional(getattr(getattr(theirs, name), method))
        assert _positional(getattr(getattr(ours, name), method)) == expected


def _positional(function: Any) -> list[str]:
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return [name for name, parameter in inspect.signature(function).parameters.items() if parameter.kind in kinds]


@pytest.mark.parametrize("name", NAMES)
def test_sync_and_async_constructors_are_the_same(name: str) -> None:
    """The constructors have the same defaults and keyword-only arguments."""
    sync, aio = (inspect.signature(getattr(module, name)) for module in (webidentity, webidentity.aio))
    assert sync == aio


@pytest.mark.parametrize("name", NAMES)
def test_refusals_are_caught_by_the_same_handler(name: str) -> None:
    """The text has Entra's error code, and the error has the response."""
    texts: list[str] = []
    for module in (azure.identity.aio, webidentity.aio):
        canned = Canned(answer=lambda _: refusal("invalid_grant", "AADSTS50173: revoked"))
        arguments = {"tenant_id": TENANT, "client_id": CLIENT, **ARGUMENTS[name]}

        async def call(module: Any = module, canned: Canned = canned, arguments: Any = arguments) -> None:
            credential = getattr(module, name)(transport=canned.aio_transport(), **arguments)
            with pytest.raises(azure.core.exceptions.ClientAuthenticationError) as caught:
                await credential.get_token("a")
            assert caught.value.response is not None
            texts.append(caught.value.message)
            await credential.close()

        asyncio.run(call())
    theirs, ours = texts
    assert theirs == "Microsoft Entra ID error '(invalid_grant) AADSTS50173: revoked'"
    assert ours.startswith(theirs)
