"""The resource owner password credentials grant."""

from __future__ import annotations

import pytest

STEP_UP = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'


@pytest.fixture
def consented(scene):
    scene.tenant.grant_admin_consent(scene.public, scene.api, ["Files.Read"])
    scene.tenant.grant_admin_consent(scene.web, scene.api, ["Files.Read"])
    return scene


def ask(scene, client=None, **changes):
    form = {"username": "ada@tenant.test", "password": "ada-password", "scope": scene.files_read, **changes}
    given = {name: value for name, value in form.items() if value is not None}
    return scene.request("password", client=client or scene.public, **given)


def test_a_public_client(consented):
    status, reply = ask(consented)
    assert status == 200
    assert consented.claims(reply["access_token"])["oid"] == consented.ada.object_id
    assert {"refresh_token", "id_token", "client_info", "foci"}.isdisjoint(reply)


def test_everything_that_may_come_with_it(consented):
    scope = f"openid profile offline_access {consented.files_read}"
    _, reply = ask(consented, scope=scope, client_info="1", username="ADA@tenant.test")
    assert consented.claims(reply["id_token"])["name"] == "Ada Lovelace"
    assert reply["client_info"]
    refresh = reply["refresh_token"]
    assert consented.request("refresh_token", client=consented.public, refresh_token=refresh)[0] == 200


def test_a_confidential_client_must_authenticate(consented):
    assert ask(consented, consented.web)[0] == 200
    assert ask(consented, consented.web, client_secret="wrong")[1]["error_codes"] == [7000215]
    form = {
        "grant_type": "password",
        "client_id": consented.web.client_id,
        "username": "ada@tenant.test",
        "password": "ada-password",
        "scope": consented.files_read,
    }
    assert consented.post(form)[1]["error_codes"] == [7000218]


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"password": "wrong"}, "invalid_grant", 50126),
        ({"password": "ADA-PASSWORD"}, "invalid_grant", 50126),
        ({"username": "unknown@tenant.test"}, "invalid_grant", 50034),
        ({"username": None}, "invalid_request", 900144),
        ({"password": None}, "invalid_request", 900144),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "User.Read"}, "invalid_grant", 65001),
        ({"claims": STEP_UP}, "interaction_required", 50076),
    ],
)
def test_refused(consented, changes, error, code):
    status, reply = ask(consented, **changes)
    assert (status, reply["error"], reply["error_codes"]) == (400, error, [code])
    assert "ada-password" not in str(reply)


def test_conditional_access_needs_a_person(consented):
    consented.tenant.require_claims(consented.ada, consented.api, STEP_UP)
    for claims in (None, STEP_UP):
        _, error = ask(consented, claims=claims)
        assert (error["error"], error["claims"]) == ("interaction_required", STEP_UP)
