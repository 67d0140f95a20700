"""The examples of the README. The other checks of documents apply to it too."""

from pathlib import Path

import pytest
from flask import Flask

from tests.kit.documents import ROOT, snippets_of
from webidentity.cli import _register_app
from webidentity.testing import LocalTenant, TenantBrowser, serve


def first_python(name: str, beginning: str) -> str:
    """Return the first Python snippet of a document that begins like this, without comments behind the code."""
    snippets = [each.text for each in snippets_of(ROOT / name) if each.language == "python"]
    text = next(text for text in snippets if text.startswith(beginning))
    return "\n".join(line.partition("  # ")[0] for line in text.splitlines())


def test_the_flask_example_signs_in_and_greets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is a whole application: it runs with the settings that the command gives it."""
    example = first_python("README.md", "from datetime")
    assert len(example.splitlines()) <= 15
    tenant = LocalTenant(sample_users=True)
    monkeypatch.chdir(tmp_path)
    with serve(tenant):
        for name, value in _register_app(tenant, [5000]).items():
            monkeypatch.setenv(name, value)
        file = tmp_path / "app.py"
        file.write_text(example)
        module: dict[str, object] = {"__name__": "app", "__file__": str(file)}
        exec(compile(example, str(file), "exec"), module)
        app = module["app"]
        assert isinstance(app, Flask)
        client = app.test_client()
        started = client.get("/", base_url="http://localhost:5000", headers={"Accept": "text/html"})
        back = TenantBrowser(tenant).sign_in(started.headers["Location"], "ada@tenant.test")
        home = client.get(back, follow_redirects=True)
    assert home.text.startswith("Hello Ada Lovelace! Your token for Microsoft Graph is valid until ")


@pytest.mark.parametrize(
    ("page", "beginning"), [("docs/flask.md", "from datetime"), ("docs/django.md", "# settings.py")]
)
def test_the_page_of_a_framework_starts_with_the_same_example(page: str, beginning: str) -> None:
    """A reader who goes on from the README there has nothing to change. The page's example is executed."""
    assert first_python("README.md", beginning) == first_python(page, beginning)
