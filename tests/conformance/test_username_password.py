"""azure-identity's UsernamePasswordCredential and ours, compared at the same servers.

Every difference is listed with its reason. An unlisted difference fails, and so does a listed one that is gone.
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
    SAML_2,
    XML,
    Federated,
    envelope_of,
    fault,
    federated,
    issued,
    metadata,
)
from tests.kit.replies import CLIENT, refusal
from tests.kit.signing_in import signed_in
from webidentity.testing import LocalTenant

READ, FILES = "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Files.Read"
PASSWORD = '<p> & "w" é'
MANAGED, FEDERATED = "ada@tenant.test", "kay@fed.test"
NO_METADATA = "https://fed.test/adfs/services/trust/13/usernamemixed"
STEP_UP = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
#: Values that differ at each sign-in.
FRESH = {"assertion", "refresh_token", "MessageID", "Created", "Expires"}

DISCOVERY = "the token endpoint is derived from the authority here: no discovery request is sent"
SCOPES = "a refresh token for another scope requests a refresh token here; there it requests an ID token as well"
CLASS = "a subclass of ClientAuthenticationError with the reply's fields as attributes"
CODE_FIRST = "here the text begins with Entra's error code"
STATUS = "every authentication error carries the response here"
REASON = "the server's reason is a sentence here, a dictionary there"
NOT_WS_TRUST = "here a password is sent only to a server with WS-Trust; msal alone sends it to any server"
NO_ENDPOINT = "here the text names the credentials to use instead; there it mentions personal accounts"
NO_ASSERTION = "here the text says what is missing; there it quotes the reply, which may contain the assertion"


class Place:
    """A tenant with a user."""

    def __init__(self, clock: Clock) -> None:
        self.tenant = LocalTenant(clock=clock)
        self.tenant.add_user(MANAGED, password=PASSWORD, name="Ada")
        self.app = self.tenant.add_app("script", public_client=True)
        self.tenant.grant_admin_consent(self.app, self.tenant.graph, ["User.Read", "Files.Read"])


@dataclass
class Seen:
    """Requests and outcome of one package."""

    forms: list[dict[str, str]] = field(default_factory=list)
    envelopes: list[dict[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    error: list[str] = field(default_factory=list)
    message: str = ""
    status: int | None = None


@dataclass(frozen=True)
class Scenario:
    """A user and the calls to make."""

    username: str = MANAGED
    password: str = PASSWORD
    scopes: tuple[str, ...] = (READ,)
    lapse: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Place], Any] = lambda _: None
    #: Canned replies, used in place of the tenant.
    at: Callable[[], Federated] | None = None


def _require(user: str) -> Callable[[Place], Any]:
    return lambda place: place.tenant.require_claims(user, place.tenant.graph, STEP_UP)


SCENARIOS: dict[str, Scenario] = {
    "managed": Scenario(scopes=(READ, READ, FILES)),
    "managed, later": Scenario(scopes=(READ, READ), lapse=4000),
    "CAE": Scenario(options={"enable_cae": True}),
    "wrong password": Scenario(password="wrong"),
    "unknown user": Scenario("unknown@nowhere.test"),
    "more required": Scenario(prepare=_require(MANAGED)),
    "disabled": Scenario(options={"disable_automatic_authentication": True}),
    "federated": Scenario(FEDERATED, at=Federated),
    "federated, CAE": Scenario(FEDERATED, options={"enable_cae": True}, at=Federated),
    "federated, claims": Scenario(FEDERATED, options={"claims": '{"id_token": {"auth_time": null}}'}, at=Federated),
    "wrong password, federated": Scenario(FEDERATED, at=lambda: Federated(trust=fault())),
    "refused assertion": Scenario(
        FEDERATED, at=lambda: Federated(token=refusal("interaction_required", "AADSTS50076: MFA.", error_codes=[50076]))
    ),
    "SAML 2.0": Scenario(
        at=lambda: Federated(trust=issued(f'<Assertion xmlns="{SAML_2}">é</Assertion>', token_type=SAML_2))
    ),
    "no metadata": Scenario(at=lambda: Federated(federated("", federation_active_auth_url=NO_METADATA))),
    "no TokenType": Scenario(at=lambda: Federated(trust=issued(token_type=None))),
    "another protocol": Scenario(at=lambda: Federated(federated(protocol="SAML20"))),
    "no endpoint": Scenario(at=lambda: Federated(mex=Reply(metadata()))),
    "no XML": Scenario(at=lambda: Federated(trust=Reply("<html>", 200, XML))),
    "another fault": Scenario(at=lambda: Federated(trust=fault("MSIS3127: unknown.", "a:RequestFailed"))),
    "no realm": Scenario(at=lambda: Federated(Reply("", 404))),
}
ASKS = "requests openid-configuration"
REFUSED = "raises ClientAuthenticationError, here EntraError"
NO_STATUS = "status None, here 500"
DIFFERENCES: dict[str, dict[str, str]] = {
    "managed": {ASKS: DISCOVERY, "form 1 has another scope": SCOPES},
    "managed, later": {ASKS: DISCOVERY, "form 1 has another scope": SCOPES},
    "CAE": {ASKS: DISCOVERY},
    "wrong password": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": CODE_FIRST},
    "unknown user": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": CODE_FIRST},
    "more required": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": CODE_FIRST},
    "federated": {ASKS: DISCOVERY},
    "federated, CAE": {ASKS: DISCOVERY},
    "federated, claims": {ASKS: DISCOVERY},
    "wrong password, federated": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": REASON, NO_STATUS: STATUS},
    "refused assertion": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": CODE_FIRST},
    "SAML 2.0": {ASKS: DISCOVERY},
    "no metadata": {ASKS: DISCOVERY},
    "no realm": {ASKS: DISCOVERY},
    "no TokenType": {
        ASKS: DISCOVERY,
        REFUSED: CLASS,
        "another text": NO_ASSERTION,
        "status None, here 200": STATUS,
    },
    "another protocol": {
        ASKS: DISCOVERY,
        "requests mex": NOT_WS_TRUST,
        "requests https://fed.test/13": NOT_WS_TRUST,
        "1 envelopes, here 0": NOT_WS_TRUST,
        "1 forms, here 0": NOT_WS_TRUST,
        "1 users, here 0": NOT_WS_TRUST,
        "raises nothing, here ClientAuthenticationError": NOT_WS_TRUST,
        "another text": NOT_WS_TRUST,
    },
    "no endpoint": {ASKS: DISCOVERY, "another text": NO_ENDPOINT},
    "no XML": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": NO_ASSERTION, "status None, here 200": STATUS},
    "another fault": {ASKS: DISCOVERY, REFUSED: CLASS, "another text": REASON, NO_STATUS: STATUS},
}


def run(scenario: Scenario, package: Any, clock: Clock) -> Seen:
    """Run the scenario with a package."""
    seen, place = Seen(), Place(clock)
    canned = None if scenario.at is None else scenario.at()
    scenario.prepare(place)
    if canned is None:
        arguments: dict[str, Any] = {"authority": place.tenant.base_url, "client_id": place.app.client_id}
    else:
        canned.mex = _with_discovery(canned.mex)
        if canned.token.status == 200:
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
    """Compare the requests and outcomes of two packages."""
    found = {f"requests {each.partition(' ')[2]}" for each in set(theirs.others) - set(ours.others)}
    found |= {f"does not request {each.partition(' ')[2]}" for each in set(ours.others) - set(theirs.others)}
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
    # Python 3.12 and later: azure-identity does it with the fault of a federation server.
    r"ignore:Testing an element's truth value:DeprecationWarning:azure\.identity",
)
pytestmark = [pytest.mark.filterwarnings(each) for each in IGNORED]


@pytest.fixture(autouse=True)
def _msal_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """msal remembers for the whole process which authorities have no realms."""
    monkeypatch.setattr(msal.authority.Authority, "_domains_without_user_realm_discovery", set())


@pytest.mark.parametrize("name", SCENARIOS)
def test_differences_are_exactly_the_listed_ones(name: str, clock: Clock) -> None:
    """The comparison covers forms, envelopes, other requests, and the error's class, text and status."""
    theirs, ours = (run(SCENARIOS[name], package, clock) for package in (azure.identity, webidentity))
    listed = DIFFERENCES.get(name, {})
    assert differences(theirs, ours) == listed.keys()
    assert all(listed.values())
    assert set(theirs.error) <= set(ours.error)


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("wrong password", "AADSTS50126: Error validating credentials due to invalid username or password."),
        ("wrong password, federated", "ID3242: no."),
        ("wrong password, federated", "Authentication failed: "),
        ("unknown user", "AADSTS50034: "),
        ("more required", "AADSTS50076: "),
        ("refused assertion", "AADSTS50076: "),
        ("disabled", "Call 'authenticate' to begin"),
        ("another fault", "MSIS3127: unknown."),
        ("no endpoint", "Authentication failed: "),
    ],
)
def test_both_messages_contain_the_phrase_to_search_for(name: str, phrase: str, clock: Clock) -> None:
    """The error codes and reasons of Entra and of the federation server."""
    for package in (azure.identity, webidentity):
        assert phrase in run(SCENARIOS[name], package, clock).message


def test_both_warn_of_the_deprecation() -> None:
    """Both libraries use the same words."""
    for package in (azure.identity, webidentity):
        with pytest.warns(DeprecationWarning, match=r"UsernamePasswordCredential is deprecated, as it doesn't support"):
            package.UsernamePasswordCredential(CLIENT, "u", "p")


def test_table_lists_only_scenarios() -> None:
    """A scenario that is not in it has no differences."""
    assert SCENARIOS.keys() - DIFFERENCES.keys() == {"disabled"}
    assert not DIFFERENCES.keys() - SCENARIOS.keys()


@pytest.mark.parametrize("name", SCENARIOS)
def test_sync_and_async_credentials_do_the_same(name: str, clock: Clock) -> None:
    """They send the same requests and fail with the same errors."""
    sync, aio = (run(SCENARIOS[name], package, clock) for package in (webidentity, webidentity.aio))
    assert differences(sync, aio) == differences(aio, sync) == set()
