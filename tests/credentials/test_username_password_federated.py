"""UsernamePasswordCredential and a federation server: what is sent where, and what comes of each answer."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from tests.kit.canned import Reply
from tests.kit.clock import Clock
from tests.kit.drivers import Credential, Driver
from tests.kit.federation import (
    ADDRESSING,
    ASSERTION,
    ENDPOINT,
    MEX,
    SAML_1,
    SAML_2,
    WS_TRUST_13,
    WS_TRUST_2005,
    WSS,
    XML,
    Federated,
    binding,
    definitions,
    envelope_of,
    fault,
    federated,
    issued,
    metadata,
    policy,
    port,
    response,
)
from tests.kit.replies import CLIENT, SCOPE
from webidentity import EntraError

USERNAME, PASSWORD = "kay.o'neil@fed.test", '<p> & "w"'
AD_FS = "https://fed.test/adfs/services/trust"
GRANTS = {SAML_1: "saml1_1-bearer", SAML_2: "saml2-bearer"}
Make = Callable[..., Credential]

pytestmark = pytest.mark.filterwarnings("ignore:UsernamePasswordCredential is deprecated:DeprecationWarning")


@pytest.fixture
def make(driver: Driver) -> Make:
    """Makes credentials over a canned federation."""

    def made(at: Federated, username: str = USERNAME, password: str = PASSWORD, **options: Any) -> Credential:
        return driver.credential("UsernamePasswordCredential", at.network, CLIENT, username, password, **options)

    return made


def test_the_requests_are_those_of_the_specifications(make: Make, clock: Clock) -> None:
    """User realm, WS-MetadataExchange by GET, WS-Trust 1.3 section 4.2, RFC 7522 section 2.1."""
    at = Federated()
    assert make(at).get_token(SCOPE).token == "access-token"
    realm, mex, trust, token = at.network.sent
    assert (realm.method, realm.url) == (
        "GET",
        "https://login.microsoftonline.com/common/userrealm/kay.o%27neil%40fed.test?api-version=1.0",
    )
    assert realm.headers["Accept"] == "application/json"
    assert (mex.method, mex.url, mex.body) == ("GET", MEX, "")
    assert (trust.method, trust.url) == ("POST", ENDPOINT)
    assert trust.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
    assert trust.headers["SOAPAction"] == "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue"
    assert token.url == "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"
    assert token.form == {
        "client_id": CLIENT,
        "client_info": "1",
        "grant_type": "urn:ietf:params:oauth:grant-type:saml1_1-bearer",
        "assertion": token.form["assertion"],
        "scope": f"openid profile offline_access {SCOPE}",
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token.form["assertion"])
    assert at.assertion == ASSERTION


@pytest.mark.parametrize(
    ("version", "key_type"),
    [
        (WS_TRUST_13, "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer"),
        (WS_TRUST_2005, "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey"),
    ],
)
def test_the_envelope(make: Make, version: Any, key_type: str) -> None:
    """SOAP 1.2, WS-Addressing, a UsernameToken with a Timestamp, and what is asked for."""
    at = Federated(
        federated(cloud_audience_urn="urn:federation:<cloud>"),
        Reply(metadata((version, ENDPOINT))),
        issued(version=version),
    )
    make(at).get_token(SCOPE)
    sent = envelope_of(at.network.sent[2].body)
    assert sent["Action"] == f"{version.namespace}/RST/Issue"
    assert sent["To"] == ENDPOINT
    assert re.fullmatch("urn:uuid:[0-9a-f-]{36}", sent["MessageID"])
    assert (sent["Username"], sent["Password"]) == (USERNAME, PASSWORD)
    assert (sent["KeyType"], sent["RequestType"]) == (key_type, f"{version.namespace}/Issue")
    assert re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\d\.000Z", sent["Created"])
    assert sent["Created"] < sent["Expires"]
    # The last of the addresses is whom the assertion is for.
    assert sent["Address"] == "urn:federation:<cloud>"
    assert f"{ADDRESSING}/anonymous" in at.network.sent[2].body
    assert f'Type="{WSS}-username-token-profile-1.0#PasswordText"' in at.network.sent[2].body


@pytest.mark.parametrize("order", [(WS_TRUST_13, WS_TRUST_2005), (WS_TRUST_2005, WS_TRUST_13)])
def test_the_newer_version_is_preferred(make: Make, order: Any) -> None:
    """Wherever it stands in the document."""
    at = Federated(mex=Reply(metadata(*((version, f"https://fed.test/{version.bearer[-4:]}") for version in order))))
    make(at).get_token(SCOPE)
    assert at.urls[2] == "https://fed.test/arer"


@pytest.mark.parametrize("namespace", [SAML_1, SAML_2])
@pytest.mark.parametrize("prefix", ["saml:", "", "x-1."])
def test_the_assertion_chooses_the_grant(make: Make, namespace: str, prefix: str) -> None:
    """By its namespace, whatever its prefix is."""
    prefix = prefix.replace("x-1.", "x-1.:")
    declared = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    at = Federated(trust=issued(f'<{prefix}Assertion {declared}="{namespace}"></{prefix}Assertion>'))
    make(at).get_token(SCOPE)
    assert at.network.forms[-1]["grant_type"] == f"urn:ietf:params:oauth:grant-type:{GRANTS[namespace]}"


@pytest.mark.parametrize(
    "assertion",
    [
        f"<saml:Assertion xmlns:saml='{SAML_1}' a=\"1 > 0\" b = '\"/>'  >x</saml:Assertion >",
        f'<Assertion xmlns="{SAML_2}"><a><![CDATA[</Assertion> ]]&gt; <t:RequestedSecurityToken>]]></a></Assertion>',
        f'<s:Assertion xmlns:s="{SAML_2}"><!-- </s:Assertion> --><?pi > ?>Zoë ✓ 🔑 &#xe9;&amp;\n\t</s:Assertion>',
        f'<s:Assertion xmlns:s="{SAML_1}"><s:Assertion>nested</s:Assertion><s:Advice/></s:Assertion>',
        f"<s:Assertion\nxmlns:s='{SAML_1}'\n/>",
    ],
    ids=["quotes", "CDATA", "comments", "nested", "empty"],
)
@pytest.mark.parametrize("around", ["", " \r\n\t", "<!-- <saml:Assertion/> -->"])
def test_the_assertion_is_redeemed_as_it_was_signed(make: Make, assertion: str, around: str) -> None:
    """Byte for byte, whatever is around it."""
    at = Federated(trust=issued(f"{around}{assertion}{around}", attributes=' a="/>" b=\'">\''))
    make(at).get_token(SCOPE)
    assert at.assertion == assertion


@pytest.mark.parametrize("status", [500, 400, 401, 429, 503, 408])
@pytest.mark.parametrize("options", [{}, {"retry_total": 5, "retry_status": 5, "retry_on_status_codes": [400, 401]}])
def test_a_refusal_is_not_asked_for_again(make: Make, status: int, options: dict[str, Any]) -> None:
    """Whatever the status and the caller's retries: each request is a try, and a few of them lock the account."""
    at = Federated(trust=fault(status=status))
    with pytest.raises(
        EntraError, match=rf"HTTP {status}\): ID3242: no\. User name or password may be wrong\.$"
    ) as got:
        make(at, **options).get_token(SCOPE)
    assert at.urls[1:] == [MEX, ENDPOINT]
    assert got.value.error == "invalid_grant"
    assert got.value.response is not None


def test_other_faults_blame_no_password(make: Make) -> None:
    """The server's reason is told."""
    with pytest.raises(EntraError, match=r"refused \(HTTP 500\): MSIS3127: unknown\.$") as caught:
        make(Federated(trust=fault("MSIS3127: unknown.", "a:RequestFailed"))).get_token(SCOPE)
    assert caught.value.error is None


def test_a_connection_that_breaks_is_not_used_again(make: Make) -> None:
    """The server may have read the password."""
    at = Federated(trust=OSError("reset"))
    with pytest.raises(Exception) as caught:
        make(at).get_token(SCOPE)
    assert at.urls[2:] == [ENDPOINT]
    assert "reset" in str(caught.value)


def test_the_realm_is_asked_for_again(make: Make) -> None:
    """It has no password."""
    answers = [Reply("", 503, {"Retry-After": "0"}), federated()]
    at = Federated(lambda _: answers.pop(0))
    make(at).get_token(SCOPE)
    assert len(at.urls) == 5


@pytest.mark.parametrize(
    "trust",
    [
        Reply("", 200, XML),
        Reply("<html>", 200, XML),
        Reply("<!DOCTYPE a><a/>", 200, XML),
        Reply(response().replace("RequestedSecurityToken", "RequestedToken"), 200, XML),
        issued(version=WS_TRUST_2005),
        issued(""),
        issued("text"),
        issued("<![CDATA[<saml:Assertion/>]]>"),
        issued(ASSERTION.replace("<", "&lt;")),
        issued('<Assertion xmlns="urn:other"/>'),
        issued(f'<EncryptedAssertion xmlns="{SAML_2}"/>'),
        issued(f"<Assertion/><Assertion xmlns='{SAML_2}'/>"),
        Reply(response("<u:Assertion/>").replace("<s:Body", f'<s:Body xmlns:u="{SAML_2}"'), 200, XML),
        Reply(b"\xff\xfe\xfa", 200, {"Content-Type": "text/xml; charset=utf-8"}),
        Reply("x", 200, {"Content-Type": "text/xml; charset=no-such"}),
        Reply("", 302, {"Location": "https://evil.test"}),
    ],
)
def test_what_is_no_assertion_is_an_error(make: Make, trust: Reply) -> None:
    """And is not redeemed."""
    at = Federated(trust=trust)
    with pytest.raises(EntraError, match=r"sent no SAML assertion \(HTTP (200|302)\)"):
        make(at).get_token(SCOPE)
    assert at.urls[2:] == [ENDPOINT]


def test_a_fault_with_a_success_status_is_one(make: Make) -> None:
    """SOAP says what happened."""
    with pytest.raises(EntraError, match="ID3242"):
        make(Federated(trust=fault(status=200))).get_token(SCOPE)


NO_ENDPOINT = {
    "a page": Reply("<html>"),
    "an error": Reply(metadata((WS_TRUST_13, ENDPOINT)), 404),
    "a redirect": Reply("", 302, {"Location": "https://evil.test/mex"}),
    "http": Reply(metadata((WS_TRUST_13, "http://fed.test/13"), (WS_TRUST_2005, "http://fed.test/2005"))),
    "no address": Reply(metadata((WS_TRUST_13, ""))),
    "no TLS": Reply(definitions(policy("p", transport=False), binding("b", WS_TRUST_13, "#p"), port("b", ENDPOINT))),
    "no password": Reply(definitions(policy("p", token=False), binding("b", WS_TRUST_13, "#p"), port("b", ENDPOINT))),
    "no policy": Reply(definitions(binding("b", WS_TRUST_13, "#None"), port("b", ENDPOINT))),
    "no binding": Reply(definitions(policy("p"), port("b", ENDPOINT))),
    "another binding": Reply(definitions(policy("p"), binding("b", WS_TRUST_13, "#p"), port("c", ENDPOINT))),
}


@pytest.mark.parametrize("mex", NO_ENDPOINT.values(), ids=list(NO_ENDPOINT))
def test_without_an_endpoint_there_is_no_password(make: Make, mex: Reply) -> None:
    """The error says what else there is."""
    at = Federated(mex=mex)
    with pytest.raises(ClientAuthenticationError, match=r"no endpoint .*Use InteractiveBrowserCredential or"):
        make(at, retry_total=0).get_token(SCOPE)
    assert at.urls[1:] == [MEX]


def test_an_older_endpoint_outweighs_one_that_cannot_be_trusted(make: Make) -> None:
    """What is over http is none."""
    at = Federated(
        mex=Reply(metadata((WS_TRUST_13, "http://fed.test/13"), (WS_TRUST_2005, "https://fed.test/2005"))),
        trust=issued(version=WS_TRUST_2005),
    )
    make(at).get_token(SCOPE)
    assert at.urls[2] == "https://fed.test/2005"


def test_loopback_needs_no_tls(make: Make) -> None:
    """Neither for metadata nor for passwords: nobody is in between."""
    at = Federated(
        federated("http://localhost:1/mex"), Reply(metadata((WS_TRUST_13, "http://127.0.0.1:1/13"))), issued()
    )
    make(at).get_token(SCOPE)
    assert at.urls[1:3] == ["http://localhost:1/mex", "http://127.0.0.1:1/13"]


@pytest.mark.parametrize(("path", "version"), [("13", WS_TRUST_13), ("2005", WS_TRUST_2005)])
def test_without_metadata_the_realm_says_where(make: Make, path: str, version: Any) -> None:
    """Its address of AD FS has the version in it."""
    url = f"{AD_FS}/{path}/usernamemixed"
    at = Federated(federated("", federation_active_auth_url=url), trust=issued(version=version))
    make(at).get_token(SCOPE)
    assert at.urls[1] == url
    assert at.network.sent[1].headers["SOAPAction"] == version.action


def test_a_password_that_xml_cannot_have_is_not_sent(make: Make) -> None:
    """Without its control character it would be a wrong one, and a wrong one counts as a try."""
    at = Federated()
    with pytest.raises(ClientAuthenticationError, match="control character") as caught:
        make(at, password="canary\x07").get_token(SCOPE)
    assert at.urls[1:] == [MEX]
    assert "canary" not in str(caught.value)


def test_a_network_that_is_down_is_azure_cores_error(make: Make) -> None:
    """As from any Azure SDK client."""
    from requests.exceptions import ConnectTimeout

    with pytest.raises(ServiceRequestError):
        make(Federated(mex=ConnectTimeout("no route")), retry_total=0).get_token(SCOPE)
