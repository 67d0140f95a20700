"""azure-identity, the peer of this project, accepts the tenant for what it looks like."""

from __future__ import annotations

import datetime as dt

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthorizationCodeCredential,
    CertificateCredential,
    ClientSecretCredential,
    OnBehalfOfCredential,
)
from azure.identity.aio import CertificateCredential as AsyncCertificateCredential
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from azure.identity.aio import OnBehalfOfCredential as AsyncOnBehalfOfCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

AUTHORITY = "login.tenant.test"


def options(scene, **extra):
    return {"authority": AUTHORITY, "transport": scene.tenant.transport(), **extra}


def test_client_secret(scene):
    credential = ClientSecretCredential(
        scene.tenant.tenant_id,
        scene.web.client_id,
        "web-secret",
        disable_instance_discovery=True,
        **options(scene),
    )
    token = credential.get_token(f"{scene.api.identifier_uri}/.default")
    assert scene.claims(token.token)["idtyp"] == "app"


def test_a_wrong_secret(scene):
    credential = ClientSecretCredential(
        scene.tenant.tenant_id, scene.web.client_id, "wrong", disable_instance_discovery=True, **options(scene)
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token("https://graph.microsoft.com/.default")


def test_authorization_code_and_its_refresh_token(scene):
    credential = AuthorizationCodeCredential(
        scene.tenant.tenant_id,
        scene.web.client_id,
        scene.code(),
        scene.callback,
        client_secret="web-secret",
        **options(scene),
    )
    token = credential.get_token(scene.files_read)
    assert scene.claims(token.token)["oid"] == scene.ada.object_id
    assert credential.get_token(scene.files_read, claims='{"access_token": {}}').token != token.token


def test_on_behalf_of(scene):
    scene.tenant.grant_admin_consent(scene.api, scene.tenant.graph, ["User.Read"])
    credential = OnBehalfOfCredential(
        scene.tenant.tenant_id,
        scene.api.client_id,
        client_secret="api-secret",
        user_assertion=scene.tokens()["access_token"],
        disable_instance_discovery=True,
        **options(scene),
    )
    token = credential.get_token("https://graph.microsoft.com/.default", enable_cae=True)
    claims = scene.claims(token.token)
    assert "User.Read" in claims["scp"].split()
    assert claims["xms_cc"] == ["CP1"]


@pytest.mark.asyncio
async def test_asynchronous_credentials(scene):
    scene.tenant.grant_admin_consent(scene.api, scene.tenant.graph, ["User.Read"])
    transport = scene.tenant.aio_transport()
    async with AsyncClientSecretCredential(
        scene.tenant.tenant_id, scene.web.client_id, "web-secret", authority=AUTHORITY, transport=transport
    ) as credential:
        assert (await credential.get_token("https://graph.microsoft.com/.default")).token
    async with AsyncOnBehalfOfCredential(
        scene.tenant.tenant_id,
        scene.api.client_id,
        client_secret="api-secret",
        user_assertion=scene.tokens()["access_token"],
        authority=AUTHORITY,
        transport=transport,
    ) as credential:
        assert (await credential.get_token("https://graph.microsoft.com/User.Read")).token
    assert transport.closed == 2


@pytest.mark.asyncio
async def test_certificates(scene):
    pem, app = certified_app(scene)
    arguments = (scene.tenant.tenant_id, app.client_id)
    credential = CertificateCredential(
        *arguments, certificate_data=pem, disable_instance_discovery=True, **options(scene)
    )
    assert credential.get_token("https://graph.microsoft.com/.default").token
    async with AsyncCertificateCredential(
        *arguments, certificate_data=pem, authority=AUTHORITY, transport=scene.tenant.aio_transport()
    ) as credential:
        assert (await credential.get_token("https://graph.microsoft.com/.default")).token


def certified_app(scene):
    scene.clock.now = dt.datetime.now(dt.UTC).timestamp()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
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
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate, scene.tenant.add_app("Daemon", certificates=[certificate])
