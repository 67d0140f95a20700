"""Runs each scenario with azure-identity, msal and webidentity, and compares the requests and the results.

Every difference to webidentity is listed here with its reason. An unlisted difference fails, and so does a listed one
that is gone.
"""

import json
import re
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from tests.kit.clock import Clock
from tests.kit.libraries import LIBRARIES, SCENARIOS, Seen, run

#: Values that are new each time.
FRESH = {"code", "refresh_token", "assertion", "client_assertion"}
#: Fields of a cache entry that are new each time.
PASSING = {"secret", "cached_at", "expires_on", "extended_expires_on", "refresh_on"}

#: Digests of assertions, which are new each time too.
_DIGEST = re.compile(r"[0-9a-f]{64}")

DISCOVERY = "the token endpoint of an authority is derived here: no discovery request is sent"
CLIENT_INFO = "always requested here, so that replies name the account"
SCOPES = "no refresh token is requested: tokens for an assertion must not outlive it"
ID_TOKEN = "openid and profile are requested here, as by msal and azure-identity's sync credential"
SIGN_IN = "the request has the scopes of the call here; with msal it has those of the sign-in"
RENEWED = "offline_access is requested here as in MSAL: otherwise the refresh token is not renewed"
RESPONSE = "every authentication error carries the response here"
ALGORITHM = "PS256 with a SHA-256 thumbprint here, as Microsoft recommends"
CHAIN = "here only with send_certificate_chain=True"
LIFETIME = "ten minutes here, as Microsoft recommends"
PADDING = "unpadded here, as RFC 7515 requires"
BOUND = "on-behalf-of tokens are bound to the assertion here, so that no other user can find them"
NAMESPACE = "both libraries bind the entry to the assertion, under different names"
CLASS = "a subclass of ClientAuthenticationError with the fields of Entra's error as attributes"
MSAL = "msal returns errors or raises its own; credentials raise azure-core's"
UNREACHABLE = (
    "azure-core's ServiceRequestError here, as from any Azure SDK client, which distinguishes it from a refusal"
)
UNKNOWN = "detected by discovery there, by the token request here"

#: Differences of each library to webidentity: difference, reason.
DIFFERENCES: dict[tuple[str, str], dict[str, str]] = {
    ("azure-identity", "secret"): {"asks GET .well-known/openid-configuration": DISCOVERY},
    ("azure-identity", "certificate"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "certificate's assertion: alg is RS256, here PS256": ALGORITHM,
        "assertion's headers are ['alg', 'typ', 'x5t'], here ['alg', 'typ', 'x5t#S256']": ALGORITHM,
    },
    ("azure-identity", "assertion"): {"form 0 lacks client_info": CLIENT_INFO},
    ("azure-identity", "on behalf of"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "form 0 has another scope": SCOPES,
        "cache entry: another client_id": BOUND,
        "cache entry: another target": SCOPES,
    },
    ("azure-identity", "wrong secret"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "raises ClientAuthenticationError, here EntraError": CLASS,
        "status None, here 401": RESPONSE,
    },
    ("azure-identity", "unknown tenant"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "sends 0 token requests, here 1": UNKNOWN,
        "raises ClientAuthenticationError, here EntraError": CLASS,
        "status None, here 400": RESPONSE,
        "does not name AADSTS90002": UNKNOWN,
    },
    ("azure-identity", "consent missing"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "form 0 has another scope": SCOPES,
        "raises ClientAuthenticationError, here EntraError": CLASS,
    },
    ("azure-identity", "unreachable"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "sends 0 token requests, here 1": DISCOVERY,
        "raises ClientAuthenticationError, here ServiceRequestError": UNREACHABLE,
    },
    ("azure-identity aio", "secret"): {"form 0 lacks client_info": CLIENT_INFO},
    ("azure-identity aio", "certificate"): {
        "form 0 lacks client_info": CLIENT_INFO,
        "certificate's assertion: lives 1800 s, here 600 s": LIFETIME,
        "certificate's assertion: padded": PADDING,
    },
    ("azure-identity aio", "assertion"): {"form 0 lacks client_info": CLIENT_INFO},
    ("azure-identity aio", "on behalf of"): {
        "form 0 has another scope": ID_TOKEN,
        "cache entry: another client_id": NAMESPACE,
    },
    ("azure-identity aio", "wrong secret"): {
        "form 0 lacks client_info": CLIENT_INFO,
        "raises ClientAuthenticationError, here EntraError": CLASS,
    },
    ("azure-identity aio", "unknown tenant"): {
        "form 0 lacks client_info": CLIENT_INFO,
        "raises ClientAuthenticationError, here EntraError": CLASS,
    },
    ("azure-identity aio", "consent missing"): {
        "form 0 has another scope": ID_TOKEN,
        "raises ClientAuthenticationError, here EntraError": CLASS,
    },
    ("azure-identity aio", "unreachable"): {"form 0 lacks client_info": CLIENT_INFO},
    ("msal", "secret"): {"asks GET .well-known/openid-configuration": DISCOVERY},
    ("msal", "certificate"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "assertion's headers are ['alg', 'typ', 'x5c', 'x5t#S256'], here ['alg', 'typ', 'x5t#S256']": CHAIN,
    },
    ("msal", "assertion"): {"asks GET .well-known/openid-configuration": DISCOVERY},
    ("azure-identity", "code and refresh"): {"form 1 has another scope": RENEWED},
    ("azure-identity aio", "code and refresh"): {"form 1 has another scope": RENEWED},
    ("msal", "code and refresh"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "form 0 has another scope": SIGN_IN,
        "form 1 has another scope": SIGN_IN,
        "cache entry: another target": SIGN_IN,
    },
    ("msal", "on behalf of"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "form 0 has another scope": SCOPES,
        "cache entry: another client_id": BOUND,
        "cache entry: another target": SCOPES,
    },
    ("msal", "wrong secret"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "raises MsalReturned, here EntraError": MSAL,
        "status None, here 401": MSAL,
    },
    ("msal", "unknown tenant"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "sends 0 token requests, here 1": UNKNOWN,
        "raises ValueError, here EntraError": MSAL,
        "status None, here 400": MSAL,
        "does not name AADSTS90002": UNKNOWN,
    },
    ("msal", "consent missing"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "form 0 has another scope": SCOPES,
        "raises MsalReturned, here EntraError": MSAL,
        "status None, here 400": MSAL,
    },
    ("msal", "unreachable"): {
        "asks GET .well-known/openid-configuration": DISCOVERY,
        "sends 0 token requests, here 1": DISCOVERY,
        "raises ConnectionError, here ServiceRequestError": MSAL,
    },
}


def differences(theirs: Seen, ours: Seen) -> set[str]:
    """Return a description of each difference."""
    found = {f"asks {other}" for other in theirs.others if other not in ours.others}
    if len(theirs.forms) != len(ours.forms):
        found.add(f"sends {len(theirs.forms)} token requests, here {len(ours.forms)}")
    for position, (their, our) in enumerate(zip(theirs.forms, ours.forms, strict=False)):
        found |= {f"form {position} lacks {name}" for name in our.keys() - their.keys()}
        found |= {f"form {position} adds {name}" for name in their.keys() - our.keys()}
        same = (their.keys() & our.keys()) - FRESH
        found |= {f"form {position} has another {name}" for name in same if their[name] != our[name]}
        if "client_assertion" in their and "client_assertion" in our:
            found |= _assertions(their["client_assertion"], our["client_assertion"])
    if theirs.error[:1] != ours.error[:1]:
        found.add(f"raises {(theirs.error or ['nothing'])[0]}, here {(ours.error or ['nothing'])[0]}")
    if theirs.status != ours.status:
        found.add(f"status {theirs.status}, here {ours.status}")
    if "AADSTS" in ours.message:
        code = ours.message[ours.message.index("AADSTS") :].partition(":")[0]
        found |= {f"does not name {code}"} if code not in theirs.message else set()
    names = (theirs.entry.keys() | ours.entry.keys()) - PASSING
    found |= {
        f"cache entry: another {name}"
        for name in names
        if _DIGEST.sub("*", str(theirs.entry.get(name))) != _DIGEST.sub("*", str(ours.entry.get(name)))
    }
    found |= {f"cache entry: lacks {name}" for name in PASSING & (ours.entry.keys() ^ theirs.entry.keys())}
    return found


def _assertions(theirs: str, ours: str) -> set[str]:
    (their_head, their_body), (our_head, our_body) = _opened(theirs), _opened(ours)
    found: set[str] = set()
    if their_head["alg"] != our_head["alg"]:
        found.add(f"certificate's assertion: alg is {their_head['alg']}, here {our_head['alg']}")
    if their_head.keys() != our_head.keys():
        found.add(f"assertion's headers are {sorted(their_head)}, here {sorted(our_head)}")
    lives = [round(body["exp"] - body.get("nbf", body.get("iat", body["exp"]))) for body in (their_body, our_body)]
    if lives[0] != lives[1]:
        found.add(f"certificate's assertion: lives {lives[0]} s, here {lives[1]} s")
    if "=" in theirs and "=" not in ours:
        found.add("certificate's assertion: padded")
    for name in ("iss", "sub", "aud"):
        if their_body[name] != our_body[name]:
            found.add(f"certificate's assertion: {name}")
    return found


def _opened(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = [part.rstrip("=") for part in assertion.split(".")[:2]]
    head, body = (json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts)
    return head, body


PEERS = [library for library in LIBRARIES if not library.startswith("webidentity")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:msal", "ignore::DeprecationWarning:azure")
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("library", PEERS)
def test_each_difference_is_listed(library: str, scenario: str, clock: Clock) -> None:
    """The comparison covers the requests, the error's class and status, and the cache entry."""
    theirs, ours = run(library, scenario, clock), run("webidentity", scenario, clock)
    listed = DIFFERENCES.get((library, scenario), {})
    assert differences(theirs, ours) == listed.keys()
    assert all(listed.values())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_sync_and_async_do_the_same(scenario: str, clock: Clock) -> None:
    """Requests, results and cache entries of sync and async are equal."""
    sync, aio = run("webidentity", scenario, clock), run("webidentity aio", scenario, clock)
    assert differences(sync, aio) == set()
    assert (sync.error, sync.others) == (aio.error, aio.others)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_handlers_for_azure_identitys_errors_catch_ours(scenario: str, clock: Clock) -> None:
    """The class of azure-identity's error is a base of ours."""
    theirs, ours = run("azure-identity aio", scenario, clock), run("webidentity", scenario, clock)
    assert set(theirs.error) <= set(ours.error)


def test_every_row_of_the_table_has_a_scenario() -> None:
    """Every row of the table has a scenario, and every scenario is run."""
    assert {library for library, _ in DIFFERENCES} == set(PEERS)
    assert {scenario for _, scenario in DIFFERENCES} == set(SCENARIOS)
