"""The credentials of developer tools, azure-identity's and ours, with the same fake programs."""

import gc
import json
import time
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import azure.identity
import azure.identity.aio
import pytest

import webidentity
import webidentity.aio
from tests.kit.drivers import Driver
from tests.kit.programs import Programs, is_running, soon
from tests.kit.replies import TENANT
from tests.kit.tool_cases import (
    AZ,
    AZD,
    CASES,
    CLAIMS,
    EPOCH,
    FAILED,
    PROGRAMS,
    PWSH,
    SCOPE,
    TOKEN,
    UNAVAILABLE,
    Case,
    failed,
    printed,
)


def outcome_of(driver: Driver, package: Any, case: Case) -> Any:
    """Return the error, or the token."""
    options = dict(case.options)
    scopes = options.pop("scopes", (SCOPE,))
    try:
        return driver.tool(case.credential, package=package, **case.arguments).get_token(*scopes, **options)
    except Exception as error:
        return error


def kind_of(outcome: Any) -> str:
    return type(outcome).__name__ if isinstance(outcome, Exception) else ""


def live_in(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    """Set a time zone for the test."""
    with pytest.MonkeyPatch.context() as patched:
        # Where azure-identity reads azd's times correctly.
        live_in("UTC", patched)
        yield
    time.tzset()


@pytest.mark.parametrize("name", CASES)
def test_both_have_the_same_outcome(driver: Driver, programs: Programs, name: str) -> None:
    """Both libraries return the same token, or raise the same class of error with the same text."""
    case = CASES[name]
    if case.program is not None:
        programs.install(PROGRAMS[case.credential], **case.program)
    ours = outcome_of(driver, webidentity, case)
    runs = len(programs.runs)
    theirs = outcome_of(driver, azure.identity, case)
    assert kind_of(ours) == case.error, ours
    assert kind_of(theirs) == (case.error if case.theirs is None else case.theirs), theirs
    assert bool(case.reason) == (case.theirs is not None)
    if case.error:
        assert case.phrase in str(ours)
        # Their texts are broken into lines here and there.
        assert case.theirs or case.phrase in " ".join(str(theirs).replace("then,once", "then, once").split())
        assert isinstance(ours, Exception)
        assert runs in {0, 1}
    else:
        assert (ours.token, ours.expires_on) == ("tok", EPOCH)
        assert case.theirs or (theirs.token, theirs.expires_on) == (ours.token, ours.expires_on)


@pytest.mark.parametrize(
    ("credential", "arguments", "scopes", "options"),
    [
        (AZ, {}, (SCOPE,), {}),
        (AZ, {"tenant_id": TENANT, "subscription": "My own_sub.1"}, ("https://x/y",), {}),
        (AZ, {"tenant_id": "a", "additionally_allowed_tenants": ["b"]}, (SCOPE,), {"tenant_id": "b"}),
        (AZ, {"tenant_id": "a", "additionally_allowed_tenants": ["*"]}, (SCOPE,), {"tenant_id": "c"}),
        (AZ, {}, (SCOPE,), {"tenant_id": TENANT, "enable_cae": True}),
        (AZD, {}, (SCOPE, "https://graph.microsoft.com/.default"), {}),
        (AZD, {"tenant_id": TENANT}, (SCOPE,), {"claims": CLAIMS}),
    ],
)
def test_the_tools_are_run_in_the_same_way(
    driver: Driver,
    programs: Programs,
    credential: str,
    arguments: dict[str, Any],
    scopes: tuple[str, ...],
    options: dict[str, Any],
) -> None:
    """Both libraries use the same command line, folder, input, and variable that turns colours off."""
    both = {**json.loads(printed(accessToken="t", expires_on=5)["stdout"]), "token": "t"}
    programs.install(PROGRAMS[credential], **printed(**both, expiresOn="2033-05-18T03:33:19Z"))
    for package in (webidentity, azure.identity):
        driver.tool(credential, package=package, **arguments).get_token(*scopes, **options)
    ours, theirs = programs.runs
    assert ours.arguments == theirs.arguments
    assert (ours.folder, ours.input) == (theirs.folder, theirs.input)
    ignored = {"PWD", "OLDPWD", "SHLVL", "_"}
    switches = {name: value for name, value in ours.environment.items() if name not in ignored}
    assert switches == {name: value for name, value in theirs.environment.items() if name not in ignored}


def test_powershell_is_run_in_the_same_way(driver: Driver, programs: Programs) -> None:
    """Only the script differs, and the shell that azure-identity uses to start it."""
    programs.install("pwsh", f"azsdk%tok%{EPOCH}\n")
    for package in (webidentity, azure.identity):
        driver.tool(PWSH, package=package).get_token(SCOPE)
    ours, theirs = programs.runs
    assert ours.arguments[:3] == theirs.arguments[:3] == ["-NoProfile", "-NonInteractive", "-EncodedCommand"]
    assert (ours.folder, ours.input) == (theirs.folder, theirs.input)


@pytest.mark.parametrize(
    ("credential", "phrase"),
    [
        (AZ, "Failed to invoke the Azure CLI"),
        (AZD, "Failed to invoke the Azure Developer CLI"),
        (PWSH, "Failed to invoke PowerShell."),
    ],
)
def test_a_timeout_is_the_same_error(
    programs: Programs, caplog: pytest.LogCaptureFixture, credential: str, phrase: str
) -> None:
    """The error is that of azure-identity's sync classes; ours also says how long it waited."""
    programs.install(PROGRAMS[credential], seconds=10 if credential == PWSH else 3)
    # A log record would keep a reference to the process after the test.
    caplog.set_level("CRITICAL", "azure.identity")
    with warnings.catch_warnings():
        # azure-identity neither waits for PowerShell to end nor closes its pipes.
        warnings.simplefilter("ignore", ResourceWarning)
        raised = [error_of(package, credential, phrase) for package in (webidentity, azure.identity)]
        gc.collect()
    assert raised == [UNAVAILABLE, UNAVAILABLE]
    if credential == PWSH:
        # azure-identity's process continues, and may show up only now.
        programs.end(soon(lambda: next((run for run in programs.runs if is_running(run.pid)), None)))


def error_of(package: Any, credential: str, phrase: str) -> str:
    """Return the class of the error, without keeping a reference to the error."""
    with pytest.raises(Exception, match=phrase) as caught:
        getattr(package, credential)(process_timeout=0.3).get_token(SCOPE)
    return type(caught.value).__name__


@pytest.mark.parametrize(("zone", "wrong"), [("UTC", 0), ("America/New_York", 14400), ("Asia/Tokyo", -32400)])
def test_times_of_azd_are_utc(
    driver: Driver, programs: Programs, monkeypatch: pytest.MonkeyPatch, zone: str, wrong: int
) -> None:
    """azure-identity reads them as local times, so they are wrong by the offset of the time zone."""
    live_in(zone, monkeypatch)
    programs.install("azd", **printed(token="tok", expiresOn="2033-05-18T03:33:19Z"))
    ours, theirs = (
        driver.tool(AZD, package=package).get_token(SCOPE).expires_on for package in (webidentity, azure.identity)
    )
    assert (ours, theirs) == (EPOCH, EPOCH + wrong)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_times_of_old_versions_of_az_are_local(
    driver: Driver, programs: Programs, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """Both libraries read the times as local times."""
    live_in(zone, monkeypatch)
    local = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(EPOCH))
    programs.install("az", **printed(accessToken="tok", expiresOn=local))
    for package in (webidentity, azure.identity):
        assert driver.tool(AZ, package=package).get_token(SCOPE).expires_on == EPOCH


PLANTED = {
    AZ: [failed(f"ERROR: AADSTS1: {TOKEN} refused"), {"stdout": f'{{"accessToken":"{TOKEN}"'}],
    AZD: [failed(json.dumps({"error": f"refused {TOKEN}"})), failed(TOKEN), {"stdout": f"{TOKEN}\n"}],
    PWSH: [{"stdout": f"azsdk%{TOKEN}%"}, {"stdout": TOKEN}],
}


@pytest.mark.parametrize(("credential", "program"), [(name, each) for name in PLANTED for each in PLANTED[name]])
def test_no_error_shows_a_token(
    driver: Driver, programs: Programs, credential: str, program: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """azure-identity redacts only tokens in its own format."""
    caplog.set_level("DEBUG")
    programs.install(PROGRAMS[credential], **program)
    outcome = outcome_of(driver, webidentity, Case(credential, {}, ""))
    assert kind_of(outcome) == FAILED
    assert "***" in str(outcome)
    told = "".join(traceback.format_exception(outcome)) + repr(vars(outcome)) + caplog.text
    assert TOKEN[:30] not in told
    assert TOKEN[-20:] not in told


@pytest.mark.parametrize("credential", [AZ, AZD])
def test_a_program_that_cannot_be_run_is_the_same_error(driver: Driver, programs: Programs, credential: str) -> None:
    """Its interpreter does not exist."""
    program = programs.install(PROGRAMS[credential])
    program.write_text("#!/no/such/interpreter\n")
    for package in (webidentity, azure.identity):
        outcome = outcome_of(driver, package, Case(credential, {}, ""))
        assert kind_of(outcome) == UNAVAILABLE
        assert f"Failed to execute '{program}'" in str(outcome)
