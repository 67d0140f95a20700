"""Which modules an import loads, and the error when a framework is not installed."""

import json
import os
import subprocess
import sys
import textwrap
from functools import cache

import pytest


def run(code: str) -> str:
    """Run the code in a new interpreter and return what it prints."""
    # Measuring the coverage of the new process would load modules that the code under test does not.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@cache
def modules_after(statement: str) -> set[str]:
    """Return the names of the modules that are loaded once the statement has run."""
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
    """Each public name loads its module on first use."""
    loaded = modules_after("import webidentity")
    assert name not in loaded
    assert "webidentity" in loaded


@pytest.mark.parametrize("name", ["subprocess", "asyncio", "shutil", "webidentity._transport.programs"])
def test_a_tool_credential_loads_subprocess_on_its_first_call(name: str) -> None:
    """A chain constructs many credentials that it never calls."""
    assert name not in modules_after("import webidentity\nwebidentity.AzureCliCredential()")


@pytest.mark.parametrize("package", ["webidentity", "webidentity.aio"])
def test_constructing_a_chain_loads_no_machinery_of_its_members(package: str) -> None:
    """No subprocess, HTTP server, browser, cryptography or msal is loaded before the first call."""
    loaded = modules_after(f"import {package}\n{package}.DefaultAzureCredential()")
    heavy = {"asyncio", "subprocess", "http.server", "webbrowser", "requests", "cryptography", "sqlite3", "msal"}
    ours = {"webidentity._flows.browser_sign_in", "webidentity._flows.federated_password"}
    assert not loaded & {*heavy, "msal_extensions", "azure.identity", *ours}
    assert "webidentity._credentials.azure_cli" in loaded


@pytest.mark.parametrize("module", ["webidentity.web", "webidentity.web._site"])
@pytest.mark.parametrize("name", ["msal", "flask", "django", "werkzeug", "aiohttp", "webidentity.testing"])
def test_the_web_package_loads_no_framework(module: str, name: str) -> None:
    """It loads neither msal nor the local tenant either."""
    assert name not in modules_after(f"import {module}")


@pytest.mark.parametrize(("adapter", "framework"), [("webidentity_flask", "django"), ("webidentity_django", "flask")])
def test_an_adapter_loads_only_its_own_framework(adapter: str, framework: str) -> None:
    """It does not load the local tenant either."""
    loaded = modules_after(f"import {adapter}")
    assert framework not in loaded
    assert "webidentity.testing" not in loaded


#: Modules that a site needs only some time after its start, if at all.
_LATER = {
    "requests",
    "urllib3",
    "charset_normalizer",
    "http.client",
    "asyncio",
    "subprocess",
    "concurrent.futures.thread",
    "jwt",
    "cryptography.x509",
}
_DJANGO = "import asgiref.sync, django.http, django.urls, django.contrib.auth.decorators, django.views.decorators.csrf"


@pytest.mark.parametrize(
    ("adapter", "framework"),
    [
        ("import webidentity_flask", "import flask"),
        ("import webidentity_django.middleware, webidentity_django.urls", _DJANGO),
    ],
)
def test_an_adapter_loads_only_what_a_sign_in_page_needs(adapter: str, framework: str) -> None:
    """HTTP libraries are loaded with the first request to the authority, and asyncio by async sites only."""
    loaded = modules_after(adapter) - modules_after(framework)
    assert "webidentity.web._sign_in" in loaded
    assert not loaded & _LATER


def test_sync_sites_never_load_asyncio() -> None:
    """Neither do the threads that send their requests. It would take 2 MB of each process."""
    modules = "webidentity.web._site, webidentity._transport.threads, webidentity._transport.limited_transport"
    assert not modules_after(f"import {modules}") & {"asyncio", "subprocess"}


@pytest.mark.parametrize(
    ("adapter", "framework", "said"),
    [
        ("webidentity_flask", "flask", "webidentity_flask needs Flask: pip install 'webidentity[flask]'"),
        ("webidentity_django", "django", "webidentity_django needs Django: pip install 'webidentity[django]'"),
    ],
)
def test_an_adapter_without_its_framework_says_which_extra_to_install(adapter: str, framework: str, said: str) -> None:
    """The error is an ImportError whose cause is the original one."""
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
    """Every package has an ``__all__``, and every name in it exists."""
    ours = ("webidentity", "webidentity.aio", "webidentity.cache", "webidentity.testing", "webidentity.web")
    for package in (*ours, "webidentity_flask", "webidentity_django"):
        run(f"import {package} as p\nassert p.__all__\nfor name in p.__all__: getattr(p, name)")
