"""Wrong arguments raise azure-identity's exception before anything is sent, and the message says what to do.

Mistakes that azure-identity reports later are listed.
"""

import asyncio
import warnings
from dataclasses import dataclass, field
from typing import Any

import azure.identity
import azure.identity.aio
import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity
import webidentity.aio
from tests.kit.canned import Canned
from tests.kit.certificates import certificate, certificate_pkcs12
from tests.kit.credential_kinds import KINDS
from tests.kit.replies import CLIENT, OTHER_TENANT, SCOPE, TENANT

PEERS = {"sync": azure.identity, "aio": azure.identity.aio}
OURS = {"sync": webidentity, "aio": webidentity.aio}

ARGUMENTS: dict[str, dict[str, Any]] = {
    "ClientSecretCredential": {"client_secret": "s3cret"},
    "CertificateCredential": {"certificate_data": certificate()},
    "ClientAssertionCredential": {"func": lambda: "assertion"},
    "AuthorizationCodeCredential": {"authorization_code": "code", "redirect_uri": "https://app.test/"},
    "OnBehalfOfCredential": {"user_assertion": "assertion", "client_secret": "s3cret"},
    "WorkloadIdentityCredential": {"token_file_path": __file__},
    "AzurePipelinesCredential": {"service_connection_id": "connection", "system_access_token": "token"},
}
LEFT_OUT = object()
ECHOED = "s3cret"


@dataclass(frozen=True)
class Mistake:
    """One wrong argument.

    :param raises: the class of our error.
    :param says: a regular expression that our message matches.
    :param earlier: why azure-identity raises another error, or raises it later; empty if it does not.
    """

    name: str
    raises: type[Exception]
    says: str
    given: dict[str, Any] = field(default_factory=dict)
    scopes: tuple[Any, ...] = (SCOPE,)
    call: dict[str, Any] = field(default_factory=dict)
    earlier: str = ""


SECRET, CERTIFICATE, ASSERTION, CODE, BEHALF, WORKLOAD, PIPELINES = ARGUMENTS
AUTHORITY_SAYS = "reported by the authority there, by the constructor here"
NOT_CHECKED = "not checked there, although it becomes part of the URL"
REFUSED = ClientAuthenticationError

MISTAKES = [
    Mistake(SECRET, ValueError, "directory's GUID or a verified domain", {"tenant_id": ""}),
    Mistake(SECRET, ValueError, "directory's GUID or a verified domain", {"tenant_id": None}),
    Mistake(SECRET, ValueError, "directory's GUID or a verified domain", {"tenant_id": "contoso/other"}),
    Mistake(SECRET, ValueError, "client_id should be", {"client_id": ""}),
    Mistake(SECRET, ValueError, "client_secret should be", {"client_secret": ""}),
    Mistake(SECRET, ValueError, "client_secret should be", {"client_secret": None}),
    Mistake(SECRET, ValueError, "must use https", {"authority": "http://login.microsoftonline.com"}),
    Mistake(SECRET, ValueError, "must use https", {"authority": "ftp://login.microsoftonline.com"}),
    Mistake(
        SECRET, ValueError, "expected for example", {"authority": "https://"}, earlier="raised by the transport there"
    ),
    Mistake(SECRET, ValueError, "at least one scope", scopes=()),
    Mistake(
        SECRET, ValueError, "separate strings", scopes=(["a", "b"],), earlier="a TypeError about hashing, or a request"
    ),
    Mistake(SECRET, REFUSED, "additionally_allowed_tenants", call={"tenant_id": OTHER_TENANT}),
    Mistake(
        SECRET,
        ValueError,
        "directory's GUID",
        {"additionally_allowed_tenants": ["*"]},
        call={"tenant_id": "a/b"},
        earlier=NOT_CHECKED,
    ),
    Mistake(
        SECRET,
        ValueError,
        "JSON object",
        call={"claims": "nonsense", "enable_cae": True},
        earlier="sync raises another error after a discovery request, async raises JSONDecodeError, a ValueError",
    ),
    Mistake(CERTIFICATE, ValueError, "directory's GUID", {"tenant_id": ""}),
    Mistake(CERTIFICATE, ValueError, "client_id should be", {"client_id": ""}, earlier=AUTHORITY_SAYS),
    Mistake(CERTIFICATE, ValueError, "certificate_path.*certificate_data", {"certificate_data": LEFT_OUT}),
    Mistake(CERTIFICATE, ValueError, "certificate_path.*certificate_data", {"certificate_data": b""}),
    Mistake(CERTIFICATE, ValueError, "PEM or PKCS12", {"certificate_data": b"garbage"}),
    Mistake(CERTIFICATE, ValueError, "RSA", {"certificate_data": certificate("ec")}),
    Mistake(CERTIFICATE, TypeError, "(?i)password", {"certificate_data": certificate(password=b"p")}),
    Mistake(
        CERTIFICATE, ValueError, "(?i)password", {"certificate_data": certificate(password=b"p"), "password": "other"}
    ),
    Mistake(CERTIFICATE, TypeError, "(?i)password", {"password": "needless"}),
    Mistake(CERTIFICATE, ValueError, "(?i)password", {"certificate_data": certificate_pkcs12(b"p")}),
    Mistake(CERTIFICATE, TypeError, "bytes", {"certificate_data": 5}),
    Mistake(CERTIFICATE, FileNotFoundError, "/nowhere", {"certificate_data": LEFT_OUT, "certificate_path": "/nowhere"}),
    Mistake(CERTIFICATE, ValueError, "at least one scope", scopes=()),
    Mistake(ASSERTION, TypeError, "func", {"func": LEFT_OUT}),
    Mistake(ASSERTION, TypeError, "should be a callable", {"func": None}, earlier="raised by the call there"),
    Mistake(
        ASSERTION, ValueError, "must return a signed token", {"func": lambda: ""}, earlier="sent to the authority there"
    ),
    Mistake(ASSERTION, ZeroDivisionError, "division", {"func": lambda: 1 / 0}),
    Mistake(ASSERTION, ValueError, "client_id should be", {"client_id": ""}, earlier=AUTHORITY_SAYS),
    Mistake(ASSERTION, ValueError, "directory's GUID", {"tenant_id": ""}, earlier=NOT_CHECKED),
    Mistake(ASSERTION, REFUSED, "additionally_allowed_tenants", call={"tenant_id": OTHER_TENANT}),
    Mistake(CODE, ValueError, "directory's GUID", {"tenant_id": ""}, earlier=NOT_CHECKED),
    Mistake(CODE, ValueError, "client_id should be", {"client_id": ""}, earlier=AUTHORITY_SAYS),
    Mistake(CODE, ValueError, "redirect URI received", {"authorization_code": ""}, earlier="raised by the call there"),
    Mistake(CODE, ValueError, "requested with", {"redirect_uri": ""}, earlier=AUTHORITY_SAYS),
    Mistake(CODE, ValueError, "at least one scope", scopes=()),
    Mistake(CODE, REFUSED, "additionally_allowed_tenants", call={"tenant_id": OTHER_TENANT}),
    Mistake(BEHALF, TypeError, "client_certificate.*client_secret.*client_assertion_func", {"client_secret": LEFT_OUT}),
    Mistake(BEHALF, ValueError, "one way to authenticate", {"client_certificate": certificate()}),
    Mistake(BEHALF, ValueError, "one way to authenticate", {"client_assertion_func": lambda: "assertion"}),
    Mistake(BEHALF, TypeError, "user_assertion", {"user_assertion": ""}),
    Mistake(BEHALF, TypeError, "user_assertion", {"user_assertion": LEFT_OUT}),
    Mistake(BEHALF, ValueError, "PEM or PKCS12", {"client_secret": LEFT_OUT, "client_certificate": b"garbage"}),
    Mistake(BEHALF, ValueError, "RSA", {"client_secret": LEFT_OUT, "client_certificate": certificate("ec")}),
    Mistake(
        BEHALF,
        TypeError,
        "(?i)password",
        {"client_secret": LEFT_OUT, "client_certificate": certificate(password=b"p")},
    ),
    Mistake(BEHALF, ValueError, "client_id should be", {"client_id": ""}, earlier=AUTHORITY_SAYS),
    Mistake(BEHALF, ValueError, "directory's GUID", {"tenant_id": "a/b"}),
    Mistake(BEHALF, ValueError, "directory's GUID", {"tenant_id": ""}, earlier="not checked by the sync class there"),
    Mistake(BEHALF, REFUSED, "additionally_allowed_tenants", call={"tenant_id": OTHER_TENANT}),
    Mistake(
        WORKLOAD,
        ValueError,
        "AZURE_TENANT_ID.*AZURE_CLIENT_ID.*AZURE_FEDERATED_TOKEN_FILE",
        {"tenant_id": LEFT_OUT, "client_id": LEFT_OUT, "token_file_path": LEFT_OUT},
    ),
    Mistake(WORKLOAD, ValueError, "requires token_file_path", {"token_file_path": LEFT_OUT}),
    Mistake(WORKLOAD, FileNotFoundError, "/nowhere", {"token_file_path": "/nowhere"}),
    Mistake(WORKLOAD, ValueError, "directory's GUID", {"tenant_id": "a/b"}, earlier=NOT_CHECKED),
    Mistake(PIPELINES, ValueError, "SYSTEM_ACCESSTOKEN", {"system_access_token": ""}),
    Mistake(PIPELINES, ValueError, "SYSTEM_ACCESSTOKEN", {"service_connection_id": ""}),
    Mistake(PIPELINES, TypeError, "system_access_token", {"system_access_token": LEFT_OUT}),
    Mistake(PIPELINES, ValueError, "directory's GUID", {"tenant_id": "a/b"}),
    Mistake(PIPELINES, webidentity.CredentialUnavailableError, "SYSTEM_OIDCREQUESTURI"),
]


@dataclass(frozen=True)
class Outcome:
    """The error, whether the constructor raised it, and how many requests were sent before."""

    error: Exception | None
    by_constructor: bool
    requests: int


def make_the_mistake(package: Any, mistake: Mistake) -> Outcome:
    """Construct the credential, call it, and return the outcome."""
    network, awaits = Canned(), package.__name__.endswith("aio")
    given = {"tenant_id": TENANT, "client_id": CLIENT, **ARGUMENTS[mistake.name], **mistake.given}
    arguments = {name: value for name, value in given.items() if value is not LEFT_OUT}
    transport = network.aio_transport() if awaits else network.transport()
    try:
        credential = getattr(package, mistake.name)(transport=transport, retry_total=0, **arguments)
    except Exception as error:
        return Outcome(error, True, len(network.sent))
    try:
        called = credential.get_token(*mistake.scopes, **mistake.call)
        if awaits:
            asyncio.run(called)
    except (Exception, AssertionError) as error:
        return Outcome(error, False, len(network.sent))
    return Outcome(None, False, len(network.sent))


def _id_of(mistake: Mistake) -> str:
    wrong = [*mistake.given, *mistake.call, *([] if mistake.scopes == (SCOPE,) else ["scopes"])]
    return f"{mistake.name}-{'-'.join(wrong) or 'environment'}-{MISTAKES.index(mistake)}"


def test_each_credential_of_a_service_has_its_mistakes() -> None:
    """A new one in the kit needs arguments here, and at least one mistake."""
    assert ARGUMENTS.keys() == KINDS.keys()
    assert {mistake.name for mistake in MISTAKES} == KINDS.keys()


@pytest.mark.parametrize("mistake", MISTAKES, ids=_id_of)
@pytest.mark.parametrize("driver_name", ["sync", "aio"])
def test_ours_is_raised_before_anything_is_sent_and_says_what_to_do(driver_name: str, mistake: Mistake) -> None:
    """The credential raises exactly this class, with a helpful message."""
    outcome = make_the_mistake(OURS[driver_name], mistake)
    assert type(outcome.error) is mistake.raises
    assert outcome.requests == 0
    with pytest.raises(mistake.raises, match=mistake.says):
        raise outcome.error
    assert ECHOED not in str(outcome.error)


@pytest.mark.parametrize("mistake", MISTAKES, ids=_id_of)
def test_theirs_is_the_same_or_is_listed_as_later(mistake: Mistake) -> None:
    """Both packages of azure-identity raise the same class at the same moment, or the table has the reason."""
    same = True
    for name, package in PEERS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = make_the_mistake(package, mistake)
        ours = make_the_mistake(OURS[name], mistake)
        kinds = [type(outcome.error).__name__ for outcome in (theirs, ours)]
        same &= kinds[0] == kinds[1]
        same &= (theirs.by_constructor, theirs.requests) == (ours.by_constructor, ours.requests)
    assert same is (not mistake.earlier), mistake.earlier
