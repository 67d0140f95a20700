"""The claims of an identity, as views use them."""

import json
from typing import Any

import pytest

from tests.kit.sites import Site


def replies_of(site: Site, path: str) -> list[Any]:
    """Return what the view answers to a session and to a bearer token."""
    browser = site.browser()
    browser.sign_in()
    return [browser.get(path).json, json.loads(site.api(path, site.world.access_token(roles=["Role.1"])).text)]


@pytest.mark.parametrize("path", ["/claims", "/async/claims"])
def test_the_claims_are_json(site: Site, path: str) -> None:
    """jsonify, json.dumps and JsonResponse take them as they are."""
    for claims in replies_of(site, path):
        assert claims["oid"] == site.world.ada.object_id
        assert "nonce" not in claims


def test_a_view_that_changes_the_claims_changes_only_its_copy(site: Site) -> None:
    """Not those of its request, nor those of the session or of the bearer token."""
    browser = site.browser()
    site.world.tenant.assign_role(site.world.ada, site.world.web, "Role.1")
    browser.sign_in()
    assert browser.get("/claims/changed").json == ["Role.1"]
    assert browser.get("/claims").json["roles"] == ["Role.1"]
    token = site.world.access_token(roles=["Role.1"])
    assert site.api("/claims/changed", token).json == ["Role.1"]
    assert site.api("/claims", token).json["roles"] == ["Role.1"]
