"""Workload identity federation: tokens of another issuer as client assertions."""

from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.kit.certificates import key_pair
from webidentity.testing import LocalTenant, SigningKeyPair

ISSUER = "https://cluster.test/"
SUBJECT = "system:serviceaccount:shop:api"
KEY = SigningKeyPair("cluster-key", key_pair(name="issuer")[0])
OTHER = SigningKeyPair("cluster-key", key_pair(name="another")[0])


@pytest.fixture
def app(scene):
    app = scene.tenant.add_app("Workload")
    scene.tenant.trust(app, issuer=ISSUER, subject=SUBJECT, key=KEY)
    return app


def claims(scene, **changes):
    given = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": "api://AzureADTokenExchange",
        "exp": int(scene.clock()) + 600,
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def post(scene, app, assertion):
    return scene.post(
        {
            "grant_type": "client_credentials",
            "client_id": app.client_id,
            "scope": "https://graph.microsoft.com/.default",
            "client_assertion": assertion,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }
    )


def test_a_token_of_a_trusted_issuer_authenticates_the_app(scene, app):
    status, reply = post(scene, app, KEY.sign(claims(scene)))
    assert status == 200
    assert scene.claims(reply["access_token"])["azp"] == app.client_id


@pytest.mark.parametrize(
    ("changes", "code", "error"),
    [
        ({"iss": "https://cluster.test"}, 700211, "invalid_client"),
        ({"sub": "system:serviceaccount:shop:web"}, 700213, "invalid_client"),
        ({"sub": SUBJECT.upper()}, 7002138, "invalid_client"),
        ({"sub": None}, 700213, "invalid_client"),
        ({"aud": "https://kubernetes.default.svc"}, 700212, "invalid_client"),
        ({"aud": None}, 700212, "invalid_client"),
        ({"exp": 1_800_000_000}, 700024, "invalid_client"),
        ({"exp": None}, 700024, "invalid_client"),
        ({"nbf": 1_800_000_301}, 700024, "invalid_client"),
    ],
)
def test_a_token_with_different_claims_is_refused(scene, app, changes, code, error):
    status, reply = post(scene, app, KEY.sign(claims(scene, **changes)))
    assert (status, reply["error"], reply["error_codes"]) == (401, error, [code])


def test_an_app_without_trust_refuses_every_issuer(scene):
    app = scene.tenant.add_app("Loner")
    status, reply = post(scene, app, KEY.sign(claims(scene)))
    assert (status, reply["error"], reply["error_codes"]) == (401, "invalid_client", [70021])
    assert ISSUER in reply["error_description"]
    assert SUBJECT in reply["error_description"]


def test_trust_applies_to_one_app_only(scene, app):
    other = scene.tenant.add_app("Other workload")
    scene.tenant.trust(other, issuer="https://elsewhere.test", subject=SUBJECT, key=KEY)
    assert post(scene, other, KEY.sign(claims(scene)))[1]["error_codes"] == [700211]


def test_a_signature_with_an_unknown_key_is_refused(scene, app):
    status, reply = post(scene, app, OTHER.sign(claims(scene)))
    assert (status, reply["error_codes"]) == (400, [50013])


def test_an_unknown_key_id_is_refused(scene, app):
    status, reply = post(scene, app, KEY.sign(claims(scene), {"kid": "new"}))
    assert (status, reply["error_codes"]) == (401, [7000272])


@pytest.mark.parametrize("algorithm", ["PS256", "RS384", "none"])
def test_only_rs256_is_accepted(scene, app, algorithm):
    assert post(scene, app, KEY.sign(claims(scene), {"alg": algorithm}))[1]["error_codes"] == [50013]


def test_an_hmac_with_the_public_key_is_refused(scene, app):
    pem = KEY.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, _, rest = jwt.encode(claims(scene), "x" * 64, algorithm="HS256").partition(".")
    assert pem
    assert post(scene, app, f"{header}.{rest}")[1]["error_codes"] == [7000272]


def public_forms():
    certificate = key_pair(name="issuer")[1]
    jwk = KEY.jwk(ISSUER)
    return [
        pytest.param(KEY, id="signing key"),
        pytest.param(jwk, id="JWK"),
        pytest.param({"keys": [OTHER.jwk(ISSUER) | {"kid": "old"}, jwk]}, id="JWK set"),
        pytest.param(certificate.public_bytes(Encoding.PEM), id="certificate"),
        pytest.param(
            certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            id="PEM as text",
        ),
    ]


@pytest.mark.parametrize("key", public_forms())
def test_each_form_of_the_issuers_key_is_accepted(scene, key):
    app = scene.tenant.add_app("Workload")
    scene.tenant.trust(app, issuer=ISSUER, subject=SUBJECT, key=key, audience="api://tenant.test")
    assert post(scene, app, KEY.sign(claims(scene, aud="api://tenant.test")))[0] == 200
    assert post(scene, app, OTHER.sign(claims(scene, aud="api://tenant.test")))[0] == 400


def test_a_key_that_is_not_rsa_is_refused_at_registration(scene):
    app = scene.tenant.add_app("Workload")
    pem = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(TypeError, match="RSA"):
        scene.tenant.trust(
            app,
            issuer=ISSUER,
            subject=SUBJECT,
            key=pem.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        )


def test_one_app_trusts_several_subjects(scene, app):
    scene.tenant.trust(app, issuer=ISSUER, subject="system:serviceaccount:shop:web", key=KEY)
    for subject in (SUBJECT, "system:serviceaccount:shop:web"):
        assert post(scene, app, KEY.sign(claims(scene, sub=subject)))[0] == 200


def test_trust_returns_the_credential_without_showing_its_key(scene):
    app = scene.tenant.add_app("Workload")
    credential = scene.tenant.trust(app, issuer=ISSUER, subject=SUBJECT, key=KEY)
    assert (credential.issuer, credential.subject, credential.audience) == (
        ISSUER,
        SUBJECT,
        "api://AzureADTokenExchange",
    )
    assert "RSAPublicKey" not in repr(credential)


def test_a_tenant_can_be_a_trusted_issuer(scene, app):
    """An app-only token of a tenant is a client assertion for an app in another tenant."""
    issuer = LocalTenant(base_url="https://other.test", clock=scene.clock)
    assertion = KEY.sign(claims(scene, iss=issuer.issuer))
    assert post(scene, app, assertion)[1]["error_codes"] == [700211]
    scene.tenant.trust(app, issuer=issuer.issuer, subject=SUBJECT, key=KEY)
    assert post(scene, app, assertion)[0] == 200
