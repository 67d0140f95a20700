"""Client authentication at the token endpoint."""

from __future__ import annotations

import base64

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization

from tests.kit.certificates import key_pair

SCOPE = "https://graph.microsoft.com/.default"


def form(scene, **changes):
    given = {"grant_type": "client_credentials", "client_id": scene.web.client_id, "scope": SCOPE, **changes}
    return {name: value for name, value in given.items() if value is not None}


def basic(client_id, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.mark.parametrize("secret", ["web-secret", "second"])
def test_each_registered_secret_works(scene, secret):
    assert scene.post(form(scene, client_secret=secret))[0] == 200


def test_http_basic_works_with_and_without_the_client_id_in_the_form(scene):
    headers = basic(scene.web.client_id, "web-secret")
    assert scene.post(form(scene), headers)[0] == 200
    assert scene.post(form(scene, client_id=None), headers)[0] == 200


@pytest.mark.parametrize("secret", ["wrong", "wéb"])
def test_a_wrong_secret(scene, secret):
    status, error = scene.post(form(scene, client_secret=secret))
    assert (status, error["error"], error["error_codes"]) == (401, "invalid_client", [7000215])
    assert secret not in error["error_description"]


def test_a_wrong_secret_in_basic(scene):
    assert scene.post(form(scene), basic(scene.web.client_id, "wrong"))[1]["error_codes"] == [7000215]


def test_no_secret(scene):
    status, error = scene.post(form(scene))
    assert (status, error["error"], error["error_codes"]) == (401, "invalid_client", [7000218])


def test_an_unknown_client(scene):
    status, error = scene.post(form(scene, client_id="33333333-3333-4333-8333-333333333333", client_secret="x"))
    assert (status, error["error"], error["error_codes"]) == (400, "unauthorized_client", [700016])


def test_a_missing_client_id_is_refused(scene):
    assert scene.post(form(scene, client_id=None))[1]["error_codes"] == [900144]


def test_two_authentication_methods_are_refused(scene):
    headers = basic(scene.web.client_id, "web-secret")
    assert scene.post(form(scene, client_secret="web-secret"), headers)[1]["error_codes"] == [9002313]
    assert scene.post(form(scene, client_id=scene.api.client_id), headers)[1]["error_codes"] == [9002313]


def test_malformed_basic(scene):
    assert scene.post(form(scene), {"Authorization": "Basic %%%"})[1]["error_codes"] == [9002313]


def test_a_public_client_must_not_send_a_secret(scene):
    error = scene.post(form(scene, client_id=scene.public.client_id, client_secret="x"))[1]
    assert error["error_codes"] == [700025]


def test_a_public_client_is_registered_without_secrets(scene):
    with pytest.raises(ValueError, match="no secrets"):
        scene.tenant.add_app("Odd", public_client=True, secrets=["x"])


def thumbprint(certificate, algorithm):
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).rstrip(b"=").decode()


class TestAssertion:
    """``private_key_jwt``, RFC 7523."""

    @pytest.fixture
    def key(self):
        return key_pair()[0]

    @pytest.fixture
    def app(self, scene):
        pem = key_pair()[1].public_bytes(serialization.Encoding.PEM)
        return scene.tenant.add_app("Daemon", certificates=[pem])

    def post(self, scene, app, key, *, headers=None, algorithm="PS256", **changes):
        claims = {
            "iss": app.client_id,
            "sub": app.client_id,
            "aud": f"{scene.tenant.tenant_url}/oauth2/v2.0/token",
            "exp": int(scene.clock()) + 600,
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if headers is None:
            headers = {"x5t#S256": thumbprint(key_pair()[1], hashes.SHA256())}
        return scene.post(
            form(
                scene,
                client_id=app.client_id,
                client_assertion=jwt.encode(claims, key, algorithm=algorithm, headers=headers),
                client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            )
        )

    def test_a_registered_certificate(self, scene, app, key):
        assert self.post(scene, app, key)[0] == 200

    @pytest.mark.parametrize("padding", ["", "="])
    def test_the_sha1_thumbprint_is_accepted(self, scene, app, key, padding):
        headers = {"x5t": thumbprint(key_pair()[1], hashes.SHA1()) + padding}
        assert self.post(scene, app, key, headers=headers, algorithm="RS256")[0] == 200

    @pytest.mark.parametrize(
        "headers", [{}, {"x5t": "AAAA"}, {"x5t#S256": 5}, {"kid": "key"}, {"x5t#S256": "AAAA", "x5t": "AAAA"}]
    )
    def test_the_key_is_found_only_by_its_thumbprint(self, scene, app, key, headers):
        status, error = self.post(scene, app, key, headers=headers)
        assert (status, error["error"], error["error_codes"]) == (401, "invalid_client", [700027])
        assert "The key was not found" in error["error_description"]

    def test_both_thumbprints_must_match(self, scene, app, key):
        fits = thumbprint(key_pair()[1], hashes.SHA256())
        assert self.post(scene, app, key, headers={"x5t#S256": fits, "x5t": "AAAA"})[1]["error_codes"] == [700027]

    def test_a_signature_with_another_key_is_refused(self, scene, app):
        status, error = self.post(scene, app, key_pair(name="another")[0])
        assert (status, error["error"], error["error_codes"]) == (401, "invalid_client", [700027])
        assert "did not match" in error["error_description"]

    def test_an_hmac_signature_is_refused(self, scene, app):
        fits = thumbprint(key_pair()[1], hashes.SHA256())
        secret = "a-shared-secret-that-is-long-enough-for-sha-256"
        refused = self.post(scene, app, secret, headers={"x5t#S256": fits}, algorithm="HS256")
        assert refused[1]["error_codes"] == [700027]

    def test_the_issuer_is_accepted_as_audience(self, scene, app, key):
        assert self.post(scene, app, key, aud=scene.tenant.issuer)[0] == 200

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"aud": "https://elsewhere.test"}, 700023),
            ({"aud": ["https://elsewhere.test"]}, 700023),
            ({"aud": None}, 700023),
            ({"exp": 1_800_000_000}, 700024),
            ({"exp": None}, 700024),
            ({"nbf": 1_800_000_301}, 700024),
            ({"sub": "other"}, 50048),
            ({"sub": None}, 50048),
            ({"iss": "other", "sub": "other"}, 700021),
            ({"iss": None, "sub": None}, 700021),
        ],
    )
    def test_claims_are_checked(self, scene, app, key, changes, code):
        status, error = self.post(scene, app, key, **changes)
        assert (status, error["error"], error["error_codes"]) == (401, "invalid_client", [code])

    def test_an_assertion_can_be_reused_by_default(self, scene, app, key):
        assert [self.post(scene, app, key, jti="same")[0] for _ in range(2)] == [200, 200]

    def test_single_use_assertions_are_refused_the_second_time(self, scene, app, key):
        scene.tenant._state.single_use_assertions = True
        assert self.post(scene, app, key, jti="first")[0] == 200
        assert self.post(scene, app, key, jti="second")[0] == 200
        assert self.post(scene, app, key, jti="first")[1]["error_codes"] == [700027]
        assert self.post(scene, app, key)[1]["error_codes"] == [700027]

    def test_malformed_assertions_are_refused(self, scene, app):
        for text in ("nonsense", "a.b.c", "..", "é.é.é", "e30.W10.AA", "e30.e30.!"):
            sent = form(
                scene,
                client_id=app.client_id,
                client_assertion=text,
                client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            )
            assert scene.post(sent)[1]["error_codes"] == [50027]

    def test_the_type_is_checked(self, scene, app):
        changed = form(scene, client_id=app.client_id, client_assertion="x", client_assertion_type="y")
        assert scene.post(changed)[1]["error_codes"] == [9002313]
