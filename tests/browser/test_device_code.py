"""Tests of the tenant's device code pages over HTTP."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from webidentity.testing import App, LocalTenant, serve


@pytest.fixture
def tenant() -> Iterator[LocalTenant]:
    tenant = LocalTenant()
    tenant.add_user("ada@tenant.test", password="ada-password", name="Ada Lovelace")
    with serve(tenant):
        yield tenant


@pytest.fixture
def tool(tenant: LocalTenant) -> App:
    return tenant.add_app("Tool", public_client=True)


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    page.set_viewport_size({"width": 360, "height": 640})
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    assert not errors, "the console has errors, for example a violation of the Content-Security-Policy"


def post(tenant: LocalTenant, endpoint: str, **form: str) -> dict[str, Any]:
    url = f"{tenant.tenant_url}/oauth2/v2.0/{endpoint}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, urlencode(form).encode()), timeout=20) as response:
            return dict(json.load(response))
    except HTTPError as error:
        with error:
            return dict(json.load(error))


def poll(tenant: LocalTenant, tool: App, device: dict[str, Any]) -> dict[str, Any]:
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    return post(tenant, "token", grant_type=grant, client_id=tool.client_id, device_code=device["device_code"])


def sign_in(page: Page, device: dict[str, Any]) -> None:
    page.goto(device["verification_uri"])
    page.get_by_label("Code").fill(device["user_code"].lower())
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Username").fill("ada@tenant.test")
    page.get_by_label("Password").fill("ada-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(device["user_code"])).to_be_visible()


def test_approved_device_gets_a_token(tenant: LocalTenant, tool: App, page: Page) -> None:
    device = post(tenant, "devicecode", client_id=tool.client_id, scope="openid User.Read")
    sign_in(page, device)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="You have signed in")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "access_token" in poll(tenant, tool, device)


def test_declined_device_gets_an_error(tenant: LocalTenant, tool: App, page: Page) -> None:
    device = post(tenant, "devicecode", client_id=tool.client_id, scope="openid User.Read")
    sign_in(page, device)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="You declined the sign-in")).to_be_visible()
    assert poll(tenant, tool, device)["error"] == "authorization_declined"
