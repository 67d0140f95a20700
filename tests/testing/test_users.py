"""Users: the sample users, and methods that accept a User or a username."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import webidentity.testing
from webidentity.testing import LocalTenant, SignInError, TenantBrowser

CLAIMS = {"access_token": {"acrs": {"essential": True, "value": "c1"}}}

#: A call of every public method with a user.
CALLS: dict[str, Callable[[Any, Any], object]] = {
    "LocalTenant.user": lambda scene, user: scene.tenant.user(user),
    "LocalTenant.assign_role": lambda scene, user: scene.tenant.assign_role(user, scene.api, "Admin"),
    "LocalTenant.grant_consent": lambda scene, user: scene.tenant.grant_consent(
        user, scene.web, scene.api, ["Files.Read"]
    ),
    "LocalTenant.require_claims": lambda scene, user: scene.tenant.require_claims(user, scene.api, CLAIMS),
    "LocalTenant.revoke": lambda scene, user: scene.tenant.revoke(user),
    "LocalTenant.approve_device_code": lambda scene, user: scene.tenant.approve_device_code(
        scene.device()["user_code"], user
    ),
    "LocalTenant.mint_access_token": lambda scene, user: scene.tenant.mint_access_token(
        client=scene.web, resource=scene.api, user=user
    ),
    "LocalTenant.mint_id_token": lambda scene, user: scene.tenant.mint_id_token(client=scene.web, user=user),
    "TenantBrowser.sign_in": lambda scene, user: scene.browser.sign_in(scene.authorize_url(), user),
    "TenantBrowser.sign_in_form_post": lambda scene, user: scene.browser.sign_in_form_post(
        scene.authorize_url(response_mode="form_post"), user
    ),
    "TenantBrowser.enter_device_code": lambda scene, user: scene.browser.enter_device_code(
        "https://login.tenant.test/devicelogin", scene.device()["user_code"], user
    ),
}


def test_every_method_that_takes_a_user_is_in_the_table():
    found = {
        f"{kind.__name__}.{name}"
        for kind in (getattr(webidentity.testing, name) for name in webidentity.testing.__all__)
        if inspect.isclass(kind)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and {"user", "principal"} & set(inspect.signature(method).parameters)
    }
    assert found == set(CALLS)


@pytest.mark.parametrize("method", CALLS)
def test_a_user_is_accepted(scene, method):
    CALLS[method](scene, scene.ada)


@pytest.mark.parametrize("method", CALLS)
def test_a_username_is_accepted_in_any_case(scene, method):
    CALLS[method](scene, "ADA@tenant.test")


@pytest.mark.parametrize("method", CALLS)
def test_an_unknown_username_is_refused_with_the_known_ones(scene, method):
    with pytest.raises(KeyError, match=r"no user 'tim@tenant.test'. Its users are: ada@tenant.test, grace@tenant.test"):
        CALLS[method](scene, "tim@tenant.test")


def test_a_role_goes_to_the_user_with_the_username(scene):
    scene.tenant.assign_role("ada@tenant.test", scene.api, "Admin")
    token = scene.tenant.mint_access_token(client=scene.web, resource=scene.api, user="ada@tenant.test")
    assert scene.claims(token)["roles"] == ["Admin"]


def test_a_new_tenant_has_no_users_and_says_how_to_add_them():
    tenant = LocalTenant()
    assert tenant.users == ()
    with pytest.raises(KeyError, match=r"It has no users at all: LocalTenant\(sample_users=True\).*add_user\('ada'"):
        tenant.user("ada")


def test_the_sign_in_page_of_a_tenant_without_users_says_so(scene):
    tenant = LocalTenant(clock=scene.clock)
    tenant.add_app("Files Web", secrets=["s"], redirect_uris=[scene.callback])
    tenant.add_app("Files API", scopes={"Files.Read": "Read your files"})
    with pytest.raises(SignInError, match=r"This local tenant has no users.*Users of this tenant: none"):
        TenantBrowser(tenant).sign_in(scene.authorize_url(), "ada@tenant.test", "ada-password")


def test_the_sample_users_sign_in_with_the_documented_passwords(scene):
    tenant = LocalTenant(sample_users=True)
    assert [(user.username, user.password, user.name) for user in tenant.users] == [
        ("ada@tenant.test", "ada-password", "Ada Lovelace"),
        ("grace@tenant.test", "grace-password", "Grace Hopper"),
    ]


def test_the_browser_enters_another_password_when_one_is_given(scene):
    for user in (scene.ada, "ada@tenant.test"):
        with pytest.raises(SignInError, match="AADSTS50126"):
            scene.browser.sign_in(scene.authorize_url(), user, "wrong")


def test_a_refused_sign_in_of_an_unknown_user_names_the_known_ones(scene):
    with pytest.raises(SignInError, match=r"AADSTS50034.*Users of this tenant: ada@tenant.test, grace@tenant.test"):
        scene.browser.sign_in(scene.authorize_url(), "tim@tenant.test", "x")
