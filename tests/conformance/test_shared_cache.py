"""Compares SharedTokenCacheCredential and VisualStudioCodeCredential of azure-identity and ours on the same files.

Compares the result, the refresh token and client of each request, and the error text. ``DIFFERENT`` lists the
differences with the reason: an unlisted difference fails, and so does a listed one that is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import azure.identity
import azure.identity._credentials.vscode as peers_editor
import azure.identity.aio
import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity
import webidentity.aio
from tests.kit.drivers import Driver, SyncFace
from tests.kit.editor import note
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT
from tests.kit.shared_cache import Home
from tests.kit.shared_sign_ins import EDITOR, SHELL, Redeemer, edit, sign_in

LIBRARIES: dict[str, dict[str, Any]] = {
    "sync": {"peer": azure.identity, "ours": webidentity},
    "aio": {"peer": azure.identity.aio, "ours": webidentity.aio},
}
Prepare = Callable[[Home], object]


def several(home: Home) -> None:
    """Two accounts, the first of them in two tenants."""
    sign_in(home)
    sign_in(home, "eve")
    sign_in(home, tenant=OTHER_TENANT)


def two_programs(home: Home) -> None:
    """One account, signed in by two programs."""
    sign_in(home, client_id=EDITOR, now=1)
    sign_in(home, client_id=SHELL, now=2)


def stray(home: Home) -> None:
    """A refresh token without an account."""
    sign_in(home)
    home.write({**home.content(), "Account": {}})


def record(user: str = "ada", client_id: str = EDITOR) -> dict[str, Any]:
    """Return the arguments of a record."""
    return {
        "tenant_id": TENANT,
        "client_id": client_id,
        "authority": "login.microsoftonline.com",
        "home_account_id": f"{user}.{TENANT}",
        "username": f"{user}@tenant.test",
    }


@dataclass
class Case:
    """The cache content and the call.

    :param words: the text of the error, if one is expected.
    """

    prepare: Prepare
    words: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    call: dict[str, Any] = field(default_factory=dict)
    spent: tuple[str, ...] = ()
    record: dict[str, Any] = field(default_factory=dict)
    encrypted: bool = False


NAME = "ada@tenant.test"
CASES = {
    "no account": Case(lambda home: home.write({}), "unavailable. No accounts were found in the cache"),
    "no file": Case(lambda _: None, "unavailable. No accounts were found in the cache"),
    "one": Case(sign_in),
    "several": Case(several, "unavailable. Multiple accounts were found in the cache"),
    "by name": Case(lambda home: (sign_in(home), sign_in(home, "eve")), options={"username": NAME}),
    "by tenant": Case(several, options={"tenant_id": OTHER_TENANT}),
    "by both": Case(several, options={"username": NAME, "tenant_id": TENANT}),
    "by an ambiguous name": Case(
        several, f"Multiple accounts matching the specified username: {NAME} were", options={"username": NAME}
    ),
    "by an unknown name": Case(
        several, "No account matching the specified username: bob was", options={"username": "bob"}
    ),
    "by both, without a match": Case(
        sign_in,
        f"No account matching the specified username: {NAME} tenant: {OTHER_TENANT} was",
        options={"username": NAME, "tenant_id": OTHER_TENANT},
    ),
    "by a name in capitals": Case(sign_in, options={"username": NAME.upper()}),
    "not of the family": Case(lambda home: sign_in(home, family=None), "No accounts were found"),
    "of another family": Case(lambda home: sign_in(home, family="2"), "No accounts were found"),
    "without its account": Case(stray, "No accounts were found"),
    "an alias": Case(sign_in, options={"authority": "sts.windows.net"}),
    "another cloud": Case(sign_in, "No accounts were found", options={"authority": "login.chinacloudapi.cn"}),
    "a tenant of the call": Case(sign_in, call={"tenant_id": OTHER_TENANT}),
    "a token of another client": Case(lambda home: sign_in(home, scope=SCOPE)),
    "refused": Case(sign_in, "AADSTS700082", spent=("refresh",)),
    "two programs, one refused": Case(two_programs, spent=(f"refresh-token-ada-{EDITOR}",)),
    "cae": Case(lambda home: sign_in(home, cae=True), call={"enable_cae": True}),
    "cae in the other file": Case(sign_in, call={"enable_cae": True}),
    "damaged": Case(lambda home: home.write("{"), "No accounts were found"),
    "without a secret": Case(
        lambda home: (sign_in(home), edit(home, "RefreshToken", secret=None)), "Token acquisition failed for user"
    ),
    "no encryption": Case(sign_in, "Shared token cache unavailable", encrypted=True),
    "record": Case(lambda home: sign_in(home, scope=SCOPE), record=record()),
    "record, refreshed": Case(sign_in, record=record()),
    "record of an unknown account": Case(
        sign_in, "no account matching the given AuthenticationRecord", record=record("eve")
    ),
    "record, refused": Case(sign_in, "Token acquisition failed", record=record(), spent=("refresh",)),
    "record, no encryption": Case(sign_in, "Shared token cache unavailable", record=record(), encrypted=True),
    "record of a client outside the family": Case(
        lambda home: (sign_in(home), sign_in(home, client_id=CLIENT, family=None), drop_refresh_tokens(home)),
        "Token acquisition failed for user",
        record=record(client_id=CLIENT),
    ),
}


def drop_refresh_tokens(home: Home) -> None:
    """Remove the refresh tokens of the client that is not of the family."""
    content = home.content()
    content["RefreshToken"] = {k: e for k, e in content["RefreshToken"].items() if e["client_id"] != CLIENT}
    home.write(content)


DIFFERENT = {
    "by a name in capitals": "Entra usernames are case-insensitive",
    "of another family": "only clients of Microsoft's family can redeem it",
    "a token of another client": "the resource would see the other client, which may have other permissions",
    "two programs, one refused": "the newest token is tried first, then the others",
    "cae in the other file": "a sign-in counts with and without CAE",
    "damaged": "here a cache miss and a warning; azure-identity raises JSONDecodeError",
    "without a secret": "a malformed entry is ignored, so there is no account",
    "record, no encryption": "raises CredentialUnavailableError, so a chain continues",
}


def family_of(error: Exception) -> str:
    """Return the most specific class that both libraries have."""
    known = ("CredentialUnavailableError", "ClientAuthenticationError")
    names = [kind.__name__ for kind in type(error).__mro__]
    return next((name for name in known if name in names), names[0])


def observed(driver: Driver, library: str, case: Case) -> tuple[Any, list[Any], str]:
    """Return the outcome of a call, the requests, and the error text."""
    package, errors = LIBRARIES[driver.name][library], LIBRARIES["sync"][library]
    at = Redeemer(*case.spent)
    options = {"retry_total": 0, **case.options}
    if case.encrypted:
        options["cache_persistence_options"] = errors.TokenCachePersistenceOptions()
    if case.record:
        options["authentication_record"] = errors.AuthenticationRecord(**case.record)
    transport = at.transport() if driver.name == "sync" else at.aio_transport()
    credential = driver.face(package.SharedTokenCacheCredential(transport=transport, **options))
    outcome: Any
    words = ""
    try:
        outcome = credential.get_token(SCOPE, **case.call).token
    except Exception as error:
        outcome, words = family_of(error), " ".join(str(error).split())
    finally:
        credential.close()
    posts = [sent for sent in at.network.sent if sent.method == "POST"]
    return outcome, [(sent.form["client_id"], sent.form["refresh_token"]) for sent in posts], words


@pytest.mark.parametrize("name", CASES)
def test_a_shared_cache(driver: Driver, tmp_path_factory: pytest.TempPathFactory, name: str, monkeypatch: Any) -> None:
    """The same file, the same call."""
    case = CASES[name]
    seen: dict[str, Any] = {}
    for library in ("peer", "ours"):
        home = Home(tmp_path_factory.mktemp(library))
        monkeypatch.setenv("HOME", str(home.path))
        case.prepare(home)
        # azure-identity's async class does not support records, so its sync class is used.
        face = SyncFace() if library == "peer" and case.record else driver
        outcome, sent, words = observed(face, library, case)
        if name not in DIFFERENT:
            assert case.words in words
            assert bool(case.words) is bool(words), words
        seen[library] = outcome, sent, case.words in words
    assert (seen["peer"] != seen["ours"]) is (name in DIFFERENT), seen
    assert all(DIFFERENT.values())


@pytest.mark.parametrize("library", ["peer", "ours"])
def test_supported(driver: Driver, library: str) -> None:
    """Both libraries support the platform that runs the tests."""
    assert LIBRARIES[driver.name][library].SharedTokenCacheCredential.supported() is True


class Broker:
    """Replaces the class of azure-identity-broker. It has no token."""

    def __init__(self, **options: Any) -> None:
        assert options["authentication_record"].username == NAME

    def get_token(self, *_: str, **__: Any) -> Any:
        raise ClientAuthenticationError(message="no token")

    def close(self) -> None: ...


EDITORS: dict[str, tuple[Prepare, bool, str]] = {
    "no user, no broker": (lambda _: None, False, "signed in to Azure via Visual Studio Code"),
    "no user": (lambda _: None, True, "requires the user to be signed in to Azure via Visual Studio Code"),
    "malformed": (lambda home: note(home, tenantId="a/b"), True, "Failed to load authentication record from Visual"),
    "large": (lambda home: note(home, "x" * 20_000), True, "unexpectedly large"),
    "another client": (lambda home: note(home, clientId=CLIENT), True, "clientId"),
    "no name": (lambda home: note(home, username=None), True, "username"),
    "signed in, no broker": (note, False, "'azure-identity-broker' package"),
}


@pytest.mark.parametrize("name", EDITORS)
def test_visual_studio_code_without_a_token(
    driver: Driver, home: Home, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same class of error with the same words."""
    prepare, has_broker, words = EDITORS[name]
    prepare(home)
    monkeypatch.setattr(peers_editor, "get_broker_credential", lambda: Broker if has_broker else None)
    for package in LIBRARIES[driver.name].values():
        credential = driver.face(package.VisualStudioCodeCredential())
        with pytest.raises(ClientAuthenticationError) as caught:
            credential.get_token(SCOPE)
        credential.close()
        assert family_of(caught.value) == "CredentialUnavailableError"
        assert words in str(caught.value)


def test_only_azure_identity_uses_the_broker(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours reads the cache, and is unavailable if it has no token."""
    note(home)
    monkeypatch.setattr(peers_editor, "get_broker_credential", lambda: Broker)
    with pytest.raises(ClientAuthenticationError, match="no token") as theirs:
        azure.identity.VisualStudioCodeCredential().get_token(SCOPE)
    assert family_of(theirs.value) == "ClientAuthenticationError"
    sign_in(home)
    at = Redeemer()
    ours = webidentity.VisualStudioCodeCredential(transport=at.transport())
    assert ours.get_token(SCOPE).token == "ada-1"
