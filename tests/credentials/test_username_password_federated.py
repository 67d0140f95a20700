"""UsernamePasswordCredential with a federation server: the requests that msal makes, and what each reply leads to."""

import asyncio
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msal.authority
import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

import webidentity
import webidentity.aio
from tests.kit.canned import Reply, Sent
from tests.kit.clock import Clock
from tests.kit.drivers import Credential, Driver
from tests.kit.federation import (
    ASSERTION,
    ENDPOINT,
    MEX,
    SAML_1,
    SAML_2,
    WS_TRUST_13,
    WS_TRUST_2005,
    XML,
    Federated,
    envelope_of,
    fault,
    federated,
    issued,
    metadata,
    serve_federated,
)
from tests.kit.replies import CLIENT, SCOPE
from webidentity import EntraError

USERNAME, PASSWORD = "kay.o'neil@fed.test", '<p> & "w"'
PASSWORDS = ["simple", "a&b<c>\"d'e", "]]>", "ü ß ✓ 🔑", "tab\tline\n.", " spaces ", "%20+&amp;", "x" * 200]
AD_FS = "https://fed.test/adfs/services/trust"
#: One entity within another, a billion times when expanded.
BOMB = "<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'><!ENTITY c '&b;&b;&b;'>]>"
EXTERNAL = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"
Make = Callable[..., Credential]

pytestmark = pytest.mark.filterwarnings("ignore:UsernamePasswordCredential is deprecated:DeprecationWarning")


@pytest.fixture
def make(driver: Driver) -> Make:
    """Makes credentials over canned replies."""

    def made(at: Federated, username: str = USERNAME, password: str = PASSWORD, **options: Any) -> Credential:
        return driver.credential("UsernamePasswordCredential", at.network, CLIENT, username, password, **options)

    return made


def posts_of(at: Federated) -> list[str]:
    """Return the addresses of the requests with a password."""
    return [sent.url for sent in at.network.sent if "Password>" in sent.body or "password" in sent.form]


def test_federated_user_signs_in_over_sockets(driver: Driver, tmp_path: Path) -> None:
    """The sign-in works with the real transports over TLS."""
    at = Federated()
    with serve_federated(at, tmp_path) as (base, certificate):
        at.realm = federated(f"{base}/mex")
        at.mex = Reply(metadata((WS_TRUST_13, f"{base}/13")), 200, XML)
        credential = driver.tool(
            "UsernamePasswordCredential",
            client_id=CLIENT,
            username=USERNAME,
            password=PASSWORD,
            authority=base,
            connection_verify=certificate,
        )
        assert credential.get_token(SCOPE).token == "access-token"
        credential.close()
    assert [url.removeprefix(base).partition("?")[0] for url in at.urls] == [
        "/common/userrealm/kay.o%27neil%40fed.test",
        "/mex",
        "/13",
        "/organizations/oauth2/v2.0/token",
    ]
    assert posts_of(at) == [f"{base}/13"]
    assert at.assertion == ASSERTION


def test_requests_follow_the_specifications(make: Make, clock: Clock) -> None:
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
    assert trust.headers["Content-type"] == "application/soap+xml; charset=utf-8"
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


@pytest.mark.parametrize("version", [WS_TRUST_13, WS_TRUST_2005])
def test_envelope_carries_the_username_the_password_and_the_audience(make: Make, version: Any) -> None:
    """The envelopes of both versions of WS-Trust have the three values."""
    at = Federated(
        federated(cloud_audience_urn="urn:federation:cloud"),
        Reply(metadata((version, ENDPOINT))),
        issued(version=version),
    )
    make(at).get_token(SCOPE)
    sent = envelope_of(at.network.sent[2].body)
    assert sent["Action"] == version.action
    assert sent["To"] == ENDPOINT
    assert (sent["Username"], sent["Password"]) == (USERNAME, PASSWORD)
    assert sent["RequestType"] == f"{version.namespace}/Issue"
    assert sent["Created"] < sent["Expires"]
    # The last address is the audience.
    assert sent["Address"].strip() == "urn:federation:cloud"


@pytest.mark.parametrize("password", PASSWORDS, ids=range(len(PASSWORDS)))
def test_password_reaches_the_federation_server_unchanged(make: Make, password: str) -> None:
    """The server receives any characters of the password unchanged."""
    at = Federated()
    make(at, password=password).get_token(SCOPE)
    assert envelope_of(at.network.sent[2].body)["Password"] == password


@pytest.mark.parametrize("password", ["canary\x07", "canary\rx", "canary\ufffe", "canary\x00"])
def test_password_that_xml_would_change_is_not_sent(make: Make, password: str) -> None:
    """The server would count the changed password as a wrong one, and a few of those lock the account."""
    at = Federated()
    with pytest.raises(ClientAuthenticationError, match="control character") as caught:
        make(at, password=password).get_token(SCOPE)
    assert at.urls[1:] == [MEX]
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("order", [(WS_TRUST_13, WS_TRUST_2005), (WS_TRUST_2005, WS_TRUST_13)])
def test_ws_trust_1_3_is_preferred(make: Make, order: Any) -> None:
    """The order of the endpoints in the metadata does not matter."""
    urls = {WS_TRUST_13: "https://fed.test/newer", WS_TRUST_2005: "https://fed.test/older"}
    at = Federated(mex=Reply(metadata(*((version, urls[version]) for version in order))))
    make(at).get_token(SCOPE)
    assert at.urls[2] == "https://fed.test/newer"


@pytest.mark.parametrize(("token_type", "grant"), [(SAML_1, "saml1_1-bearer"), (SAML_2, "saml2-bearer")])
def test_token_type_selects_the_grant(make: Make, token_type: str, grant: str) -> None:
    """SAML 1.1 or SAML 2.0."""
    at = Federated(trust=issued(f'<Assertion xmlns="{token_type}"/>', token_type=token_type))
    make(at).get_token(SCOPE)
    assert at.network.forms[-1]["grant_type"] == f"urn:ietf:params:oauth:grant-type:{grant}"


@pytest.mark.parametrize(
    "assertion",
    [
        f"<saml:Assertion xmlns:saml='{SAML_1}' a=\"1 > 0\" b = '\"/>'  >x</saml:Assertion >",
        f'<s:Assertion xmlns:s="{SAML_2}"><!-- comment --><?pi > ?>Zoë ✓ 🔑 &#xe9;&amp;\n\t</s:Assertion>',
        f'<s:Assertion xmlns:s="{SAML_1}"><s:Assertion>nested</s:Assertion><s:Advice/></s:Assertion>',
        f"<s:Assertion\nxmlns:s='{SAML_1}'\n/>",
    ],
    ids=["quotes", "comments", "nested", "empty"],
)
def test_assertion_is_redeemed_as_it_was_signed(make: Make, assertion: str) -> None:
    """Byte for byte: a rewritten assertion has no valid signature."""
    at = Federated(trust=issued(assertion))
    make(at).get_token(SCOPE)
    assert at.assertion == assertion


@pytest.mark.parametrize("status", [500, 400, 401, 429, 503, 408, 200])
@pytest.mark.parametrize("options", [{}, {"retry_total": 5, "retry_status": 5, "retry_on_status_codes": [400, 401]}])
def test_fault_is_not_retried(make: Make, status: int, options: dict[str, Any]) -> None:
    """No status and no retry setting repeats the request, because each may count as a wrong password."""
    at = Federated(trust=fault(status=status))
    with pytest.raises(
        EntraError, match=rf"HTTP {status}\): ID3242: no\. User name or password may be wrong\.$"
    ) as caught:
        make(at, **options).get_token(SCOPE)
    assert at.urls[1:] == [MEX, ENDPOINT]
    assert caught.value.error == "invalid_grant"
    assert caught.value.response is not None


def test_other_faults_do_not_blame_the_password(make: Make) -> None:
    """The message has the server's reason."""
    with pytest.raises(EntraError, match=r"refused the request \(HTTP 500\): MSIS3127: unknown\.$") as caught:
        make(Federated(trust=fault("MSIS3127: unknown.", "a:RequestFailed"))).get_token(SCOPE)
    assert caught.value.error is None


def test_password_is_not_sent_again_after_a_broken_connection(make: Make) -> None:
    """The server may have read it."""
    at = Federated(trust=OSError("reset"))
    with pytest.raises(Exception, match="reset"):
        make(at).get_token(SCOPE)
    assert at.urls[2:] == [ENDPOINT]


def test_realm_and_metadata_are_retried(make: Make) -> None:
    """These requests have no password."""
    busy = Reply("", 503, {"Retry-After": "0"})
    realms, documents = [busy, federated()], [busy, Reply(metadata((WS_TRUST_13, ENDPOINT)))]
    at = Federated(lambda _: realms.pop(0), lambda _: documents.pop(0))
    make(at).get_token(SCOPE)
    assert len(at.urls) == 6
    assert posts_of(at) == [ENDPOINT]


@pytest.mark.parametrize(
    "trust",
    [
        Reply("", 200, XML),
        Reply("<html>", 200, XML),
        Reply(f"{BOMB}<a>&c;</a>", 200, XML),
        Reply(f"{EXTERNAL}{issued().body!s}", 200, XML),
        Reply(f"<a>{'x' * (1 << 20)}</a>", 200, XML),
        Reply(f"<a>{'<RequestSecurityTokenResponse/>' * 30_000}</a>", 200, XML),
        issued(token_type=None),
        issued(token_type="urn:other"),
        Reply(str(issued().body).replace("RequestedSecurityToken", "RequestedToken"), 200, XML),
        Reply(b"\xff\xfe\xfa", 200, {"Content-Type": "text/xml; charset=utf-8"}),
        Reply("x", 200, {"Content-Type": "text/xml; charset=no-such"}),
        Reply("", 302, {"Location": "https://evil.test"}),
        Reply("", 307, {"Location": "https://evil.test"}),
    ],
)
def test_reply_without_an_assertion_is_an_error(make: Make, trust: Reply) -> None:
    """No assertion is redeemed, and the password is not sent to another endpoint."""
    at = Federated(trust=trust)
    with pytest.raises(EntraError, match=r"sent no SAML assertion \(HTTP (200|302|307)\)$"):
        make(at).get_token(SCOPE)
    assert at.urls[2:] == [ENDPOINT]


NO_ENDPOINT = {
    "a page": Reply("<html>"),
    "an error": Reply(metadata((WS_TRUST_13, ENDPOINT)), 404),
    "a redirect": Reply("", 302, {"Location": "https://evil.test/mex"}),
    "an entity bomb": Reply(BOMB + metadata((WS_TRUST_13, ENDPOINT))),
    "an external entity": Reply(EXTERNAL + metadata((WS_TRUST_13, ENDPOINT))),
    "too long": Reply(f"<a>{'x' * (1 << 20)}</a>"),
    "without an end": Reply("<a>" * 300_000),
    "deep": Reply("<a>" * 140_000 + "</a>" * 140_000),
    "http": Reply(metadata((WS_TRUST_13, "http://fed.test/13"), (WS_TRUST_2005, "http://fed.test/2005"))),
    "http on this machine": Reply(metadata((WS_TRUST_13, "http://127.0.0.1:1/13"))),
    "a username in the address": Reply(metadata((WS_TRUST_13, "https://ada:x@fed.test/13"))),
    "no host": Reply(metadata((WS_TRUST_13, "https:///13"))),
    "no address": Reply(metadata((WS_TRUST_13, ""))),
    "no TLS": Reply(metadata((WS_TRUST_13, ENDPOINT), transport=False)),
    "no password": Reply(metadata((WS_TRUST_13, ENDPOINT), token=False)),
    "no endpoint": Reply(metadata()),
    "no binding": Reply(metadata((WS_TRUST_13, ENDPOINT)).replace("tns:b0", "tns:other")),
    "half a binding": Reply(metadata((WS_TRUST_13, ENDPOINT)).replace("soap12:binding", "soap12:other")),
    "another action": Reply(metadata((WS_TRUST_13, ENDPOINT)).replace("/RST/Issue", "/RST/Renew")),
}


@pytest.mark.parametrize("mex", NO_ENDPOINT.values(), ids=list(NO_ENDPOINT))
def test_without_a_secure_endpoint_no_password_is_sent(make: Make, mex: Reply) -> None:
    """The error names the credentials to use instead."""
    at = Federated(mex=mex)
    with pytest.raises(ClientAuthenticationError, match=r"no endpoint .*Use InteractiveBrowserCredential or"):
        make(at, retry_total=0).get_token(SCOPE)
    assert at.urls[1:] == [MEX]
    assert posts_of(at) == []


def test_https_endpoint_is_chosen_over_a_newer_http_one(make: Make) -> None:
    """An endpoint over http does not count."""
    at = Federated(
        mex=Reply(metadata((WS_TRUST_13, "http://fed.test/13"), (WS_TRUST_2005, "https://fed.test/2005"))),
        trust=issued(version=WS_TRUST_2005),
    )
    make(at).get_token(SCOPE)
    assert at.urls[2] == "https://fed.test/2005"


@pytest.mark.parametrize(("path", "version"), [("13", WS_TRUST_13), ("2005", WS_TRUST_2005)])
@pytest.mark.parametrize("base", [AD_FS, "http://127.0.0.1:1/adfs/services/trust"])
def test_endpoint_of_the_realm_is_used_without_metadata(make: Make, path: str, version: Any, base: str) -> None:
    """Its address of AD FS contains the version. On this machine it needs no TLS."""
    url = f"{base}/{path}/usernamemixed"
    at = Federated(federated("", federation_active_auth_url=url), trust=issued(version=version))
    make(at).get_token(SCOPE)
    assert at.urls[1] == url
    assert at.network.sent[1].headers["SOAPAction"] == version.action


def test_network_failure_is_an_error_of_azure_core(make: Make) -> None:
    """The error is the same as from any Azure SDK client."""
    from requests.exceptions import ConnectTimeout

    with pytest.raises(ServiceRequestError):
        make(Federated(mex=ConnectTimeout("no route")), retry_total=0).get_token(SCOPE)


def test_what_msal_remembers_of_authorities_does_not_matter(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password goes to the federation server even if msal remembers that the authority has no realms."""
    remembered = {"login.microsoftonline.com"}
    monkeypatch.setattr(msal.authority.Authority, "_domains_without_user_realm_discovery", remembered)
    at = Federated()
    make(at).get_token(SCOPE)
    assert posts_of(at) == [ENDPOINT]
    assert remembered == {"login.microsoftonline.com"}


def test_password_that_msal_would_send_to_the_authority_is_not_sent(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should msal ever take the user for a managed one."""
    monkeypatch.setattr(msal.authority.Authority, "user_realm_discovery", lambda *_, **__: {})
    at = Federated()
    with pytest.raises(ClientAuthenticationError, match="no endpoint"):
        make(at).get_token(SCOPE)
    assert len(at.urls) == 1


def test_msal_adds_no_warning_of_its_own(make: Make) -> None:
    """The constructor has warned already."""
    credential = make(Federated())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        credential.get_token(SCOPE)
    assert not caught


def test_cancelled_sign_in_sends_no_password() -> None:
    """The task is cancelled while it waits for the metadata."""

    async def main() -> None:
        task: Any = None

        def cancel(_: Sent) -> Reply:
            loop.call_soon_threadsafe(task.cancel)
            return Reply(metadata((WS_TRUST_13, ENDPOINT)))

        at, loop = Federated(mex=cancel, latency=0.05), asyncio.get_running_loop()
        credential = webidentity.aio.UsernamePasswordCredential(
            CLIENT, USERNAME, PASSWORD, transport=at.network.aio_transport()
        )
        task = asyncio.create_task(credential.get_token(SCOPE))
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.3)
        assert at.urls[1:] == [MEX]

    asyncio.run(main())


@pytest.mark.parametrize("number", [64])
def test_many_users_sign_in_at_the_same_time(driver: Driver, number: int) -> None:
    """More than there are threads for blocking calls."""
    at = Federated(latency=0.01)
    credentials = [
        driver.credential("UsernamePasswordCredential", at.network, CLIENT, f"user{each}@fed.test", PASSWORD)
        for each in range(number)
    ]
    outcomes = driver.together([lambda each=each: each.raw.get_token(SCOPE) for each in credentials])
    assert {getattr(outcome, "token", outcome) for outcome in outcomes} == {"access-token"}
    assert len(posts_of(at)) == number
