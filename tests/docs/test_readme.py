"""What the README prints works as printed."""

import re
from pathlib import Path

import pytest
from flask import Flask

from webidentity.cli import _register_app
from webidentity.testing import LocalTenant, TenantBrowser, serve

README = Path(__file__).parents[2] / "README.md"


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)


def test_the_flask_example_signs_in_and_greets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first Python block is a whole application: it runs with the settings that the command gives it."""
    example = code_blocks("python")[0]
    assert len(example.splitlines()) <= 15
    tenant = LocalTenant()
    tenant.add_user("ada@tenant.test", password="ada-password", name="Ada Lovelace")
    monkeypatch.chdir(tmp_path)
    with serve(tenant):
        for name, value in _register_app(tenant, [5000]).items():
            monkeypatch.setenv(name, value)
        module: dict[str, object] = {"__name__": "app", "__file__": str(tmp_path / "app.py")}
        Path(tmp_path / "app.py").write_text(example)
        exec(compile(example, str(tmp_path / "app.py"), "exec"), module)
        app = module["app"]
        assert isinstance(app, Flask)
        client = app.test_client()
        started = client.get("/", base_url="http://localhost:5000", headers={"Accept": "text/html"})
        back = TenantBrowser(tenant).sign_in(started.headers["Location"], "ada@tenant.test", "ada-password")
        home = client.get(back, follow_redirects=True)
    assert home.text.startswith("Hello Ada Lovelace! Your token for Microsoft Graph is valid until ")


def test_the_first_commands_exist() -> None:
    makefile = README.with_name("Makefile").read_text()
    for command in re.findall(r"^make (\w+)", code_blocks("sh")[0], re.MULTILINE):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)


def test_every_linked_page_exists() -> None:
    for page in [README, *sorted((README.parent / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
