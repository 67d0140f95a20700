"""How a client proves to the token endpoint who it is."""

from __future__ import annotations

import base64
import datetime as dt

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

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


def test_no_client_at_all(scene):
    assert scene.post(form(scene, client_id=None))[1]["error_codes"] == [900144]


def test_two_ways_at_once(scene):
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


class TestAssertion:
    """``private_key_jwt``, RFC 7523."""

    @pytest.fixture
    def key(self):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @pytest.fixture
    def app(self, scene, key):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
        start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(start)
            .not_valid_after(start + dt.timedelta(days=3650))
            .sign(key, hashes.SHA256())
        )
        return scene.tenant.add_app("Daemon", certificates=[certificate.public_bytes(serialization.Encoding.PEM)])

    def post(self, scene, app, key, **changes):
        claims = {
            "iss": app.client_id,
            "sub": app.client_id,
            "aud": f"{scene.tenant.tenant_url}/oauth2/v2.0/token",
            "exp": int(scene.clock()) + 600,
            **changes,
        }
        return scene.post(
            form(
                scene,
                client_id=app.client_id,
                client_assertion=jwt.encode(claims, key, algorithm="PS256"),
                client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            )
        )

    def test_a_registered_certificate(self, scene, app, key):
        assert self.post(scene, app, key)[0] == 200

    def test_another_key(self, scene, app):
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        status, error = self.post(scene, app, other)
        assert (status, error["error"], error["error_codes"]) == (401, "invalid_client", [700027])

    @pytest.mark.parametrize(
        ("changes", "code"),
        [({"aud": "https://elsewhere.test"}, 700023), ({"exp": 1_800_000_000}, 700024), ({"sub": "other"}, 700027)],
    )
    def test_claims_are_checked(self, scene, app, key, changes, code):
        assert self.post(scene, app, key, **changes)[1]["error_codes"] == [code]

    def test_the_type_is_checked(self, scene, app):
        changed = form(scene, client_id=app.client_id, client_assertion="x", client_assertion_type="y")
        assert scene.post(changed)[1]["error_codes"] == [9002313]
