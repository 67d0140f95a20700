"""The device authorization endpoint and the device code grant."""

from __future__ import annotations

import json
import string
from urllib.parse import urlencode

import pytest

from webidentity.testing import LocalTenant

STEP_UP = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'


def refusal(reply):
    status, error = reply
    return status, error["error"], error["error_codes"]


PENDING = (400, "authorization_pending", [70016])
SLOW_DOWN = (400, "slow_down", [50196])


def begin(scene, body, method="POST"):
    response = scene.send(
        method,
        f"{scene.tenant.tenant_url}/oauth2/v2.0/devicecode",
        urlencode(body).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    return response.status, json.loads(response.body)


class TestTheCode:
    """The device authorization response."""

    def test_the_reply(self, scene):
        device = scene.device()
        assert device["verification_uri"] == "https://login.tenant.test/devicelogin"
        assert (device["expires_in"], device["interval"]) == (900, 5)
        assert len(device["user_code"]) == 9
        assert set(device["user_code"]) <= set(string.ascii_uppercase) - set("AEIOUY")
        assert device["user_code"] in device["message"]
        assert device["verification_uri"] in device["message"]
        assert len(device["device_code"]) > 40

    def test_lifetime_and_interval_can_be_set(self, scene, clock):
        tenant = LocalTenant(clock=clock, device_code_lifetime=60, device_code_interval=1)
        app = tenant.add_app("Native", public_client=True)
        user = tenant.add_user("ada@tenant.test", password="p", name="Ada")
        scene = type(scene)(tenant, clock, user, user, app, app, app)
        device = scene.device(scope="User.Read")
        assert (device["expires_in"], device["interval"]) == (60, 1)
        clock.move(60)
        assert refusal(scene.poll(device)) == (400, "expired_token", [70020])

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"client_id": None}, 900144),
            ({"client_id": "anonymous"}, 700016),
            ({"scope": None}, 900144),
            ({"scope": "Nope"}, 70011),
            ({"scope": "api://unknown/x"}, 500011),
            ({"claims": "nonsense"}, 9002313),
        ],
    )
    def test_refused(self, scene, changes, code):
        body = {"client_id": scene.public.client_id, "scope": "openid", **changes}
        status, error = begin(scene, {name: value for name, value in body.items() if value is not None})
        assert (status, error["error_codes"]) == (400, [code])
        assert not scene.tenant.pending_device_codes

    def test_only_post(self, scene):
        assert begin(scene, {}, "GET")[1]["error_codes"] == [900561]

    def test_metadata_names_the_endpoint(self, scene):
        _, document = scene.get_json(f"{scene.tenant.tenant_url}/v2.0/.well-known/openid-configuration")
        assert document["device_authorization_endpoint"] == f"{scene.tenant.tenant_url}/oauth2/v2.0/devicecode"


class TestPolling:
    """The token endpoint's answers to a device that polls."""

    def test_pending_then_tokens(self, scene):
        device = scene.device()
        assert refusal(scene.poll(device)) == PENDING
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        status, reply = scene.poll(device, client_info="1")
        assert status == 200
        claims = scene.claims(reply["access_token"])
        assert (claims["oid"], claims["azp"]) == (scene.ada.object_id, scene.public.client_id)
        assert claims["azpacr"] == "0"
        assert scene.claims(reply["id_token"])["preferred_username"] == "ada@tenant.test"
        assert reply["refresh_token"]
        assert reply["client_info"]
        assert scene.request("refresh_token", client=scene.public, refresh_token=reply["refresh_token"])[0] == 200

    def test_the_parameter_name_of_the_first_version_is_accepted(self, scene):
        device = scene.device()
        scene.tenant.approve_device_code(device["user_code"], "ada@tenant.test")
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        assert scene.request(grant, client=scene.public, code=device["device_code"])[0] == 200

    def test_declined(self, scene):
        device = scene.device()
        scene.tenant.decline_device_code(device["user_code"])
        assert refusal(scene.poll(device)) == (400, "authorization_declined", [70017])

    def test_expired(self, scene):
        device = scene.device()
        scene.clock.move(899)
        assert refusal(scene.poll(device)) == PENDING
        scene.clock.move(1)
        assert refusal(scene.poll(device)) == (400, "expired_token", [70020])

    def test_approved_too_late_for_the_device(self, scene):
        device = scene.device()
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        scene.clock.move(900)
        assert refusal(scene.poll(device)) == (400, "expired_token", [70020])

    def test_used_once(self, scene):
        device = scene.device()
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        assert scene.poll(device)[0] == 200
        assert refusal(scene.poll(device)) == (400, "invalid_grant", [54005])

    def test_unknown(self, scene):
        assert refusal(scene.poll({"device_code": "x"})) == (400, "bad_verification_code", [70018])

    def test_missing(self, scene):
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        assert scene.request(grant, client=scene.public)[1]["error_codes"] == [900144]

    def test_of_another_client(self, scene):
        device = scene.device()
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        assert refusal(scene.poll(device, client=scene.web)) == (400, "bad_verification_code", [70018])
        assert scene.poll(device)[0] == 200

    def test_a_confidential_client_must_authenticate(self, scene):
        device = scene.device(client=scene.web)
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        grant = {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "client_id": scene.web.client_id,
            "device_code": device["device_code"],
        }
        assert scene.post(grant)[1]["error_codes"] == [7000218]
        assert scene.poll(device, client=scene.web)[0] == 200

    def test_a_revocation_before_the_redemption_is_refused(self, scene):
        device = scene.device()
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        scene.tenant.revoke(scene.ada)
        assert scene.poll(device)[1]["error_codes"] == [50173]

    def test_fast_polling_is_accepted_by_default(self, scene):
        device = scene.device()
        assert [refusal(scene.poll(device)) for _ in range(3)] == [PENDING] * 3

    def test_fast_polling_is_answered_with_slow_down_if_configured(self, scene):
        scene.tenant._state.slow_down = True
        device = scene.device()
        assert refusal(scene.poll(device)) == PENDING
        scene.clock.move(3)
        assert refusal(scene.poll(device)) == SLOW_DOWN
        scene.clock.move(5)
        assert refusal(scene.poll(device)) == SLOW_DOWN, "the interval is five seconds longer now"
        scene.clock.move(15)
        assert refusal(scene.poll(device)) == PENDING
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        assert scene.poll(device)[0] == 200, "an approved device is not slowed down"


class TestClaims:
    """Conditional access."""

    def test_claims_of_the_request_are_satisfied_by_the_sign_in(self, scene):
        scene.tenant.require_claims(scene.ada, scene.api, STEP_UP)
        device = scene.device(claims=STEP_UP)
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        _, reply = scene.poll(device)
        assert scene.claims(reply["access_token"])["acrs"] == ["c1"]

    def test_claims_of_the_token_request_are_satisfied_by_the_sign_in(self, scene):
        scene.tenant.require_claims(scene.ada, scene.api, STEP_UP)
        device = scene.device()
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        assert refusal(scene.poll(device)) == (400, "interaction_required", [50076])
        _, reply = scene.poll(device, claims=STEP_UP)
        assert scene.claims(reply["access_token"])["acrs"] == ["c1"]

    def test_an_earlier_sign_in_does_not_satisfy_claims(self, scene):
        first = scene.device()
        scene.browser.enter_device_code(
            first["verification_uri"], first["user_code"], "ada@tenant.test", "ada-password"
        )
        scene.clock.move(60)
        scene.tenant.require_claims(scene.ada, scene.api, STEP_UP)
        device = scene.device()
        scene.browser.enter_device_code(device["verification_uri"], device["user_code"], "ada@tenant.test", "")
        assert refusal(scene.poll(device, claims=STEP_UP)) == (400, "interaction_required", [50076])

    def test_capabilities(self, scene):
        device = scene.device(claims='{"access_token": {"xms_cc": {"values": ["CP1"]}}}')
        scene.tenant.approve_device_code(device["user_code"], scene.ada)
        assert scene.claims(scene.poll(device)[1]["access_token"])["xms_cc"] == ["CP1"]


class TestForTests:
    """approve_device_code, decline_device_code and pending_device_codes."""

    def test_pending_codes(self, scene):
        first, second = scene.device(), scene.device()
        scene.poll(first)
        codes = (first["user_code"], second["user_code"])
        assert scene.tenant.pending_device_codes == codes
        scene.tenant.approve_device_code(codes[0], scene.ada)
        assert scene.tenant.pending_device_codes == codes[1:]
        scene.clock.move(900)
        assert scene.tenant.pending_device_codes == ()

    def test_unknown_used_and_expired_codes_raise_value_error(self, scene):
        device = scene.device()
        scene.tenant.decline_device_code(device["user_code"].lower())
        with pytest.raises(ValueError, match="already used"):
            scene.tenant.approve_device_code(device["user_code"], scene.ada)
        with pytest.raises(ValueError, match="code is unknown"):
            scene.tenant.decline_device_code("BCDFGHJKL")
        late = scene.device()
        scene.clock.move(900)
        with pytest.raises(ValueError, match="has expired"):
            scene.tenant.approve_device_code(late["user_code"], scene.ada)

    def test_no_code_in_a_repr(self, scene):
        device = scene.device()
        shown = repr(scene.tenant._state) + repr(scene.tenant._state.device_codes.get(device["device_code"]))
        assert device["device_code"] not in shown
        assert device["user_code"] not in shown
