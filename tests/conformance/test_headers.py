"""The headers of token requests beside those of azure-identity and msal. Every difference is listed with its reason."""

import pytest

from tests.kit.clock import Clock
from tests.kit.libraries import run

#: Headers of HTTP, and of the pipeline, which does not know the authority.
GENERAL = {"accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent"}
STATISTICS = "Microsoft counts how msal is used"
PIPELINE = "azure-core's own name for the ID; here it has the same value"
UNNAMED = "azure-identity's own grants send azure-core's ID only, and name neither the library nor its abilities"
ROUTED = "azure-identity does not say for which account it refreshes"
TELEMETRY = {"x-client-current-telemetry": STATISTICS, "x-client-last-telemetry": STATISTICS}
OURS = dict.fromkeys(
    ("client-request-id", "x-client-os", "x-client-sku", "x-client-ver", "x-ms-lib-capability"), UNNAMED
)
REFRESH = {**OURS, "x-anchormailbox": ROUTED}
#: For each library and scenario: the headers that only it sends, and those that are only sent here.
DIFFERENCES: dict[tuple[str, str], tuple[dict[str, str], dict[str, str]]] = {
    ("msal", "secret"): (TELEMETRY, {"x-ms-client-request-id": PIPELINE}),
    ("msal", "on behalf of"): (TELEMETRY, {"x-ms-client-request-id": PIPELINE}),
    ("msal", "code and refresh"): (TELEMETRY, {"x-ms-client-request-id": PIPELINE}),
    ("azure-identity", "secret"): (TELEMETRY, {}),
    ("azure-identity", "on behalf of"): (TELEMETRY, {}),
    ("azure-identity", "code and refresh"): ({}, REFRESH),
    ("azure-identity aio", "secret"): ({}, OURS),
    ("azure-identity aio", "on behalf of"): ({}, OURS),
    ("azure-identity aio", "code and refresh"): ({}, REFRESH),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:msal", "ignore::DeprecationWarning:azure")
@pytest.mark.parametrize(("library", "scenario"), DIFFERENCES)
@pytest.mark.parametrize("package", ["webidentity", "webidentity aio"])
def test_each_difference_is_listed(library: str, scenario: str, package: str, clock: Clock) -> None:
    """The last request of the scenario is compared: with a code, that is the refresh."""
    theirs, ours = (set(run(name, scenario, clock).headers[-1]) - GENERAL for name in (library, package))
    only_theirs, only_ours = DIFFERENCES[library, scenario]
    assert theirs - ours == only_theirs.keys()
    assert ours - theirs == only_ours.keys()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:msal")
def test_values_are_those_of_msal(clock: Clock) -> None:
    """Routing and abilities are written in the same way. The library is not named as Microsoft's."""
    theirs, ours = (run(name, "code and refresh", clock).headers[-1] for name in ("msal", "webidentity"))
    assert theirs["x-ms-lib-capability"] == ours["x-ms-lib-capability"]
    assert theirs["x-client-os"] == ours["x-client-os"]
    # Each library has a tenant of its own, with IDs of its own.
    assert theirs["x-anchormailbox"][:4].lower() == ours["x-anchormailbox"][:4].lower() == "oid:"
    assert [len(value["x-anchormailbox"]) for value in (theirs, ours)] == [77, 77]
    assert "azsdk" not in ours["user-agent"]
    assert "MSAL" not in ours["x-client-sku"]
