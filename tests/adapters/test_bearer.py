"""Clients with a bearer token (RFC 6750)."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.kit.clock import Clock
from tests.kit.sites import Site
from tests.kit.world import World
from webidentity.testing import SigningKeyPair


def test_a_client_is_served_on_behalf_of_its_user(site: Site) -> None:
    """The view gets the identity of the token's user, and tokens of the user for another API."""
    token = site.world.access_token(site.world.grace)
    for path in ("/files", "/async/files"):
        reply = site.api(path, token)
        assert reply.status == 200, reply.text
        assert reply.json["oid"] == site.world.grace.object_id
        assert reply.json["user"] == "grace@tenant.test"
        assert reply.json["scp"] == "Files.Read"
        assert reply.header("Cache-Control") == "private, no-store"
        assert "Authorization" in reply.header("Vary")
        assert reply.cookies == {}
    assert site.api("/me", token).text == "grace@tenant.test"


def test_the_scheme_is_case_insensitive(site: Site) -> None:
    """RFC 9110 section 11.1."""
    token = site.world.access_token()
    assert site.api("/me", headers={"Authorization": f"bEaReR  {token}"}).status == 200


def test_a_cross_site_post_with_a_bearer_token_is_allowed(site: Site) -> None:
    """Another site cannot make a browser send this header, so the request cannot be forged."""
    reply = site.call(
        "POST",
        "https://app.test/change",
        {
            "Authorization": f"Bearer {site.world.access_token()}",
            "Origin": "https://evil.test",
            "Sec-Fetch-Site": "cross-site",
        },
    )
    assert reply.text == "changed"


Make = Callable[[World], str]


def unsigned(world: World, alg: str) -> str:
    """Return an unsigned token whose header declares this algorithm."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": alg, "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{world.access_token().split('.')[1]}."


def signed_with_the_public_key(world: World) -> str:
    """Return a token whose HMAC key is the public key, which anyone can read (RFC 8725 section 2.1)."""
    claims = jwt.decode(world.access_token(), options={"verify_signature": False})
    kid = jwt.get_unverified_header(world.access_token())["kid"]
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    signing_input = header + b"." + body
    key = json.dumps(SigningKeyPair.generate().jwk("issuer")).encode()
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signing_input, key)
    return (signing_input + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def another_tenant(world: World) -> str:
    """Return a token that another tenant signed for its own application with the same client ID."""
    other = "99999999-9999-9999-9999-999999999999"
    return world.access_token(tid=other, iss=f"{world.tenant.base_url}/{other}/v2.0")


REFUSED: dict[str, tuple[Make, str]] = {
    "another application": (lambda world: world.access_token(resource=world.files), "another application"),
    "Microsoft Graph": (lambda world: world.access_token(resource=world.tenant.graph), "another application"),
    "Microsoft Graph's own kind": (lambda world: world.access_token(headers={"nonce": "x"}), "Microsoft Graph"),
    "an ID token": (lambda world: world.tenant.mint_id_token(client=world.web, user=world.ada), "ID token"),
    "expired": (lambda world: world.access_token(exp=1_000_000_000), "expired"),
    "not yet valid": (lambda world: world.access_token(nbf=99_999_999_999), "not valid yet"),
    "an unknown key": (lambda world: world.access_token(key=SigningKeyPair.generate()), "does not publish"),
    "a key with the ID of the tenant's key": (
        lambda world: world.access_token(
            key=SigningKeyPair("", SigningKeyPair.generate().private_key), headers={"kid": kid(world)}
        ),
        "signature is wrong",
    ),
    "no algorithm": (lambda world: unsigned(world, "none"), "RS256"),
    "no algorithm, in other letters": (lambda world: unsigned(world, "nOnE"), "RS256"),
    "a symmetric algorithm": (signed_with_the_public_key, "RS256"),
    "another tenant": (another_tenant, "another issuer"),
    "another tenant, same issuer": (
        lambda world: world.access_token(tid="99999999-9999-9999-9999-999999999999"),
        "does not belong to its issuer",
    ),
    "version 1": (
        lambda world: world.access_token(iss=f"https://sts.windows.net/{world.tenant.tenant_id}/", ver="1.0"),
        "requestedAccessTokenVersion",
    ),
    "neither scopes nor roles": (lambda world: world.access_token(scp=None), "neither scopes nor roles"),
    "blank scopes": (lambda world: world.access_token(scp=" "), "neither scopes nor roles"),
    "a changed payload": (lambda world: changed(world), "signature is wrong"),
    "no token at all": (lambda world: "not-a-token", "not a signed token"),
    "encrypted": (lambda world: "a.b.c.d.e", "not a signed token"),
    "nothing": (lambda world: "", "not a signed token"),
    "too long": (lambda world: world.access_token(padding="x" * 70_000), "longer"),
}


def kid(world: World) -> str:
    """Return the ID of the tenant's key."""
    return str(jwt.get_unverified_header(world.access_token())["kid"])


def changed(world: World) -> str:
    """Return a token with grace's claims and ada's signature."""
    header, _, signature = world.access_token(world.ada).split(".")
    return f"{header}.{world.access_token(world.grace).split('.')[1]}.{signature}"


@pytest.mark.parametrize("name", REFUSED)
def test_a_token_that_is_not_for_this_application_is_refused(site: Site, name: str) -> None:
    """401 invalid_token, with a reason that helps and without the token."""
    make, reason = REFUSED[name]
    token = make(site.world)
    for path in ("/files", "/async/files", "/me"):
        reply = site.api(path, token)
        assert reply.status == 401, reply.text
        assert reply.json["error"] == "invalid_token"
        assert reason in reply.json["message"]
        challenge = reply.header("WWW-Authenticate")
        assert re.fullmatch(r'Bearer error="invalid_token", error_description="[ !#-\[\]-~]+"', challenge), challenge
        assert reply.cookies == {}
    assert site.api("/open", token).text == "anonymous"


@pytest.mark.parametrize("claims", [{"roles": ["Role.1"]}, {"roles": ["Role.1"], "scp": "access"}])
def test_an_application_without_a_user_is_refused(site: Site, claims: dict[str, Any]) -> None:
    """403: the API is for users, with any roles or scopes."""
    token = site.world.access_token("anonymous", scopes=[], **claims)
    asked = len(site.world.transport.requests)
    reply = site.api("/files", token)
    assert reply.status == 403
    assert reply.json["error"] == "insufficient_scope"
    assert reply.header("WWW-Authenticate").startswith('Bearer error="insufficient_scope"')
    sent = [request.path for request in site.world.transport.requests[asked:]]
    assert not any(path.endswith("/token") for path in sent), "the authority is not asked"


def test_a_token_with_roles_alone_is_an_applications(site: Site) -> None:
    """It has neither idtyp nor scopes."""
    token = site.world.access_token("anonymous", scopes=[], idtyp=None, roles=["Role.1"])
    assert site.api("/files", token).status == 403


def test_a_token_in_the_query_or_the_body_is_ignored(site: Site) -> None:
    """RFC 9700 section 4.3.2: it would appear in logs and in the history."""
    token = site.world.access_token()
    reply = site.api(f"/files?access_token={token}")
    assert reply.status == 401
    assert reply.header("WWW-Authenticate") == "Bearer"
    posted = site.call(
        "POST",
        "https://app.test/files",
        {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
        f"access_token={token}".encode(),
    )
    assert posted.status == 401


@pytest.mark.parametrize("value", ["Bearer {0}, Bearer {0}", "Bearer {0} {0}", "Bearer {0},x", 'Bearer "{0}"'])
def test_two_tokens_are_refused(site: Site, value: str) -> None:
    """Servers join repeated header fields with a comma, so the right token cannot be known."""
    reply = site.api("/files", headers={"Authorization": value.format(site.world.access_token())})
    assert reply.status == 401


def test_a_token_takes_precedence_over_a_session(site: Site) -> None:
    """A bearer token takes precedence over a session even if the token is refused."""
    browser = site.browser()
    browser.sign_in(site.world.ada, path="/files")
    grace = {"Authorization": f"Bearer {site.world.access_token(site.world.grace)}"}
    assert browser.get("/me", grace).text == "grace@tenant.test"
    assert browser.get("/files", grace).json["oid"] == site.world.grace.object_id
    assert browser.get("/async/files", grace).json["oid"] == site.world.grace.object_id
    bad = {"Authorization": f"Bearer {site.world.access_token(exp=1_000_000_000)}"}
    for path in ("/me", "/files", "/async/files"):
        assert browser.get(path, bad).status == 401
    assert browser.get("/open", bad).text == "anonymous"
    assert browser.get("/me").text == "ada@tenant.test"


def test_a_token_that_was_accepted_before_expires(site: Site, clock: Clock) -> None:
    """At the same second, however often it was used."""
    clock.stop()
    token = site.world.access_token(exp=int(clock()) + 600)
    for _ in range(3):
        assert site.api("/me", token).status == 200
        clock.advance(280)
    clock.advance(59)
    assert site.api("/me", token).status == 200
    clock.advance(1)
    for path in ("/files", "/async/files", "/me"):
        reply = site.api(path, token)
        assert reply.status == 401
        assert "expired" in reply.json["message"]


def test_a_token_that_was_accepted_before_ends_with_its_key(site: Site, clock: Clock) -> None:
    """The tenant withdraws the key: the token is refused as soon as the site has fetched the keys again."""
    token = site.world.access_token()
    for path in ("/files", "/async/files", "/me"):
        assert site.api(path, token).status == 200
    keys: Any = site.world.tenant._state.keys
    site.world.tenant.rotate_keys()
    del keys._keys[:-1]
    clock.advance(61)
    assert site.api("/me", site.world.access_token(site.world.grace)).text == "grace@tenant.test"
    for path in ("/files", "/async/files", "/me"):
        reply = site.api(path, token)
        assert reply.status == 401
        assert "does not publish" in reply.json["message"]


def test_a_part_of_a_token_that_was_accepted_before_is_not_accepted(site: Site) -> None:
    """Ada's token was accepted, and so was Grace's: no mixture of them is."""
    ada, grace = site.world.access_token(), site.world.access_token(site.world.grace)
    for token, name in ((ada, "ada@tenant.test"), (grace, "grace@tenant.test"), (ada, "ada@tenant.test")):
        assert site.api("/me", token).text == name
    (first, second, third), (_, other, signature) = ada.split("."), grace.split(".")
    for mixture in (f"{first}.{other}.{third}", f"{first}.{second}.{signature}", f"{first}.{second}.", f"{ada[:-2]}AA"):
        assert site.api("/me", mixture).status == 401


def test_a_missing_consent_is_a_challenge_and_not_a_failure(site: Site) -> None:
    """401, since the client's user must consent. The authority's message cannot inject headers."""
    mallory = site.world.tenant.add_user("mallory@tenant.test", password="x", name="Mallory")
    reply = site.api("/files", site.world.access_token(mallory))
    assert reply.status == 401
    assert reply.json["error"] == "interaction_required"
    assert "AADSTS65001" in reply.json["message"]
    assert not re.search(r"[\r\n]", reply.header("WWW-Authenticate"))


def test_a_client_is_not_told_the_authoritys_description(site: Site) -> None:
    """It may name the user. The codes are sent, and what they mean."""

    def describe(reply: dict[str, Any]) -> None:
        if "error" in reply:
            reply["error_description"] = "AADSTS65001: the-canary has not consented."

    mallory = site.world.tenant.add_user("mallory@tenant.test", password="x", name="Mallory")
    site.world.transport.tamper = describe
    reply = site.api("/files", site.world.access_token(mallory))
    assert reply.status == 401
    assert "AADSTS65001. The user or an administrator has not consented" in reply.json["message"]
    assert "the-canary" not in f"{reply.text}{reply.fields}"


def test_a_claims_challenge_is_passed_on(site: Site) -> None:
    """The reply has the claims in base64, the form of Microsoft's APIs, for the client's next sign-in."""
    claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    site.world.tenant.require_claims(site.world.ada, site.world.files, claims)
    for path in ("/files", "/async/files"):
        reply = site.api(path, site.world.access_token())
        assert reply.status == 401
        found = re.fullmatch(r'Bearer error="insufficient_claims", claims="([^"]+)"', reply.header("WWW-Authenticate"))
        assert found
        assert json.loads(base64.b64decode(found[1])) == json.loads(claims)


def test_the_same_token_is_exchanged_once(site: Site) -> None:
    """A token of another user is exchanged separately."""
    token = site.world.access_token()
    site.api("/files", token)
    asked = len(site.world.transport.requests)
    assert site.api("/files", token).status == 200
    assert site.api("/async/files", token).status == 200
    assert len(site.world.transport.requests) == asked
    assert site.api("/files", site.world.access_token(site.world.grace)).json["oid"] == site.world.grace.object_id
