"""No code, state, verifier or token of a user's sign-in appears in a log record, an error, its frames or a repr."""

import webbrowser
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.canned import Reply, lines_of
from tests.kit.drivers import Driver
from tests.kit.records import all_logs, shown_of
from tests.kit.replies import CLIENT, SCOPE, jwt_of, refusal
from tests.kit.sign_in_window import PASSWORD, Window, query
from tests.kit.signing_in import DEVICE_CODE, Authority, signed_in
from webidentity.testing import LocalTenant

ACCESS, REFRESH, ID_CLAIM = "canary-access-token", "canary-refresh-token", "canary-subject"
ID_TOKEN = jwt_of(aud=CLIENT, sub=ID_CLAIM, tid="t", exp=4_000_000_000)
CANARIES = [DEVICE_CODE, ACCESS, REFRESH, ID_TOKEN, ID_TOKEN.split(".")[1], "canary-code"]
READ = "https://graph.microsoft.com/User.Read"

OUTCOMES: dict[str, Reply] = {
    "a refusal that echoes": refusal("invalid_grant", f"You sent {DEVICE_CODE}.", error_codes=[70000]),
    "an error that echoes": refusal(DEVICE_CODE, "no", suberror=DEVICE_CODE),
    "a page that echoes": Reply(f"<html>{DEVICE_CODE}</html>", 500),
    "an OData error that echoes": Reply({"error": {"code": "x", "message": DEVICE_CODE}}, 400),
    "tokens without an account": signed_in("ada", ACCESS, refresh_token=REFRESH, id_token=None, client_info=None),
    "tokens of another application": signed_in("ada", ACCESS, refresh_token=REFRESH, claims={"aud": "x"}),
    "tokens without a lifetime": signed_in("ada", ACCESS, refresh_token=REFRESH, expires_in=None),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_device_code_stays_secret(driver: Driver, naps: list[float], outcome: str) -> None:
    """No reply of the authority makes the device code visible."""
    authority = Authority(OUTCOMES[outcome])
    with all_logs() as logs:
        credential = driver.credential(
            "DeviceCodeCredential",
            authority,
            client_id=CLIENT,
            prompt_callback=authority.prompt,
            retry_total=0,
            logging_enable=True,
        )
        with pytest.raises(Exception) as caught:
            credential.get_token(SCOPE)
    text = lines_of([shown_of(caught.value), *logs.texts])
    assert logs.texts
    assert not [canary for canary in CANARIES if canary in text]


def test_reprs_of_all_objects_of_a_credential_show_no_secret(driver: Driver, naps: list[float]) -> None:
    """The credential and every object that it refers to, after a success."""
    reply = signed_in("ada", ACCESS, refresh_token=REFRESH, claims={"sub": ID_CLAIM})
    authority = Authority(reply)
    with all_logs() as logs:
        credential = driver.credential(
            "DeviceCodeCredential",
            authority,
            client_id=CLIENT,
            prompt_callback=authority.prompt,
            logging_enable=True,
        )
        token = credential.get_token(SCOPE)
    grant = credential.raw._user
    objects: list[Any] = [
        token,
        credential.raw,
        grant,
        grant.sign_in,
        grant.user_tokens,
        grant.record,
        grant.user_tokens.cache,
    ]
    text = lines_of([*(f"{each!r} {each!s}" for each in objects), *logs.texts])
    assert not [canary for canary in [*CANARIES, ID_CLAIM] if canary in text]


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """The browser of this machine, with a tenant that has a user."""
    tenant = LocalTenant()
    tenant.add_user("ada@tenant.test", password=PASSWORD, name="Ada Lovelace")
    window = Window(tenant)
    monkeypatch.setattr(webbrowser, "open", window.open)
    yield window
    window.close()


@pytest.mark.parametrize("forged", [{"code": "canary-code"}, {"code": ""}, {"error": "x", "code": "canary-code"}])
def test_the_response_in_the_browser_stays_secret(driver: Driver, window: Window, forged: dict[str, str]) -> None:
    """Its code, and the values that the program generated for this sign-in."""
    tenant = window.tenant
    app = tenant.add_app("desktop", public_client=True, redirect_uris=["http://localhost"])
    tenant.grant_admin_consent(app, tenant.graph, ["User.Read"])

    def forge(window: Window, url: str) -> None:
        address, fields = window.answer(url)
        window.post(address, {**fields, **forged})

    window.act = forge
    with all_logs() as logs:
        credential = driver.credential(
            "InteractiveBrowserCredential",
            tenant,
            client_id=app.client_id,
            authority=tenant.base_url,
            timeout=20,
            logging_enable=True,
        )
        with pytest.raises(Exception) as caught:
            credential.get_token(READ)
    window.close()
    asked = query(window.opened[0])
    verifiers = [sent.form["code_verifier"] for sent in credential.raw._pipeline._options["transport"].requests]
    text = lines_of([shown_of(caught.value), *(text for text in logs.texts if "urllib3" not in text)])
    assert not [each for each in ("canary-code", asked["state"], asked["nonce"], *verifiers) if each in text]
    assert "canary-code" not in window.answers[0].text
