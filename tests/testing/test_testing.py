"""The package: lazy imports, reprs without secrets, and the tenant's own methods."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

import webidentity.testing
from webidentity.testing import LocalTenant
from webidentity.testing.directory._state import BoundedTable


def test_every_public_name_can_be_imported():
    for name in webidentity.testing.__all__:
        assert getattr(webidentity.testing, name).__name__ == name
    assert dir(webidentity.testing) == sorted(webidentity.testing.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = webidentity.testing.nothing


@pytest.mark.parametrize("module", ["webidentity.testing", "webidentity.testing.pytest_plugin"])
def test_importing_loads_nothing_heavy(module):
    program = (
        f"import sys, {module}; "
        "print(sorted({'jwt', 'cryptography', 'azure', 'msal', 'flask', 'django'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stdout.strip() == "[]"


def test_the_tenant_needs_neither_msal_nor_a_framework():
    program = (
        "import sys; from webidentity.testing import LocalTenant, serve, TenantBrowser; LocalTenant().transport(); "
        "LocalTenant().aio_transport(); "
        "print(sorted({'msal', 'flask', 'django', 'requests', 'aiohttp', 'azure.identity'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stdout.strip() == "[]"


def test_reprs_show_no_secret(scene):
    _, reply = scene.redeem(
        scene.code(code_challenge=scene.challenge, code_challenge_method="S256"), code_verifier=scene.verifier
    )
    shown = repr((scene.tenant, scene.tenant._state, scene.tenant.users, scene.tenant.apps, scene.browser))
    for secret in ("ada-password", "web-secret", reply["refresh_token"], reply["access_token"], scene.challenge):
        assert secret not in shown
    code = scene.code()
    held = scene.tenant._state.codes.get(code)
    token = scene.tenant._state.refresh_tokens.get(reply["refresh_token"])
    assert code not in repr(held)
    assert "the-nonce" not in repr(held)
    assert "ada-password" not in repr((held, token))


def test_ids_are_the_same_in_each_run():
    first, second = LocalTenant(), LocalTenant()
    assert first.add_app("Web") == second.add_app("Web")
    assert first.add_user("a", password="p", name="A") == second.add_user("a", password="p", name="A")


def test_duplicate_names_are_refused(scene):
    with pytest.raises(ValueError, match="already has a user"):
        scene.tenant.add_user("ADA@tenant.test", password="p", name="Another Ada")
    with pytest.raises(ValueError, match="already has an app"):
        scene.tenant.add_app("Files Web")
    with pytest.raises(ValueError, match="already has an app"):
        scene.tenant.add_app("Other", identifier_uri=scene.api.identifier_uri)


def test_a_full_table_drops_the_oldest_entry():
    table = BoundedTable[int](limit=2)
    for number, name in enumerate("abc"):
        table.put(name, number)
    assert list(table) == ["b", "c"]
    assert (len(table), table.get("a"), table.get("c")) == (2, None, 2)
    table.drop("missing")


def test_threads_redeem_one_code_once(scene):
    code, statuses = scene.code(), []
    threads = [threading.Thread(target=lambda: statuses.append(scene.redeem(code)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 7


def test_minted_tokens(scene):
    token = scene.tenant.mint_access_token(
        client=scene.web, resource=scene.api, user=scene.ada, scopes=["Files.Read"], roles=["Admin"], tid=None, extra=1
    )
    claims = scene.claims(token)
    assert (claims["scp"], claims["roles"], claims["extra"]) == ("Files.Read", ["Admin"], 1)
    assert "tid" not in claims
    app_only = scene.claims(scene.tenant.mint_access_token(client=scene.web, resource=scene.api, roles=["Admin"]))
    assert app_only["idtyp"] == "app"
    assert scene.claims(scene.tenant.mint_id_token(client=scene.web, user=scene.ada, nonce="n"))["nonce"] == "n"
