"""azure-identity's UsernamePasswordCredential beside ours, at the same tenant and its federation server.

Every difference is listed with its reason; one that is not listed fails, and so does one that is listed and gone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import azure.identity
import msal.authority
import pytest

import webidentity
import webidentity.aio
from tests.kit.canned import Reply, Sent
from tests.kit.clock import Clock
from tests.kit.federation import (
    ASSERTION,
    SAML_1,
    SAML_2,
    XML,
    Federated,
    definitions,
    envelope_of,
    fault,
    federated,
    issued,
)
from tests.kit.replies import CLIENT
from tests.kit.signing_in import signed_in
from webidentity.testing import LocalTenant

READ, FILES = "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Files.Read"
PASSWORD = '<p> & "w" é'
MANAGED, FEDERATED = "ada@tenant.test", "kay@fed.test"
STEP_UP = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
#: New at each sign-in, or of the moment.
FRESH = {"assertion", "refresh_token", "MessageID", "Created", "Expires"}

DISCOVERY = "the token endpoint of an authority is derived here: no discovery request is sent"
SCOPES = "the refresh token is asked for again here; there the ID token is as well"
CLASS = "a ClientAuthenticationError as well, with what Entra or the federation server said as attributes"
CODE_FIRST = "here the text begins with Entra's error code"
STATUS = "every authentication error carries the response here"
REASON = "the server's reason in a sentence here, as a dictionary there"
NOT_WS_TRUST = "here the password goes only to a server of which the realm says that it takes one; msal sends it to any"
TOKEN_TYPE = "here the assertion itself says what it is; msal needs a TokenType, and quotes the assertion in its error"
NO_ENDPOINT = "here the text says which credentials there are; there it speaks of personal accounts"
NO_ASSERTION = "the text here says what is missing"


class Place:
    """A tenant with a user of its own and a federated one."""

    def __init__(self, clock: Clock) -> None:
        self.tenant = LocalTenant(clock=clock)
        self.tenant.add_user(MANAGED, password=PASSWORD, name="Ada")
        self.tenant.add_user(FEDERATED, password=PASSWORD, name="Kay", federated=True)
        self.app = self.tenant.add_app("script", public_client=True)
        self.tenant.grant_admin_consent(self.app, self.tenant.graph, ["User.Read", "Files.Read"])


@dataclass
class Seen:
    """What one package did."""

    forms: list[dict[str, str]] = field(default_factory=list)
    envelopes: list[dict[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    error: list[str] = field(default_factory=list)
    message: str = ""
    status: int | None = None


@dataclass(frozen=True)
class Scenario:
    """A user, and what is asked for."""

    username: str = MANAGED
    password: str = PASSWORD
    scopes: tuple[str, ...] = (READ,)
    lapse: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Place], Any] = lambda _: None
    #: A canned federation instead of the tenant's.
    at: Callable[[], Federated] | None = None


def _require(user: str) -> Callable[[Place], Any]:
    return lambda place: place.tenant.require_claims(user, place.tenant.graph, STEP_UP)


def _with_token_type(kind: str, assertion: str = ASSERTION) -> Reply:
    """Return a response whose TokenType says what msal wants to know."""
    reply = issued(assertion)
    text = str(reply.body)
    end = "</t:RequestSecurityTokenResponse>"
    return Reply(text.replace(end, f"<t:TokenType>{kind}</t:TokenType>{end}"), 200, reply.headers)


SCENARIOS: dict[str, Scenario] = {
    "managed": Scenario(scopes=(READ, READ, FILES)),
    "managed, later": Scenario(scopes=(READ, READ), lapse=4000),
    "federated": Scenario(FEDERATED, scopes=(READ, READ, FILES)),
    "CAE": Scenario(options={"enable_cae": True}),
    "claims": Scenario(FEDERATED, options={"claims": '{"id_token": {"auth_time": null}}'}),
    "wrong password": Scenario(password="wrong"),
    "wrong password, federated": Scenario(FEDERATED, "wrong"),
    "unknown user": Scenario("nobody@nowhere.test"),
    "more required": Scenario(prepare=_require(MANAGED)),
    "more required, federated": Scenario(FEDERATED, prepare=_require(FEDERATED)),
    "disabled": Scenario(options={"disable_automatic_authentication": True}),
    "canned": Scenario(at=lambda: Federated(trust=_with_token_type(SAML_1))),
    "SAML 2.0": Scenario(
        at=lambda: Federated(trust=_with_token_type(SAML_2, f'<Assertion xmlns="{SAML_2}">é</Assertion>'))
    ),
    "no metadata": Scenario(
        at=lambda: Federated(
            federated("", federation_active_auth_url="https://fed.test/adfs/services/trust/13/usernamemixed"),
            trust=_with_token_type(SAML_1),
        )
    ),
    "no TokenType": Scenario(at=lambda: Federated(trust=issued())),
    "another protocol": Scenario(at=lambda: Federated(federated(protocol="SAML20"), trust=_with_token_type(SAML_1))),
    "no endpoint": Scenario(at=lambda: Federated(mex=Reply(definitions()))),
    "no XML": Scenario(at=lambda: Federated(trust=Reply("<html>", 200, XML))),
    "another fault": Scenario(at=lambda: Federated(trust=fault("MSIS3127: unknown.", "a:RequestFailed"))),
    "no realm": Scenario(at=lambda: Federated(Reply("", 404))),
}
ASKS = "asks for openid-configuration"
REFUSED = "raises ClientAuthenticationError, here EntraError"
DIFFERENCES: dict[str, dict[str, str]] = {
    "managed": {ASKS: DISCOVERY, "form 1 has another scope": SCOPES},
    "managed, later": {ASKS: DISCOVERY, "form 1 has another scope": SCOPES},
    "federated": {ASKS: DISCOVERY, "form 1 has another scope": SCOPES},
    "CAE": {ASKS: DISCOVERY},
    "claims": {ASKS: DISCOVERY},
    "wrong password": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": CODE_FIRST},
    "wrong password, federated": {
        ASKS: DISCOVERY,
        REFUSED: CLASS,
        "another text": REASON,
        "status None, here 500": STATUS,
    },
    "unknown user": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": CODE_FIRST},
    "more required": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": CODE_FIRST},
    "more required, federated": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": CODE_FIRST},
    "canned": {ASKS: DISCOVERY},
    "SAML 2.0": {ASKS: DISCOVERY},
    "no metadata": {ASKS: DISCOVERY},
    "no realm": {ASKS: DISCOVERY},
    "no TokenType": {
        ASKS: DISCOVERY,
        "0 forms, here 1": TOKEN_TYPE,
        "0 users, here 1": TOKEN_TYPE,
        "raises ClientAuthenticationError, here nothing": TOKEN_TYPE,
        "another text": TOKEN_TYPE,
    },
    "another protocol": {
        ASKS: DISCOVERY,
        "asks for mex": NOT_WS_TRUST,
        "asks for https://fed.test/13": NOT_WS_TRUST,
        "1 envelopes, here 0": NOT_WS_TRUST,
        "1 forms, here 0": NOT_WS_TRUST,
        "1 users, here 0": NOT_WS_TRUST,
        "raises nothing, here ClientAuthenticationError": NOT_WS_TRUST,
        "another text": NOT_WS_TRUST,
    },
    "no endpoint": {ASKS: DISCOVERY, "another text": NO_ENDPOINT},
    "no XML": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": NO_ASSERTION, "status None, here 200": STATUS},
    "another fault": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": REASON, "status None, here 500": STATUS},
}


def run(scenario: Scenario, package: Any, clock: Clock) -> Seen:
    """Play the scenario."""
    seen, place = Seen(), Place(clock)
    canned = None if scenario.at is None else scenario.at()
    scenario.prepare(place)
    if canned is None:
        arguments: dict[str, Any] = {"authority": place.tenant.base_url, "client_id": place.app.client_id}
    else:
        canned.mex = _with_discovery(canned.mex)
        canned.token = signed_in(claims={"iss": "https://login.microsoftonline.com/x/v2.0"})
        arguments = {"client_id": CLIENT}
    source: Any = canned.network if canned is not None else place.tenant
    is_async = package.__name__.endswith(".aio")
    transport = source.aio_transport() if is_async else source.transport()
    options = dict(scenario.options)
    if "disable_automatic_authentication" in options:
        arguments["disable_automatic_authentication"] = options.pop("disable_automatic_authentication")
    credential = package.UsernamePasswordCredential(
        username=scenario.username,
        password=scenario.password,
        tenant_id="organizations" if canned is not None else place.tenant.tenant_id,
        transport=transport,
        retry_total=0,
        disable_instance_discovery=True,
        **arguments,
    )
    try:
        for scope in scenario.scopes:
            token = credential.get_token(scope, **options)
            token = asyncio.run(token) if is_async else token
            seen.users.append(token.token if canned is not None else place.tenant.base_url)
            clock.advance(scenario.lapse)
    except Exception as error:
        seen.error = [kind.__name__ for kind in type(error).__mro__]
        seen.message = str(getattr(error, "message", error)).partition(" Trace ID")[0]
        seen.status = getattr(error, "status_code", None)
    for sent in canned.network.sent if canned is not None else transport.requests:
        body = sent.body if isinstance(sent.body, str) else sent.body.decode()
        path = unquote(sent.url.partition("?")[0])
        if "Envelope" in body:
            seen.envelopes.append(envelope_of(body))
            seen.others.append(f"POST {path}")
        elif sent.method == "POST":
            seen.forms.append(sent.form)
        else:
            seen.others.append(f"GET {path.rpartition('/')[2]}")
    return seen


def _with_discovery(mex: Reply) -> Callable[[Sent], Reply]:
    def answer(sent: Sent) -> Reply:
        if not sent.url.endswith("openid-configuration"):
            return Reply(mex.body, mex.status, XML)
        base = "https://login.microsoftonline.com/organizations"
        return Reply(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
        )

    return answer


def _stable(values: dict[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: value for name, value in values.items() if name not in FRESH | {"scope", "claims"}}
    claims = values.get("claims", "").replace(" ", "")
    return {**kept, "fresh": sorted(FRESH & values.keys()), "claims": claims}


def differences(theirs: Seen, ours: Seen) -> set[str]:
    """Compare what two packages did."""
    found = {f"asks for {each.partition(' ')[2]}" for each in set(theirs.others) - set(ours.others)}
    found |= {f"does not ask for {each.partition(' ')[2]}" for each in set(ours.others) - set(theirs.others)}
    for name in ("forms", "envelopes", "users"):
        if len(getattr(theirs, name)) != len(getattr(ours, name)):
            found.add(f"{len(getattr(theirs, name))} {name}, here {len(getattr(ours, name))}")
    for number, (one, other) in enumerate(zip(theirs.forms, ours.forms, strict=False)):
        if _stable(one) != _stable(other):
            found.add(f"form {number} has other fields")
        if set(one.get("scope", "").split()) != set(other.get("scope", "").split()):
            found.add(f"form {number} has another scope")
    for one, other in zip(theirs.envelopes, ours.envelopes, strict=False):
        if {name: text.strip() for name, text in _stable(one).items() if name != "fresh"} != {
            name: text.strip() for name, text in _stable(other).items() if name != "fresh"
        }:
            found.add("another envelope")
    if theirs.error[:1] != ours.error[:1]:
        found.add(f"raises {(theirs.error or ['nothing'])[0]}, here {(ours.error or ['nothing'])[0]}")
    if theirs.message != ours.message:
        found.add("another text")
    if theirs.status != ours.status:
        found.add(f"status {theirs.status}, here {ours.status}")
    return found


IGNORED = (
    "ignore:UsernamePasswordCredential is deprecated:DeprecationWarning",
    "ignore:This API has been deprecated for public client flows:DeprecationWarning",
)
pytestmark = [pytest.mark.filterwarnings(each) for each in IGNORED]


@pytest.fixture(autouse=True)
def _msal_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which authorities have no realms, which it remembers for all of the process."""
    monkeypatch.setattr(msal.authority.Authority, "_domains_without_user_realm_discovery", set())


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_difference_is_listed(name: str, clock: Clock) -> None:
    """Forms, envelopes, other requests, the error's class, text and status."""
    theirs, ours = (run(SCENARIOS[name], package, clock) for package in (azure.identity, webidentity))
    listed = DIFFERENCES.get(name, {})
    assert differences(theirs, ours) == listed.keys()
    assert all(listed.values())
    assert set(theirs.error) <= set(ours.error) or name == "no TokenType"


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("wrong password", "AADSTS50126: Error validating credentials due to invalid username or password."),
        ("wrong password, federated", "ID3242: The security token could not be authenticated or authorized."),
        ("wrong password, federated", "Authentication failed: "),
        ("unknown user", "AADSTS50034: "),
        ("more required", "AADSTS50076: "),
        ("more required, federated", "AADSTS50076: "),
        ("disabled", "Call 'authenticate' to begin"),
        ("another fault", "MSIS3127: unknown."),
        ("no endpoint", "Authentication failed: "),
    ],
)
def test_what_is_looked_for_in_their_text_is_in_ours(name: str, phrase: str, clock: Clock) -> None:
    """The codes and reasons of Entra and of the federation server."""
    for package in (azure.identity, webidentity):
        assert phrase in run(SCENARIOS[name], package, clock).message


def test_both_warn_of_their_use() -> None:
    """With the words that people search for."""
    for package in (azure.identity, webidentity):
        with pytest.warns(DeprecationWarning, match=r"UsernamePasswordCredential is deprecated, as it doesn't support"):
            package.UsernamePasswordCredential(CLIENT, "u", "p")


def test_every_line_of_the_table_is_for_a_scenario() -> None:
    """Those that are not in it have no differences."""
    assert SCENARIOS.keys() - DIFFERENCES.keys() == {"disabled"}
    assert not DIFFERENCES.keys() - SCENARIOS.keys()


@pytest.mark.parametrize("name", SCENARIOS)
def test_sync_and_async_do_the_same(name: str, clock: Clock) -> None:
    """In every respect."""
    sync, aio = (run(SCENARIOS[name], package, clock) for package in (webidentity, webidentity.aio))
    assert differences(sync, aio) == differences(aio, sync) == set()
