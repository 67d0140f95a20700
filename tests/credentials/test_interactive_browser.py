"""InteractiveBrowserCredential: a real listener on the loopback interface, and a user with a browser."""

import asyncio
import logging
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity.aio
from tests.kit.drivers import Credential, Driver
from tests.kit.ports import free_port, has_ipv6
from tests.kit.sign_in_window import PASSWORD, Window, query
from webidentity import AuthenticationRecord, CredentialUnavailableError, EntraError
from webidentity._protocol.authorization import challenge_of
from webidentity.testing import App, LocalTenant

READ, FILES = "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Files.Read"
Make = Callable[..., Credential]


@pytest.fixture
def tenant() -> LocalTenant:
    """A tenant with a desktop program and its user."""
    tenant = LocalTenant()
    tenant.add_user("ada@tenant.test", password=PASSWORD, name="Ada Lovelace")
    return tenant


@pytest.fixture
def desktop(tenant: LocalTenant) -> App:
    """The desktop program, with admin consent."""
    app = tenant.add_app("desktop", public_client=True, redirect_uris=["http://localhost"])
    tenant.grant_admin_consent(app, tenant.graph, ["User.Read", "Files.Read"])
    return app


@pytest.fixture
def window(tenant: LocalTenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """The browser of this machine."""
    window = Window(tenant)
    monkeypatch.setattr(webbrowser, "open", window.open)
    yield window
    window.close()


@pytest.fixture
def make(driver: Driver, tenant: LocalTenant, desktop: App) -> Make:
    """Makes credentials of the desktop program."""

    def made(**options: Any) -> Credential:
        given = {"client_id": desktop.client_id, "authority": tenant.base_url, "timeout": 20, **options}
        return driver.credential("InteractiveBrowserCredential", tenant, **given)

    return made


@pytest.fixture
def unused_port() -> int:
    """A port on which no program listens."""
    return free_port()


def test_a_user_signs_in(make: Make, window: Window, tenant: LocalTenant, desktop: App) -> None:
    """The tenant issues the token for the user; the browser shows who is signed in."""
    token = make().get_token(READ)
    assert token.token.count(".") == 2
    window.close()
    (answer,) = window.answers
    assert answer.status_code == 200
    assert "You are signed in as ada@tenant.test." in answer.text
    assert "close this window" in answer.text


def test_the_authorization_request_follows_the_specification(make: Make, window: Window, desktop: App) -> None:
    """Code, PKCE with S256, state and nonce; the URL contains no secret."""
    credential = make(login_hint="ada@tenant.test")
    credential.get_token(READ)
    asked = query(window.opened[0])
    assert asked["client_id"] == desktop.client_id
    assert asked["response_type"] == "code"
    assert asked["response_mode"] == "form_post"
    assert asked["scope"] == f"openid profile offline_access {READ}"
    assert asked["code_challenge_method"] == "S256"
    assert asked["prompt"] == "select_account"
    assert asked["login_hint"] == "ada@tenant.test"
    assert urlsplit(window.opened[0]).path == "/organizations/oauth2/v2.0/authorize"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert all(len(asked[name]) >= 32 for name in ("state", "nonce"))
    redeemed = credential.raw._pipeline._options["transport"].requests[-1].form
    assert redeemed["redirect_uri"] == asked["redirect_uri"]
    assert challenge_of(redeemed["code_verifier"]) == asked["code_challenge"]
    host, port = urlsplit(asked["redirect_uri"]).netloc.split(":")
    assert host == "localhost"
    assert 8400 <= int(port) < 9000


def test_state_nonce_and_verifier_are_never_reused(make: Make, window: Window) -> None:
    """Each sign-in has new ones."""
    for _ in range(2):
        make().get_token(READ)
    first, second = (query(url) for url in window.opened)
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


def test_later_tokens_open_no_page(make: Make, window: Window) -> None:
    """They come from the cache or with the refresh token."""
    credential = make()
    tokens = {credential.get_token(scope).token for scope in (READ, FILES, READ)}
    assert len(tokens) == 2
    assert len(window.opened) == 1


def test_64_callers_open_one_page(driver: Driver, make: Make, window: Window) -> None:
    """Threads or tasks."""
    credential = make()
    outcomes = driver.together([lambda: credential.raw.get_token(READ)] * 64)
    assert len({outcome.token for outcome in outcomes}) == 1
    assert len(window.opened) == 1


@pytest.mark.parametrize(
    "uri",
    ["http://localhost:{port}", "http://localhost:{port}/done", "http://127.0.0.1:{port}/", "http://[::1]:{port}/"],
)
def test_the_redirect_uri_is_listened_on(
    driver: Driver, tenant: LocalTenant, window: Window, uri: str, unused_port: int
) -> None:
    """Exactly as the application registration has it."""
    if "::1" in uri and not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback address")
    address = uri.format(port=unused_port)
    app = tenant.add_app("fixed", public_client=True, redirect_uris=[address])
    tenant.grant_admin_consent(app, tenant.graph, ["User.Read"])
    credential = driver.credential(
        "InteractiveBrowserCredential",
        tenant,
        client_id=app.client_id,
        authority=tenant.base_url,
        redirect_uri=address,
        timeout=20,
    )
    credential.get_token(READ)
    assert query(window.opened[0])["redirect_uri"] == address


@pytest.mark.parametrize(
    "uri",
    [
        "https://localhost:8400",
        "http://app.test:8400",
        "http://localhost:0",
        "http://localhost:port",
        "http://localhost:99999",
        "http://localhost:8400/?a=b",
        "http://user@localhost:8400",
        "localhost:8400",
        "http://localhost.evil.test:8400",
        "http://:8400",
        "/callback",
        "http://[::1",
    ],
)
def test_a_redirect_uri_of_another_machine_is_refused(make: Make, uri: str) -> None:
    """The constructor refuses the redirect URI and shows a valid example."""
    with pytest.raises(ValueError, match="http://localhost:8400"):
        make(redirect_uri=uri)


def test_a_port_in_use_is_reported(make: Make, window: Window, unused_port: int) -> None:
    """No page is opened, because the redirect could not be received."""
    with closing(socket.create_server(("127.0.0.1", unused_port))):
        credential = make(redirect_uri=f"http://localhost:{unused_port}")
        with pytest.raises(CredentialUnavailableError, match="Couldn't start an HTTP server"):
            credential.get_token(READ)
    assert window.opened == []


def test_a_port_in_use_on_ipv6_only_is_reported(make: Make, unused_port: int) -> None:
    """A browser may try that address first and send the code to the other program."""
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback address")
    with closing(socket.create_server(("::1", unused_port), family=socket.AF_INET6)):
        credential = make(redirect_uri=f"http://localhost:{unused_port}")
        with pytest.raises(CredentialUnavailableError, match="another program"):
            credential.get_token(READ)


def test_without_a_browser_it_is_unavailable(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names DeviceCodeCredential."""
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    with pytest.raises(CredentialUnavailableError, match="DeviceCodeCredential"):
        make().get_token(READ)


def test_the_wait_ends_after_the_timeout(make: Make, window: Window) -> None:
    """The port is free again after the timeout."""
    window.act = lambda window, url: None
    with pytest.raises(ClientAuthenticationError, match=r"Timed out after waiting 0\.2 seconds"):
        make(timeout=0.2).get_token(READ)
    where = urlsplit(query(window.opened[0])["redirect_uri"])
    with pytest.raises(OSError, match=r"refused|reset"):
        socket.create_connection((where.hostname or "", where.port or 0), timeout=5)


def test_a_declined_sign_in_is_reported_by_error_and_page(
    make: Make, window: Window, tenant: LocalTenant, driver: Driver
) -> None:
    """Both have the authority's reason."""
    app = tenant.add_app("unconsented", public_client=True, redirect_uris=["http://localhost"])

    def decline(window: Window, url: str) -> None:
        window.sign_in(url, consent=False)

    window.act = decline
    with pytest.raises(EntraError, match="AADSTS65004") as caught:
        make(client_id=app.client_id).get_token(READ)
    assert caught.value.error == "access_denied"
    assert caught.value.error_codes == (65004,)
    window.close()
    assert "Sign-in failed" in window.answers[0].text
    assert "AADSTS65004" in window.answers[0].text


def test_a_refused_code_is_reported_by_error_and_page(make: Make, window: Window) -> None:
    """The page is shown after the code is redeemed."""

    def forge(window: Window, url: str) -> None:
        address, fields = window.answer(url)
        window.post(address, {**fields, "code": "canary-forged-code"})

    window.act = forge
    with pytest.raises(EntraError) as caught:
        make().get_token(READ)
    window.close()
    assert "Sign-in failed" in window.answers[0].text
    assert "canary" not in window.answers[0].text + str(caught.value)


def test_a_different_account_is_reported_by_error_and_page(make: Make, window: Window, tenant: LocalTenant) -> None:
    """The page does not report success."""
    record = AuthenticationRecord(
        tenant.tenant_id, tenant.apps[-1].client_id, "login.tenant.test", f"eve.{tenant.tenant_id}", "eve@tenant.test"
    )
    with pytest.raises(ClientAuthenticationError, match="another user signed in"):
        make(authentication_record=record).get_token(READ)
    window.close()
    assert "Sign-in failed" in window.answers[0].text
    assert "another user" in window.answers[0].text


def test_markup_in_a_reason_is_escaped(make: Make, window: Window) -> None:
    """An error parameter cannot inject HTML."""

    def attack(window: Window, url: str) -> None:
        fields = {
            "state": query(url)["state"],
            "error": "bad",
            "error_description": "<script>alert(1)</script>\r\nX: y",
        }
        window.post(query(url)["redirect_uri"], fields)

    window.act = attack
    with pytest.raises(EntraError, match="script"):
        make().get_token(READ)
    window.close()
    assert "<script>" not in window.answers[0].text
    assert "&lt;script&gt;" in window.answers[0].text
    assert "default-src 'none'" in window.answers[0].headers["Content-Security-Policy"]
    assert window.answers[0].headers["Cache-Control"] == "no-store"


def test_forged_responses_are_ignored(make: Make, window: Window) -> None:
    """Another page may post to the port; the user's own response still counts."""

    def meddle(window: Window, url: str) -> None:
        asked = query(url)
        address = asked["redirect_uri"]
        address_with_slash = f"{address}/"
        state = asked["state"]
        refused = [
            window.post(address_with_slash, {"state": "guess", "code": "stolen"}),
            window.post(address_with_slash, {"code": "stolen"}),
            window.post(address_with_slash, {"state": state[:-1], "error": "access_denied"}),
            window.post(address_with_slash, f"state={state}&state={state}&code=stolen"),
            window.post(address_with_slash, f"state={state}&code=a&code=b"),
            window.post(f"{address}/elsewhere", {"state": state, "code": "stolen"}),
            window.post(address_with_slash, b"\xff\xfe=%ff"),
            window.post(address_with_slash, "x" * 100_000),
            window.post(address_with_slash, {"state": state, "code": "stolen"}, headers={"Host": "evil.test"}),
            window.get(f"{address}/?state={state}&code=stolen"),
            window.get(f"{address}/favicon.ico"),
        ]
        assert {response.status_code // 100 for response in refused} == {4}
        assert not any(state in response.text or "stolen" in response.text for response in refused)
        assert window.sign_in(url).status_code == 200

    window.act = meddle
    assert make().get_token(READ).token


def test_only_the_first_response_counts(make: Make, window: Window, tenant: LocalTenant) -> None:
    """A replayed one gets an error page."""
    replies: list[int] = []

    def twice(window: Window, url: str) -> None:
        address, fields = window.answer(url)
        hold, release = _hold_tokens(tenant)
        second = Window(tenant)
        second.open = lambda url: True
        thread = threading.Thread(target=window.post, args=(address, fields), daemon=True)
        thread.start()
        assert hold.wait(10)
        replies.append(second.post(address, fields).status_code)
        release.set()
        thread.join(10)

    window.act = twice
    make().get_token(READ)
    window.close()
    assert replies == [409]


def _hold_tokens(tenant: LocalTenant) -> tuple[Any, Any]:
    """Make the next token request wait until it is released; the first event is set when it arrives."""
    arrived, release = threading.Event(), threading.Event()
    handle = tenant.handle

    def held(request: Any) -> Any:
        if request.path.endswith("/token"):
            arrived.set()
            release.wait(10)
        return handle(request)

    tenant.handle = held
    return arrived, release


def test_nothing_of_a_sign_in_is_logged(make: Make, window: Window, caplog: pytest.LogCaptureFixture) -> None:
    """The log contains no code, state or verifier at any level."""
    caplog.set_level(logging.DEBUG)
    credential = make()
    credential.get_token(READ)
    asked = query(window.opened[0])
    form = credential.raw._pipeline._options["transport"].requests[-1].form
    for secret in (asked["state"], asked["nonce"], form["code"], form["code_verifier"]):
        assert secret not in caplog.text


def test_waiting_for_the_user_does_not_block_the_event_loop(tenant: LocalTenant, desktop: App, window: Window) -> None:
    """Other tasks continue."""

    def slow(window: Window, url: str) -> None:
        time.sleep(0.3)
        window.sign_in(url)

    window.act = slow

    async def main() -> int:
        credential = webidentity.aio.InteractiveBrowserCredential(
            client_id=desktop.client_id, authority=tenant.base_url, transport=tenant.aio_transport()
        )
        waiting, ticks = asyncio.create_task(credential.get_token(READ)), 0
        while not waiting.done():
            await asyncio.sleep(0.01)
            ticks += 1
        await waiting
        return ticks

    assert asyncio.run(main()) > 10


def test_a_cancelled_sign_in_stops_listening(tenant: LocalTenant, desktop: App, window: Window) -> None:
    """Cancelling ends the server and its thread at once."""
    window.act = lambda window, url: None

    async def main() -> None:
        credential = webidentity.aio.InteractiveBrowserCredential(
            client_id=desktop.client_id, authority=tenant.base_url, transport=tenant.aio_transport()
        )
        waiting = asyncio.create_task(credential.get_token(READ))
        await asyncio.to_thread(window.is_open.wait, 10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        where = urlsplit(query(window.opened[0])["redirect_uri"])
        with pytest.raises(OSError, match=r"refused|reset|failed"):
            await asyncio.open_connection("127.0.0.1", where.port)

    asyncio.run(main())
