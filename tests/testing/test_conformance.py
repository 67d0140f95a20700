"""azure-identity and msal work with the local tenant."""

from __future__ import annotations

import datetime as dt
import threading
import urllib.request
from urllib.parse import urlencode

import msal
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthorizationCodeCredential,
    CertificateCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    InteractiveBrowserCredential,
    OnBehalfOfCredential,
    UsernamePasswordCredential,
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


def native(scene):
    """A public client with consent to the API, like a developer tool."""
    scene.tenant.grant_admin_consent(scene.public, scene.api, ["Files.Read"])
    scene.clock.now = dt.datetime.now(dt.UTC).timestamp()
    return {"client_id": scene.public.client_id, "tenant_id": scene.tenant.tenant_id, **options(scene)}


class TestDeviceCode:
    """DeviceCodeCredential, with a callback that signs the user in."""

    @pytest.fixture(autouse=True)
    def no_waiting(self, monkeypatch):
        monkeypatch.setattr("time.sleep", lambda seconds: None)

    @pytest.mark.parametrize("instance_discovery", [False, True])
    def test_approved_at_the_pages(self, scene, instance_discovery):
        asked = []

        def prompt(uri, user_code, expires_on):
            asked.append((uri, expires_on))
            scene.browser.enter_device_code(uri, user_code, "ada@tenant.test", "ada-password")

        credential = DeviceCodeCredential(
            prompt_callback=prompt, disable_instance_discovery=not instance_discovery, **native(scene)
        )
        record = credential.authenticate(scopes=[scene.files_read])
        assert (record.username, record.tenant_id) == ("ada@tenant.test", scene.tenant.tenant_id)
        assert asked[0][0] == "https://login.tenant.test/devicelogin"
        assert asked[0][1] > dt.datetime.now(dt.UTC) + dt.timedelta(minutes=14)
        token = credential.get_token(scene.files_read)
        assert scene.claims(token.token)["oid"] == scene.ada.object_id
        assert len(asked) == 1
        assert credential.get_token(scene.files_read, claims='{"access_token": {}}').token != token.token
        assert len(asked) == 1, "the refresh token was enough"

    def test_declined(self, scene):
        credential = DeviceCodeCredential(
            prompt_callback=lambda uri, user_code, expires_on: scene.tenant.decline_device_code(user_code),
            **native(scene),
        )
        with pytest.raises(ClientAuthenticationError, match="AADSTS70017"):
            credential.get_token(scene.files_read)

    def test_a_claims_challenge(self, scene):
        claims = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
        scene.tenant.require_claims(scene.ada, scene.api, claims)
        credential = DeviceCodeCredential(
            prompt_callback=lambda uri, user_code, expires_on: scene.tenant.approve_device_code(user_code, scene.ada),
            **native(scene),
        )
        with pytest.raises(ClientAuthenticationError, match="AADSTS50076"):
            credential.get_token(scene.files_read)
        assert scene.claims(credential.get_token(scene.files_read, claims=claims).token)["acrs"] == ["c1"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestUsernamePassword:
    """UsernamePasswordCredential of azure-identity."""

    def credential(self, scene, username, password):
        return UsernamePasswordCredential(username=username, password=password, **native(scene))

    def test_managed(self, scene):
        credential = self.credential(scene, "ada@tenant.test", "ada-password")
        assert scene.claims(credential.get_token(scene.files_read).token)["oid"] == scene.ada.object_id

    def test_a_wrong_password(self, scene):
        with pytest.raises(ClientAuthenticationError, match="AADSTS50126"):
            self.credential(scene, "ada@tenant.test", "wrong").get_token(scene.files_read)


def test_interactive_browser(scene, monkeypatch):
    """The test's browser posts the response to the loopback server of the credential."""

    def open_browser(url):
        post = scene.browser.sign_in_form_post(url, "ada@tenant.test", "ada-password")
        threading.Thread(target=answer, args=(post,), daemon=True).start()
        return True

    def answer(post):
        body = urlencode(post.fields).encode()
        urllib.request.urlopen(urllib.request.Request(post.url, body), timeout=30).close()

    monkeypatch.setattr("azure.identity._credentials.browser._open_browser", open_browser)
    credential = InteractiveBrowserCredential(timeout=30, **native(scene))
    token = credential.get_token(scene.files_read)
    assert scene.claims(token.token)["oid"] == scene.ada.object_id


def test_msal_finds_the_family_refresh_token(scene):
    cli = scene.tenant.add_app("Azure CLI", public_client=True, family=True)
    editor = scene.tenant.add_app("Editor", public_client=True, family=True)
    for app in (cli, editor):
        scene.tenant.grant_admin_consent(app, scene.api, ["Files.Read"])
    device = scene.device(client=cli)
    scene.tenant.approve_device_code(device["user_code"], scene.ada)
    _, reply = scene.poll(device, client=cli, client_info="1")
    cache = msal.TokenCache()
    event = {"client_id": cli.client_id, "scope": [scene.files_read], "response": reply}
    cache.add({**event, "token_endpoint": f"{scene.tenant.tenant_url}/oauth2/v2.0/token"})
    found = list(cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN, query={"family_id": "1"}))
    assert len(found) == 1
    refreshed = scene.request("refresh_token", client=editor, refresh_token=found[0]["secret"], scope=scene.files_read)
    assert refreshed[0] == 200
