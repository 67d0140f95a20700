"""Compares sign-ins through azure-identity and through webidentity at the same tenant.

Every difference is listed with its reason. An unlisted difference fails, and so does a listed one that is gone.
"""

import gc
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import azure.identity
import pytest

import webidentity
from tests.kit.clock import Clock
from tests.kit.sign_in_window import PASSWORD, Window, query
from webidentity.testing import LocalTenant, TenantBrowser

READ, FILES = "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Files.Read"
PACKAGES = {"theirs": azure.identity, "ours": webidentity}
#: Fields whose values are new at each sign-in.
FRESH = {"code", "code_challenge", "code_verifier", "device_code", "nonce", "redirect_uri", "refresh_token", "state"}

DISCOVERY = "the token endpoint of an authority is derived here: no discovery request is sent"
ALIAS = "msal repeats the device code in a field outside the specifications"
SCOPES = "a new refresh token is requested here; there an ID token is requested as well"
CLASS = "a subclass of ClientAuthenticationError with the fields of Entra's error as attributes"
ADVICE = "here the message also says what to do next"
PREFIX = "here the message has Entra's error code too"
ANY_PORT = "http://localhost without a port selects a free port here, as the registration allows"
ROUTING = "msal adds X-AnchorMailbox, a routing hint with the username, which login_hint has already"
LOOPBACK = "the constructor refuses addresses of other machines here"


@dataclass
class Seen:
    """The requests and the result of one package."""

    record: str = ""
    authorize: dict[str, str] = field(default_factory=dict)
    forms: list[dict[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    error: list[str] = field(default_factory=list)
    message: str = ""


class Place:
    """A tenant with a user and a program, and the program's browser window."""

    def __init__(self, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tenant = LocalTenant(clock=clock)
        self.tenant.add_user("ada@tenant.test", password=PASSWORD, name="Ada")
        self.app = self.tenant.add_app("program", public_client=True, redirect_uris=["http://localhost"])
        self.transport = self.tenant.transport()
        self.window = Window(self.tenant)
        monkeypatch.setattr(webbrowser, "open", self.window.open)
        monkeypatch.setattr(webbrowser, "get", lambda *_: SimpleNamespace(open=self.window.open))

    def consent(self) -> None:
        """Grant admin consent."""
        self.tenant.grant_admin_consent(self.app, self.tenant.graph, ["User.Read", "Files.Read"])

    def make(self, package: Any, name: str, **options: Any) -> Any:
        """Return a credential of the program."""
        return getattr(package, name)(
            client_id=self.app.client_id,
            tenant_id=self.tenant.tenant_id,
            authority=self.tenant.base_url,
            transport=self.transport,
            disable_instance_discovery=True,
            **options,
        )

    def enter(self, address: str, code: str, _: Any) -> None:
        """Enter a device code, and sign in."""
        TenantBrowser(self.tenant).enter_device_code(address, code, "ada@tenant.test", PASSWORD)


def _device_code(place: Place, package: Any) -> str:
    place.consent()
    credential = place.make(package, "DeviceCodeCredential", prompt_callback=place.enter)
    record: str = credential.authenticate(scopes=[READ]).serialize()
    credential.get_token(READ)
    credential.get_token(FILES)
    return record


def _device_code_declined(place: Place, package: Any) -> str:
    def decline(_: str, code: str, __: Any) -> None:
        place.tenant.decline_device_code(code)

    place.make(package, "DeviceCodeCredential", prompt_callback=decline).get_token(READ)
    return ""


def _device_code_too_late(place: Place, package: Any) -> str:
    place.make(package, "DeviceCodeCredential", prompt_callback=lambda *_: None, timeout=1).get_token(READ)
    return ""


def _device_code_disabled(place: Place, package: Any) -> str:
    place.make(package, "DeviceCodeCredential", disable_automatic_authentication=True).get_token(READ)
    return ""


def _browser(place: Place, package: Any) -> str:
    place.consent()
    credential = place.make(package, "InteractiveBrowserCredential", timeout=20, login_hint="ada@tenant.test")
    record: str = credential.authenticate(scopes=[READ]).serialize()
    credential.get_token(READ)
    return record


def _browser_declined(place: Place, package: Any) -> str:
    place.window.act = lambda window, url: window.sign_in(url, consent=False) and None
    place.make(package, "InteractiveBrowserCredential", timeout=20).get_token(READ)
    return ""


def _browser_too_late(place: Place, package: Any) -> str:
    place.window.act = lambda window, url: None
    place.make(package, "InteractiveBrowserCredential", timeout=1).get_token(READ)
    return ""


def _browser_missing(place: Place, package: Any) -> str:
    place.window.open = lambda *_: False
    webbrowser.open = place.window.open
    place.make(package, "InteractiveBrowserCredential", timeout=1).get_token(READ)
    return ""


def _redirect(uri: str) -> Callable[[Place, Any], str]:
    def construct(place: Place, package: Any) -> str:
        place.make(package, "InteractiveBrowserCredential", redirect_uri=uri)
        return ""

    return construct


SCENARIOS: dict[str, Callable[[Place, Any], str]] = {
    "device code": _device_code,
    "device code, declined": _device_code_declined,
    "device code, too late": _device_code_too_late,
    "device code, disabled": _device_code_disabled,
    "browser": _browser,
    "browser, declined": _browser_declined,
    "browser, too late": _browser_too_late,
    "browser, missing": _browser_missing,
    "redirect without a port": _redirect("http://localhost"),
    "redirect elsewhere": _redirect("https://app.test/callback"),
}
ASKS = "asks for openid-configuration"
DIFFERENCES: dict[str, dict[str, str]] = {
    "device code": {ASKS: DISCOVERY, "form 1 has other fields": ALIAS, "form 2 has another scope": SCOPES},
    "device code, declined": {
        ASKS: DISCOVERY,
        "form 1 has other fields": ALIAS,
        "another class": CLASS,
        "another text": PREFIX,
    },
    "device code, too late": {ASKS: DISCOVERY, "form 1 has other fields": ALIAS, "another text": ADVICE},
    "browser": {ASKS: DISCOVERY, "another authorization request": ROUTING},
    "browser, declined": {ASKS: DISCOVERY, "another class": CLASS},
    "browser, too late": {ASKS: DISCOVERY},
    "browser, missing": {ASKS: DISCOVERY, "another text": ADVICE},
    "redirect without a port": {"another class": ANY_PORT, "another text": ANY_PORT},
    "redirect elsewhere": {"another text": LOOPBACK},
}


def run(scenario: str, package: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Play the scenario."""
    seen, place = Seen(), Place(clock, monkeypatch)
    try:
        seen.record = SCENARIOS[scenario](place, package)
    except Exception as error:
        seen.error = [kind.__name__ for kind in type(error).__mro__]
        seen.message = str(getattr(error, "message", error)).partition(" Trace ID")[0]
    place.window.close()
    gc.collect()
    for sent in place.transport.requests:
        if sent.method == "POST":
            seen.forms.append(sent.form)
        else:
            seen.others.append(sent.path.rpartition("/")[2])
    if place.window.opened:
        seen.authorize = query(place.window.opened[0])
    return seen


def _stable(form: dict[str, str]) -> dict[str, Any]:
    """Return the values that must be the same: those that are not random, with the scopes sorted."""
    kept: dict[str, Any] = {name: value for name, value in form.items() if name not in FRESH | {"scope"}}
    return {**kept, "fresh": sorted(FRESH & form.keys())}


def differences(theirs: Seen, ours: Seen) -> set[str]:
    """Compare what two packages did."""
    found = {f"asks for {each}" for each in set(theirs.others) ^ set(ours.others)}
    if len(theirs.forms) != len(ours.forms):
        found.add(f"sends {len(theirs.forms)} forms, here {len(ours.forms)}")
    for number, (one, other) in enumerate(zip(theirs.forms, ours.forms, strict=False)):
        if _stable(one) != _stable(other):
            found.add(f"form {number} has other fields")
        if set(one.get("scope", "").split()) != set(other.get("scope", "").split()):
            found.add(f"form {number} has another scope")
    if _stable(theirs.authorize) != _stable(ours.authorize):
        found.add("another authorization request")
    if theirs.record != ours.record:
        found.add("another record")
    if theirs.error[:1] != ours.error[:1]:
        found.add("another class")
    if theirs.message != ours.message:
        found.add("another text")
    return found


# azure-identity leaves its listening sockets to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:msal", "ignore::DeprecationWarning:azure")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_difference_is_listed(
    scenario: str, clock: Clock, monkeypatch: pytest.MonkeyPatch, naps: list[float]
) -> None:
    """The comparison covers the forms, the authorization request, the record, and the error's class and text."""
    monkeypatch.setattr("time.sleep", lambda seconds: clock.advance(seconds) if seconds >= 1 else None)
    theirs, ours = (run(scenario, package, clock, monkeypatch) for package in PACKAGES.values())
    assert differences(theirs, ours) == DIFFERENCES.get(scenario, {}).keys()
    assert set(theirs.error) <= set(ours.error) or scenario == "redirect without a port"


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_messages_start_with_the_same_words(clock: Clock, monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> None:
    """A search for azure-identity's message finds ours."""
    monkeypatch.setattr("time.sleep", lambda seconds: clock.advance(seconds) if seconds >= 1 else None)
    for scenario in ("device code, too late", "browser, missing"):
        theirs, ours = (run(scenario, package, clock, monkeypatch) for package in PACKAGES.values())
        assert theirs.message.rstrip(".") in ours.message
