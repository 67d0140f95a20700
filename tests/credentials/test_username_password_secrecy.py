"""UsernamePasswordCredential keeps the password and the assertion secret, and the username out of logs."""

import base64
import json
import logging
import logging.config
import traceback
from collections.abc import Callable, Iterator
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from azure.core.pipeline.policies import (
    AsyncRetryPolicy,
    DistributedTracingPolicy,
    HeadersPolicy,
    HttpLoggingPolicy,
    RetryPolicy,
)

from tests.kit.canned import Reply, lines_of
from tests.kit.drivers import Driver
from tests.kit.federation import (
    SAML_1,
    XML,
    Federated,
    fault,
    federated,
    issued,
    managed,
)
from tests.kit.records import all_logs, shown_of
from tests.kit.replies import CLIENT, SCOPE, refusal
from tests.kit.signing_in import signed_in
from webidentity._flows.federated_password import SamlGrant

USERNAME = "canary.user@fed.test"
PASSWORD = "canary <p&w> \"é✓🔑\" \\ 'x'\nend"
ASSERTION = f'<saml:Assertion xmlns:saml="{SAML_1}" ID="canary-id">canary "é" &amp; content</saml:Assertion>'
Echo = Callable[[str], str]

#: Forms in which a server may repeat what it was sent.
ECHOES: dict[str, Echo] = {
    "raw": str,
    "XML": escape,
    "XML twice": lambda text: escape(escape(text)),
    "XML by numbers": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "XML by hexadecimal numbers": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "form": quote_plus,
    "address": quote,
    "address, lower case": lambda text: "".join(f"%{each:02x}" for each in text.encode()),
    "JSON": json.dumps,
    "JSON within JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "Python": repr,
    "Python bytes": lambda text: ascii(text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "credentials": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "credentials of another length": lambda text: base64.b64encode(f"me:{text}:x".encode()).decode(),
    "base64 in an address": lambda text: quote_plus(base64.b64encode(f"u:{text}?".encode())),
    "one line": lambda text: " ".join(text.split()),
}
#: Parts of the secrets in these forms.
TRACES = ("canary", "p&w", "Y2FuYXJ5", "NhbmFye", "jYW5hcn", "%63%61%6e", "&#99;&#97;", "&#x63;", "content")

pytestmark = pytest.mark.filterwarnings("ignore:UsernamePasswordCredential is deprecated:DeprecationWarning")


def leaks(text: str) -> list[str]:
    """Return the traces in the text."""
    return [trace for trace in TRACES if trace in text]


def test_search_finds_each_echo() -> None:
    """The search finds each echo, which shows that the tests below can fail."""
    for name, echo in ECHOES.items():
        assert leaks(echo(PASSWORD)), name
        assert leaks(echo(ASSERTION)), name


@pytest.mark.parametrize("echo", ECHOES.values(), ids=list(ECHOES))
@pytest.mark.parametrize("where", ["token endpoint", "token endpoint's code", "fault", "page", "metadata"])
def test_echoed_password_is_not_shown(driver: Driver, where: str, echo: Echo) -> None:
    """The password is masked in the replies of every server."""
    text = f"You sent {echo(PASSWORD)}."
    at = {
        "token endpoint": Federated(managed(), token=refusal("invalid_grant", text)),
        "token endpoint's code": Federated(managed(), token=refusal(text, text)),
        "fault": Federated(trust=fault(escape(text))),
        "page": Federated(trust=Reply(text, 500, XML)),
        "metadata": Federated(mex=Reply(text, 500)),
    }[where]
    _fails_without_a_trace(driver, at, "You sent ***" if where == "token endpoint" and echo is str else "")


@pytest.mark.parametrize("echo", ECHOES.values(), ids=list(ECHOES))
@pytest.mark.parametrize("where", ["token endpoint", "another token", "federation server"])
def test_echoed_assertion_is_not_shown(driver: Driver, where: str, echo: Echo) -> None:
    """It could be used to sign in as the user for an hour."""
    at = Federated(trust=issued(ASSERTION), token=refusal("invalid_grant", f"You sent {echo(ASSERTION)}."))
    if where == "another token":
        at.token = Reply({"id_token": echo(ASSERTION)})
    elif where == "federation server":
        # msal quotes this reply in its error, because it has no TokenType.
        at.trust = issued(escape(echo(ASSERTION)), token_type=None)
    _fails_without_a_trace(driver, at)


def _fails_without_a_trace(driver: Driver, at: Federated, said: str = "") -> None:
    with all_logs() as logs:
        credential = driver.credential(
            "UsernamePasswordCredential", at.network, CLIENT, USERNAME, PASSWORD, retry_total=0, logging_enable=True
        )
        with pytest.raises(Exception) as caught:
            credential.get_token(SCOPE)
    shown = shown_of(caught.value)
    assert logs.texts
    assert said in str(caught.value)
    assert not leaks(lines_of([shown, *logs.texts]))


def test_network_error_shows_no_password(driver: Driver) -> None:
    """The variables of the error's frames do not contain the password either."""
    for at in (Federated(managed(), token=OSError("reset")), Federated(trust=KeyError("mistake"))):
        _fails_without_a_trace(driver, at)


@pytest.mark.parametrize("realm", [managed(), federated()], ids=["managed", "federated"])
def test_no_repr_shows_a_secret(driver: Driver, realm: Reply) -> None:
    """Of the credential and of each object it holds, after a sign-in."""
    at = Federated(realm, trust=issued(ASSERTION), token=signed_in())
    credential = driver.credential("UsernamePasswordCredential", at.network, CLIENT, USERNAME, PASSWORD)
    token = credential.get_token(SCOPE)
    grant = credential.raw._user
    objects: list[Any] = [token, credential.raw, grant, grant.sign_in, grant.user_tokens, grant.user_tokens.cache]
    objects += [SamlGrant({"assertion": ASSERTION}), credential.raw._pipeline, credential.raw._token_source]
    assert not leaks(lines_of(f"{each!r} {each!s} {each}" for each in objects))


@pytest.fixture
def configured() -> Iterator[None]:
    """Logging configured with ``disable_existing_loggers`` off, as Django does."""
    try:
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
        yield
    finally:
        logging.getLogger().setLevel(logging.WARNING)


def policies_of(driver: Driver) -> list[Any]:
    """Return policies for ``policies=``."""
    retry: Any = RetryPolicy() if driver.name == "sync" else AsyncRetryPolicy()
    return [HeadersPolicy(), retry, DistributedTracingPolicy(), HttpLoggingPolicy()]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("realm", [managed(), federated()], ids=["managed", "federated"])
@pytest.mark.parametrize("given", ["nothing", "policies", "policies without logs"])
def test_no_log_has_the_username(driver: Driver, realm: Reply, given: str) -> None:
    """The address of the realm request contains it, so azure-core logs the other requests only."""
    answers = [Reply("", 503, {"Retry-After": "0"}), realm]
    at = Federated(lambda _: answers.pop(0))
    options: dict[str, Any] = {"logging_enable": True}
    if given != "nothing":
        options["policies"] = policies_of(driver)[: 4 if given == "policies" else 3]
    with all_logs() as logs:
        credential = driver.credential("UsernamePasswordCredential", at.network, CLIENT, USERNAME, PASSWORD, **options)
        credential.get_token(SCOPE)
    text = lines_of(logs.texts)
    assert not [each for each in ("canary", quote(USERNAME, safe=""), "userrealm") if each in text]
    assert ("oauth2/v2.0/token" in text) == (given != "policies without logs")


def test_no_log_has_the_username_when_the_network_fails(driver: Driver) -> None:
    """The HTTP library's error contains the address."""
    from requests.exceptions import ConnectTimeout

    at = Federated(ConnectTimeout(f"Max retries exceeded with url: /common/userrealm/{USERNAME}"))
    with all_logs() as logs:
        credential = driver.credential(
            "UsernamePasswordCredential", at.network, CLIENT, USERNAME, PASSWORD, retry_total=1, retry_backoff_factor=0
        )
        with pytest.raises(Exception) as caught:
            credential.get_token(SCOPE)
    assert "canary.user" not in lines_of(logs.texts)
    assert not leaks("".join(traceback.format_exception(caught.value)).replace(USERNAME, ""))
