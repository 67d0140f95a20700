"""UsernamePasswordCredential with hostile, slow or broken servers: the password is sent once, to the right one."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError

from tests.kit.canned import Canned, Reply, Sent, lines_of
from tests.kit.drivers import Credential, Driver
from tests.kit.federation import WS_TRUST_13, metadata
from tests.kit.joined_callers import AllJoined
from tests.kit.records import all_logs, shown_of
from tests.kit.replies import CLIENT, SCOPE, refusal
from tests.kit.signing_in import signed_in

USER, PASSWORD = "ada@tenant.test", "canary <pass> & word"
TRUST = "https://sts.tenant.test/adfs/services/trust"
METADATA = metadata((WS_TRUST_13, f"{TRUST}/13/usernamemixed"))
XML = {"Content-Type": "text/xml; charset=utf-8"}
FAULT = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Reason><s:Text>'
    "You sent canary &lt;pass&gt; &amp; word.</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
)
pytestmark = pytest.mark.filterwarnings("ignore:UsernamePasswordCredential is deprecated:DeprecationWarning")

Outcome = Reply | Exception


class Organization:
    """A user's authority and, if there is one, federation server."""

    def __init__(
        self,
        token: Outcome | None = None,
        *,
        realm: dict[str, Any] | None = None,
        metadata: Outcome | None = None,
        trust: Outcome | None = None,
    ) -> None:
        federated = {"account_type": "Federated", "federation_protocol": "WSTrust"}
        located = {**federated, "federation_metadata_url": f"{TRUST}/mex"}
        self.realm = realm or (located if metadata or trust else {"account_type": "Managed"})
        self.token, self.trust = token or signed_in(), trust or Reply(FAULT, 500, XML)
        self.metadata = metadata or Reply(METADATA, 200, XML)
        self.bodies: list[bytes] = []
        self.network = Canned(answer=self._answer)

    def transport(self) -> Any:
        return self.network.transport()

    def aio_transport(self) -> Any:
        return self.network.aio_transport()

    def paths(self) -> list[str]:
        """The last segments of the requests' addresses, in order."""
        return [sent.url.partition("?")[0].rpartition("/")[2] for sent in self.network.sent]

    def _answer(self, sent: Sent) -> Outcome:
        if "/userrealm/" in sent.url:
            return Reply(self.realm)
        if sent.url.endswith("/mex"):
            return self.metadata
        return self.trust if sent.url.startswith(TRUST) else self.token


Make = Callable[..., Credential]


@pytest.fixture
def make(driver: Driver) -> Make:
    """Makes credentials with azure-core's number of retries, without pauses."""

    def made(at: Organization, **options: Any) -> Credential:
        given = {"retry_backoff_factor": 0, **options}
        return driver.credential("UsernamePasswordCredential", at, CLIENT, USER, PASSWORD, **given)

    return made


TROUBLES: dict[str, Outcome] = {
    "no answer": requests.exceptions.ReadTimeout("late"),
    "busy": Reply({"error": "temporarily_unavailable"}, 503),
    "throttled": Reply({"error": "temporarily_unavailable"}, 429),
    "broken": Reply("<html>", 500),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_password_is_sent_once(make: Make, trouble: str) -> None:
    """A failed request is not repeated: the server may have counted a wrong password, and a few lock the account."""
    at_entra = Organization(TROUBLES[trouble])
    with pytest.raises(AzureError):
        make(at_entra).get_token(SCOPE)
    assert at_entra.paths().count("token") == 1
    at_home = Organization(trust=TROUBLES[trouble])
    with pytest.raises(AzureError):
        make(at_home).get_token(SCOPE)
    assert at_home.paths().count("usernamemixed") == 1
    assert "token" not in at_home.paths()


def test_concurrent_callers_send_a_wrong_password_once(driver: Driver, make: Make, all_joined: AllJoined) -> None:
    """Each of them gets the refusal."""
    organization = Organization(refusal("invalid_grant", "AADSTS50126: wrong.", error_codes=[50126]))
    organization.network.before = all_joined(64)
    credential = make(organization)
    outcomes = driver.together([lambda: credential.raw.get_token(SCOPE)] * 64)
    assert all("AADSTS50126" in str(outcome) for outcome in outcomes)
    assert organization.paths().count("token") == 1


OUTCOMES: dict[str, Callable[[], Organization]] = {
    "a refusal that echoes": lambda: Organization(refusal("invalid_grant", f"{USER} sent {PASSWORD}.")),
    "a page that echoes": lambda: Organization(Reply(PASSWORD, 500)),
    "a fault that echoes": lambda: Organization(trust=Reply(FAULT, 500, XML)),
    "a fault with a success status": lambda: Organization(trust=Reply(FAULT, 200, XML)),
    "metadata without an end": lambda: Organization(metadata=Reply("<a>" * 300_000, 200, XML)),
    "no answer": lambda: Organization(requests.exceptions.ReadTimeout("late")),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_password_stays_secret(make: Make, outcome: str) -> None:
    """No reply of a server makes the password visible."""
    with all_logs() as logs:
        credential = make(OUTCOMES[outcome](), logging_enable=True)
        with pytest.raises(AzureError) as caught:
            credential.get_token(SCOPE)
    text = lines_of([repr(credential.raw), repr(credential.raw._user.sign_in), shown_of(caught.value), *logs.texts])
    assert logs.texts
    assert not [word for word in (PASSWORD, "canary", "%3Cpass%3E", "&lt;pass&gt;") if word in text]
    assert USER not in lines_of(logs.texts)
    assert "ada%40tenant.test" not in lines_of(logs.texts)


@pytest.mark.parametrize(
    "organization",
    [
        Organization(realm={"account_type": "Federated", "federation_protocol": "SAML"}),
        Organization(realm={"account_type": "Federated", "federation_protocol": "WSTrust"}),
        Organization(
            realm={
                "account_type": "Federated",
                "federation_protocol": "WSTrust",
                "federation_metadata_url": "http://sts.tenant.test/mex",
            }
        ),
        Organization(metadata=Reply(METADATA.replace("https://sts", "http://sts"), 200, XML)),
        Organization(metadata=Reply(METADATA.replace("https://sts", "https://ada:x@sts"), 200, XML)),
        Organization(metadata=Reply(f"<!DOCTYPE x [<!ENTITY a 'b'>]>{METADATA}", 200, XML)),
        Organization(metadata=Reply(b"", 302, {"Location": f"{TRUST}/other"})),
        Organization(trust=Reply(b"", 307, {"Location": "https://evil.test/"})),
    ],
)
def test_password_is_sent_to_no_other_server(make: Make, organization: Organization) -> None:
    """The password is not sent over http or after a redirect."""
    with pytest.raises(AzureError, match=r"federation server"):
        make(organization).get_token(SCOPE)
    assert {sent.url.split("/")[2] for sent in organization.network.sent} <= {
        "login.microsoftonline.com",
        "sts.tenant.test",
    }
    assert "token" not in organization.paths()
    with_password = [sent for sent in organization.network.sent if sent.method == "POST"]
    assert all(sent.url.startswith(f"{TRUST}/") for sent in with_password)
