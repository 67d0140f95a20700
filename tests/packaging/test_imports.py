"""What an import loads, and the error if a dependency is not installed."""

import json
import subprocess
import sys
import textwrap
from functools import cache

import pytest


def run(code: str) -> str:
    """Run the code in a new interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@cache
def modules_after(statement: str) -> set[str]:
    """Return the names of the modules that are loaded after the statement."""
    return set(json.loads(run(f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))")))


@pytest.mark.parametrize(
    "name",
    [
        "msal",
        "requests",
        "aiohttp",
        "flask",
        "django",
        "werkzeug",
        "cryptography",
        "jwt",
        "webidentity.testing",
        "asyncio",
    ],
)
def test_importing_the_package_loads_no_dependency(name: str) -> None:
    """Public names are loaded on first use."""
    loaded = modules_after("import webidentity")
    assert name not in loaded
    assert "webidentity" in loaded


@pytest.mark.parametrize("name", ["subprocess", "asyncio", "shutil", "webidentity._transport.programs"])
def test_a_tool_credential_loads_subprocess_at_its_first_call(name: str) -> None:
    """A chain creates many credentials that are never called."""
    assert name not in modules_after("import webidentity\nwebidentity.AzureCliCredential()")


@pytest.mark.parametrize("package", ["webidentity", "webidentity.aio"])
def test_a_chain_loads_nothing_for_members_that_are_not_called(package: str) -> None:
    """Not subprocess, an HTTP server or code for federation servers."""
    loaded = modules_after(f"import {package}\n{package}.DefaultAzureCredential()")
    heavy = {"asyncio", "subprocess", "http.server", "webbrowser", "requests", "cryptography", "sqlite3", "msal"}
    ours = {"webidentity._flows.browser_sign_in", "webidentity._protocol.xml_message"}
    assert not loaded & {*heavy, "msal_extensions", "azure.identity", *ours}
    assert "webidentity._credentials.azure_cli" in loaded


@pytest.mark.parametrize("module", ["webidentity.web", "webidentity.web._site"])
@pytest.mark.parametrize("name", ["msal", "flask", "django", "werkzeug", "aiohttp", "webidentity.testing"])
def test_webidentity_web_loads_no_framework(module: str, name: str) -> None:
    """Nor msal, nor the local tenant."""
    assert name not in modules_after(f"import {module}")


@pytest.mark.parametrize(("adapter", "framework"), [("webidentity_flask", "django"), ("webidentity_django", "flask")])
def test_an_adapter_loads_only_its_own_framework(adapter: str, framework: str) -> None:
    """And not the local tenant."""
    loaded = modules_after(f"import {adapter}")
    assert framework not in loaded
    assert "webidentity.testing" not in loaded


@pytest.mark.parametrize(
    ("adapter", "framework", "said"),
    [
        ("webidentity_flask", "flask", "webidentity_flask needs Flask: pip install 'webidentity[flask]'"),
        ("webidentity_django", "django", "webidentity_django needs Django: pip install 'webidentity[django]'"),
    ],
)
def test_an_adapter_without_its_framework_names_the_extra(adapter: str, framework: str, said: str) -> None:
    """As an ImportError with the original one as its cause."""
    printed = run(
        f"""
        import sys

        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == {framework!r}:
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

        sys.meta_path.insert(0, Missing())
        try:
            import {adapter}
        except ImportError as error:
            print(error, "|", type(error.__cause__).__name__)
        """
    )
    assert printed == f"{said} | ModuleNotFoundError"


def test_every_public_name_can_be_imported() -> None:
    """Each name in ``__all__``."""
    for package in ("webidentity", "webidentity.aio", "webidentity.web", "webidentity.testing", "webidentity_flask"):
        run(f"import {package} as p\nfor name in getattr(p, '__all__', ()): getattr(p, name)")
