"""The federation server: its metadata, and the exchange of a password for an assertion."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from html import escape
from xml.etree import ElementTree as ET

import pytest

from webidentity.testing.saml_assertion import SAML_1_1, SAML_2_0

TRUST = "https://login.tenant.test/adfs/services/trust"
NAMESPACES = {
    "13": "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
    "2005": "http://schemas.xmlsoap.org/ws/2005/02/trust",
}
BEARERS = {
    "13": "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
    "2005": "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey",
}
S = "{http://www.w3.org/2003/05/soap-envelope}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
GRANTS = {
    SAML_1_1: "urn:ietf:params:oauth:grant-type:saml1_1-bearer",
    SAML_2_0: "urn:ietf:params:oauth:grant-type:saml2-bearer",
}

TEMPLATE = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://www.w3.org/2005/08/addressing"
 xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">
<s:Header><a:Action s:mustUnderstand="1">{action}</a:Action><a:MessageID>urn:uuid:1&lt;2</a:MessageID>
<a:To s:mustUnderstand="1">{to}</a:To>
<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">
<u:Timestamp><u:Created>{created}</u:Created><u:Expires>{expires}</u:Expires></u:Timestamp>
<o:UsernameToken><o:Username>{username}</o:Username><o:Password{kind}>{password}</o:Password></o:UsernameToken>
</o:Security></s:Header>
<s:Body><t:RequestSecurityToken xmlns:t="{namespace}">
<p:AppliesTo xmlns:p="http://schemas.xmlsoap.org/ws/2004/09/policy"><a:EndpointReference>
<a:Address>{applies_to}</a:Address></a:EndpointReference></p:AppliesTo>
<t:KeyType>{key_type}</t:KeyType><t:RequestType>{request_type}</t:RequestType>{token_type}
</t:RequestSecurityToken></s:Body></s:Envelope>"""


def stamp(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def kay(scene):
    scene.tenant.grant_admin_consent(scene.public, scene.api, ["Files.Read"])
    return scene.tenant.add_user("kay.o'neil@fed.test", password='<kay> & "co"', name="Kay", federated=True)


@pytest.fixture
def trust(scene, kay):
    def ask(version="13", *, content_type="application/soap+xml; charset=utf-8", body=None, **changes):
        url = f"{TRUST}/{version}/usernamemixed"
        namespace = NAMESPACES[version]
        fields = {
            "action": f"{namespace}/RST/Issue",
            "to": url,
            "created": stamp(scene.clock()),
            "expires": stamp(scene.clock() + 600),
            "username": kay.username,
            "password": escape(kay.password),
            "kind": "",
            "namespace": namespace,
            "applies_to": "urn:federation:MicrosoftOnline",
            "key_type": BEARERS[version],
            "request_type": f"{namespace}/Issue",
            "token_type": "",
            **changes,
        }
        if changes.get("token_type"):
            fields["token_type"] = f"<t:TokenType>{changes['token_type']}</t:TokenType>"
        sent = body if body is not None else TEMPLATE.format(**fields)
        response = scene.send("POST", url, sent.encode(), {"Content-Type": content_type})
        assert response.header("Content-Type") == "application/soap+xml; charset=utf-8"
        return response.status, response.body.decode()

    return ask


def assertion_of(text):
    return re.search(r"<t:RequestedSecurityToken>(.*)</t:RequestedSecurityToken>", text)[1]


def redeem(scene, text, token_type=SAML_1_1, **form):
    encoded = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
    return scene.request(
        GRANTS[token_type],
        client=scene.public,
        **{"assertion": encoded, "scope": f"openid profile offline_access {scene.files_read}", **form},
    )


def code_of(reply):
    return reply[1]["error_codes"]


class TestMetadata:
    """The MEX document."""

    @pytest.fixture
    def document(self, scene):
        response = scene.send("GET", f"{TRUST}/mex")
        assert response.status == 200
        assert response.header("Content-Type").startswith("text/xml")
        return ET.fromstring(response.body)

    def test_an_endpoint_for_each_version(self, document):
        addresses = {
            port.find(".//{http://www.w3.org/2005/08/addressing}Address").text for port in document.iter(f"{WSDL}port")
        }
        assert {f"{TRUST}/13/usernamemixed", f"{TRUST}/2005/usernamemixed"} <= addresses

    def test_bindings_and_policies_refer_to_each_other(self, document):
        policy = "{http://schemas.xmlsoap.org/ws/2004/09/policy}"
        wsu = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
        policies = {f"#{found.get(f'{wsu}Id')}" for found in document.findall(f"{policy}Policy")}
        bindings = {found.get("name"): found for found in document.findall(f"{WSDL}binding")}
        assert {found.find(f"{policy}PolicyReference").get("URI") for found in bindings.values()} == policies
        assert len(policies) == len(bindings) == 4
        ports = [port.get("binding").removeprefix("tns:") for port in document.iter(f"{WSDL}port")]
        assert sorted(ports) == sorted(bindings)

    def test_msal_finds_the_newer_endpoint(self, scene):
        from msal.mex import Mex

        found = Mex(scene.send("GET", f"{TRUST}/mex").body.decode()).get_wstrust_username_password_endpoint()
        assert found == {"address": f"{TRUST}/13/usernamemixed", "action": f"{NAMESPACES['13']}/RST/Issue"}

    def test_methods_and_paths(self, scene):
        assert scene.send("POST", f"{TRUST}/mex").status == 405
        assert scene.send("GET", f"{TRUST}/13/usernamemixed").header("Allow") == "POST"
        assert scene.send("POST", f"{TRUST}/13/windowstransport").status == 404
        assert scene.send("GET", "https://login.tenant.test/adfs").status == 404


class TestAssertions:
    """A password becomes an assertion, and the assertion tokens."""

    @pytest.mark.parametrize("version", ["13", "2005"])
    @pytest.mark.parametrize("token_type", [SAML_1_1, SAML_2_0])
    def test_issued_and_redeemed(self, scene, trust, kay, version, token_type):
        status, text = trust(version, token_type=token_type)
        assert status == 200, text
        assert f"<t:TokenType>{token_type}</t:TokenType>" in text
        assert "<a:RelatesTo>urn:uuid:1&lt;2</a:RelatesTo>" in text
        assert kay.password not in text
        envelope = ET.fromstring(text)
        responses = envelope.findall(f".//{{{NAMESPACES[version]}}}RequestSecurityTokenResponse")
        assert len(responses) == 1
        inside = envelope.find(f"{S}Body")[0].tag
        assert inside.endswith("ResponseCollection" if version == "13" else "Response")
        status, reply = redeem(scene, assertion_of(text), token_type, client_info="1")
        assert status == 200, reply
        assert scene.claims(reply["access_token"])["oid"] == kay.object_id
        assert scene.claims(reply["id_token"])["preferred_username"] == kay.username
        assert reply["client_info"]
        assert scene.request("refresh_token", client=scene.public, refresh_token=reply["refresh_token"])[0] == 200

    def test_saml_1_1_unless_asked_otherwise(self, trust):
        assert f"<t:TokenType>{SAML_1_1}</t:TokenType>" in trust()[1]

    @pytest.mark.parametrize(("profile", "token_type"), [("SAMLV1.1", SAML_1_1), ("SAMLV2.0", SAML_2_0)])
    def test_the_profiles_names(self, trust, profile, token_type):
        name = f"http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#{profile}"
        text = trust(token_type=name)[1]
        assert f"<t:TokenType>{name}</t:TokenType>" in text
        assert f'xmlns:saml="{token_type}"' in text

    def test_a_password_type_that_is_named(self, trust):
        name = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
        assert trust(kind=f' Type="{name}"')[0] == 200
        assert trust(kind=f' Type="{name.replace("Text", "Digest")}"')[0] == 500

    @pytest.mark.parametrize("token_type", [SAML_1_1, SAML_2_0])
    def test_an_assertion_is_its_own_canonical_form(self, trust, token_type):
        """So that the signature is one that any implementation of XML Signature computes."""
        assertion = assertion_of(trust(token_type=token_type)[1])
        assert ET.canonicalize(assertion) == assertion


class TestFaults:
    """What the server refuses, as SOAP."""

    @pytest.mark.parametrize(
        ("changes", "subcode", "reason"),
        [
            ({"password": "wrong"}, "FailedAuthentication", "ID3242"),
            ({"username": "nobody@fed.test"}, "FailedAuthentication", "ID3242"),
            ({"username": "ada@tenant.test", "password": "ada-password"}, "FailedAuthentication", "ID3242"),
            ({"applies_to": "urn:someone:else"}, "RequestFailed", "MSIS3127"),
            ({"expires": stamp(1_800_000_000 - 301)}, "InvalidSecurity", "Timestamp"),
            ({"created": stamp(1_800_000_000 + 301)}, "InvalidSecurity", "Timestamp"),
            ({"created": "yesterday"}, "InvalidSecurity", "Timestamp"),
            ({"action": "urn:other"}, "ActionNotSupported", "RST/Issue"),
            ({"to": "https://evil.test/"}, "DestinationUnreachable", "usernamemixed"),
            ({"namespace": NAMESPACES["2005"]}, "InvalidRequest", "issue a token"),
            ({"request_type": "urn:renew"}, "InvalidRequest", "issue a token"),
            ({"token_type": "urn:other"}, "BadRequest", "SAML"),
            ({"key_type": "urn:symmetric"}, "BadRequest", "Bearer"),
            ({"content_type": "text/xml"}, "Malformed", "application/soap[+]xml"),
            ({"body": "<a/>"}, "Malformed", "SOAP 1.2"),
            ({"body": "<a"}, "Malformed", "well-formed"),
            ({"body": "<!DOCTYPE a><a/>"}, "Malformed", "document type"),
            ({"body": f'<s:Envelope xmlns:s="{S[1:-1]}"/>'}, "ActionNotSupported", "RST/Issue"),
        ],
    )
    def test_refused(self, trust, changes, subcode, reason):
        status, text = trust(**changes)
        assert status == 500
        fault = ET.fromstring(text).find(f"{S}Body/{S}Fault")
        assert fault.find(f"{S}Code/{S}Subcode/{S}Value").text == f"f:{subcode}"
        assert re.search(reason, fault.find(f"{S}Reason/{S}Text").text)
        assert "password</o" not in text

    def test_a_wrong_password_and_an_unknown_user_are_the_same(self, trust):
        assert trust(password="wrong") == trust(username="nobody@fed.test")

    def test_msal_reads_the_fault(self, trust):
        from msal.wstrust_response import parse_error

        assert parse_error(trust(password="wrong")[1])["code"] == "f:FailedAuthentication"


class TestRedemption:
    """Only what this server issued for this tenant is worth anything."""

    @pytest.fixture
    def assertion(self, trust):
        return assertion_of(trust()[1])

    def test_plain_base64_is_taken_too(self, scene, assertion):
        padded = base64.b64encode((assertion + "\n").encode()).decode()
        assert redeem(scene, "", assertion=padded)[0] == 200

    @pytest.mark.parametrize("value", ["!", "YQ", "/w", base64.b64encode(b"<!DOCTYPE a><a/>").decode()])
    def test_what_is_no_assertion(self, scene, value):
        assert code_of(redeem(scene, "", assertion=value)) == [50008]

    def test_missing_parameters(self, scene, assertion):
        assert code_of(scene.request(GRANTS[SAML_1_1], client=scene.public, scope="openid")) == [900144]
        assert code_of(scene.request(GRANTS[SAML_1_1], client=scene.public, assertion="YQ")) == [900144]

    def test_the_other_grant(self, scene, assertion):
        assert code_of(redeem(scene, assertion, SAML_2_0)) == [50008]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("urn:federation:MicrosoftOnline", "urn:someone:else"),
            ("2027-01-15T09:00:00Z", "2037-01-15T09:00:00Z"),
            ("kay.o'neil@fed.test", "ada@tenant.test"),
            ("<saml:Subject>", "<saml:Subject >"),
            ("<ds:SignatureValue>", "<ds:SignatureValue>A"),
            ("</ds:Signature>", "</ds:Signature><ds:Signature xmlns:ds='urn:x'></ds:Signature>"),
        ],
    )
    def test_changed(self, scene, assertion, old, new):
        assert old in assertion
        assert code_of(redeem(scene, assertion.replace(old, new))) == [50013]

    def test_another_subject(self, scene, kay, assertion):
        assert code_of(redeem(scene, assertion.replace(kay.object_id, scene.ada.object_id))) == [50013]

    def test_without_its_signature(self, scene, assertion):
        bare = re.sub(r"<ds:Signature .*</ds:Signature>", "", assertion)
        assert code_of(redeem(scene, bare)) == [50013]

    def test_wrapped(self, scene, assertion):
        forged = assertion.replace("<saml:Conditions", f"<saml:Advice>{assertion}</saml:Advice><saml:Conditions", 1)
        assert code_of(redeem(scene, forged)) == [50013]
        inner = f'<saml:Assertion xmlns:saml="{SAML_1_1}">{assertion}</saml:Assertion>'
        assert code_of(redeem(scene, inner)) == [50013]

    def test_of_another_tenant(self, scene, kay, assertion):
        from webidentity.testing import LocalTenant

        other = LocalTenant(clock=scene.clock)
        other.add_user(kay.username, password="p", name="Kay", federated=True)
        native = other.add_app("Native", public_client=True)
        there = type(scene)(other, scene.clock, kay, kay, native, native, native)
        assert code_of(redeem(there, assertion, scope="User.Read")) == [50013]

    def test_expired(self, scene, assertion):
        scene.clock.move(3599)
        assert redeem(scene, assertion)[0] == 200
        scene.clock.move(1)
        assert code_of(redeem(scene, assertion)) == [500133]

    def test_revoked(self, scene, kay, assertion):
        scene.tenant.revoke(kay)
        assert code_of(redeem(scene, assertion)) == [50173]

    def test_consent_and_conditional_access(self, scene, kay, assertion):
        assert code_of(redeem(scene, assertion, scope="User.Read")) == [65001]
        scene.tenant.require_claims(kay, scene.api, '{"access_token": {"acrs": {"value": "c1"}}}')
        assert redeem(scene, assertion)[1]["error"] == "interaction_required"

    def test_a_confidential_client_must_authenticate(self, scene, assertion):
        encoded = base64.urlsafe_b64encode(assertion.encode()).decode()
        form = {
            "grant_type": GRANTS[SAML_1_1],
            "client_id": scene.web.client_id,
            "assertion": encoded,
            "scope": "openid",
        }
        assert code_of(scene.post(form)) == [7000218]

    def test_no_assertion_in_a_refusal(self, scene, kay, assertion):
        _, error = redeem(scene, assertion.replace(kay.object_id, scene.ada.object_id))
        assert "saml" not in str(error)


def test_the_sign_in_page_stands_for_the_servers(scene, kay):
    url = scene.browser.sign_in(scene.authorize_url(), kay.username, kay.password)
    assert "code=" in url
