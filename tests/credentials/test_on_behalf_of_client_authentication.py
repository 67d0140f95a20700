"""OnBehalfOfCredential: client authentication with a secret, a certificate or an assertion."""

from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.serialization import Encoding

from tests.kit.canned import Canned
from tests.kit.certificates import certificate, certificate_pkcs12, key_pair
from tests.kit.credential_sites import WebAppAndApi
from tests.kit.drivers import Credential, Driver, Transports
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT, jwt_of, user_token
from webidentity.testing import SigningKeyPair

ADA = jwt_of(oid="ada", exp=4_000_000_000)
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def credential_of(driver: Driver, network: Transports, **options: Any) -> Credential:
    arguments = {"tenant_id": TENANT, "client_id": CLIENT, "user_assertion": ADA, "retry_total": 0, **options}
    return driver.credential("OnBehalfOfCredential", network, **arguments)


def replies(count: int) -> Canned:
    return Canned(*[user_token(f"token-{number}", refresh_token=None) for number in range(count)])


@pytest.mark.parametrize("content", [certificate(), certificate_pkcs12()], ids=["PEM", "PKCS#12"])
@pytest.mark.parametrize("send_chain", [False, True])
def test_a_certificate(driver: Driver, content: bytes, send_chain: bool) -> None:
    """The request is signed with PS256, and has the chain only if it was requested."""
    network = replies(1)
    credential_of(driver, network, client_certificate=content, send_certificate_chain=send_chain).get_token(SCOPE)
    (form,) = network.forms
    assert (form["grant_type"], form["requested_token_use"], form["assertion"]) == (GRANT, "on_behalf_of", ADA)
    assert form["client_assertion_type"].endswith(":jwt-bearer")
    header = jwt.get_unverified_header(form["client_assertion"])
    assert (header["alg"], "x5c" in header) == ("PS256", send_chain)


def test_a_certificate_signs_for_the_tenant_of_the_call(driver: Driver) -> None:
    """The audience of the assertion is the endpoint that receives it."""
    network = replies(2)
    credential = credential_of(
        driver, network, client_certificate=certificate(), additionally_allowed_tenants=[OTHER_TENANT]
    )
    for tenant, options in ((TENANT, {}), (OTHER_TENANT, {"tenant_id": OTHER_TENANT})):
        credential.get_token(SCOPE, **options)
        sent = network.sent[-1]
        claims = jwt.decode(sent.form["client_assertion"], options={"verify_signature": False})
        assert claims["aud"] == sent.url
        assert tenant in sent.url


@pytest.mark.parametrize("password", ["password", b"password"])
def test_an_encrypted_certificate_needs_its_password(driver: Driver, password: str | bytes) -> None:
    """The password may be text or bytes."""
    network = replies(1)
    content = certificate(password=b"password")
    credential_of(driver, network, client_certificate=content, password=password).get_token(SCOPE)
    with pytest.raises(TypeError, match=r"(?i)password"):
        credential_of(driver, network, client_certificate=content)
    with pytest.raises(ValueError, match=r"client_certificate.*(?i:password)"):
        credential_of(driver, network, client_certificate=content, password="wrong")


def test_a_callable_is_called_for_each_exchange(driver: Driver) -> None:
    """Another scope needs another assertion; a cached token needs none."""
    calls: list[int] = []

    def func() -> str:
        calls.append(1)
        return f"client-assertion-{len(calls)}"

    network = replies(2)
    credential = credential_of(driver, network, client_assertion_func=func)
    for scope in ("a/.default", "b/.default", "a/.default"):
        credential.get_token(scope)
    assert [form["client_assertion"] for form in network.forms] == ["client-assertion-1", "client-assertion-2"]


PROOFS = {"client_secret": "s3cret", "client_certificate": certificate(), "client_assertion_func": lambda: "assertion"}


def test_exactly_one_client_authentication_is_required(driver: Driver) -> None:
    """No argument raises TypeError and several raise ValueError, as in azure-identity; the messages name them."""
    with pytest.raises(TypeError) as none:
        credential_of(driver, Canned())
    assert all(name in str(none.value) for name in PROOFS)
    for left_out in PROOFS:
        several = {name: value for name, value in PROOFS.items() if name != left_out}
        with pytest.raises(ValueError, match="one way to authenticate") as caught:
            credential_of(driver, Canned(), **several)
        assert all(name in str(caught.value) for name in several)
    with pytest.raises(ValueError, match="one way to authenticate"):
        credential_of(driver, Canned(), **PROOFS)


def test_user_assertion_is_required(driver: Driver) -> None:
    """It is the token that the caller sent."""
    with pytest.raises(TypeError, match="user_assertion"):
        driver.credential("OnBehalfOfCredential", Canned(), TENANT, CLIENT, client_secret="s3cret")
    with pytest.raises(TypeError, match="user_assertion"):
        credential_of(driver, Canned(), user_assertion="", client_secret="s3cret")


@pytest.mark.parametrize("authentication", ["secret", "certificate", "federated"])
def test_a_tenant_accepts_each_client_authentication(driver: Driver, authentication: str) -> None:
    """The token acts for the user."""
    site, key = WebAppAndApi(single_use_assertions=True), SigningKeyPair("key", key_pair(name="issuer")[0])
    tenant = site.tenant
    public = key_pair()[1].public_bytes(Encoding.PEM)
    api = tenant.add_app("another API", secrets=["s3cret"], certificates=[public], scopes={"Read": "Read"})
    tenant.trust(api, issuer="https://issuer.test", subject="api", key=key)
    tenant.grant_admin_consent(api, tenant.graph, ["User.Read"])
    claims = {"iss": "https://issuer.test", "sub": "api", "aud": "api://AzureADTokenExchange", "exp": 4_000_000_000}
    options: dict[str, Any] = {
        "secret": {"client_secret": "s3cret"},
        "certificate": {"client_certificate": certificate()},
        "federated": {"client_assertion_func": lambda: key.sign(claims)},
    }[authentication]
    credential = credential_of(
        driver,
        tenant,
        tenant_id=tenant.tenant_id,
        client_id=api.client_id,
        authority=tenant.base_url,
        user_assertion=tenant.mint_access_token(user=site.ada, resource=api, client=site.web, scopes=["Read"]),
        **options,
    )
    token = credential.get_token("https://graph.microsoft.com/User.Read")
    assert jwt.decode(token.token, options={"verify_signature": False})["oid"] == site.ada.object_id


def test_an_assertion_for_another_api_is_refused_with_advice(driver: Driver) -> None:
    """The most common mistake: the caller's token is not for this API."""
    site = WebAppAndApi()
    foreign = site.tenant.mint_access_token(
        user=site.ada, resource=site.tenant.graph, client=site.web, scopes=["User.Read"]
    )
    with pytest.raises(ClientAuthenticationError, match=r"AADSTS500131.*'aud' must be this client"):
        site.credential("OnBehalfOfCredential", driver, user_assertion=foreign).get_token(
            "https://graph.microsoft.com/User.Read"
        )
