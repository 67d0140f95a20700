"""The output of developer tools, and the outcome in azure-identity's credentials and in ours."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.kit.replies import TENANT, jwt_of

SCOPE = "https://vault.azure.net/.default"
EPOCH = 1_999_999_999
UNAVAILABLE, FAILED = "CredentialUnavailableError", "ClientAuthenticationError"
CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1"}}}'
ENCODED = "eyJhY2Nlc3NfdG9rZW4iOiB7Im5iZiI6IHsiZXNzZW50aWFsIjogdHJ1ZSwgInZhbHVlIjogIjEifX19"
TOKEN = jwt_of(oid="planted")
AZ, AZD, PWSH = "AzureCliCredential", "AzureDeveloperCliCredential", "AzurePowerShellCredential"
PROGRAMS = {AZ: "az", AZD: "azd", PWSH: "pwsh"}
AZD_NOT_FOUND = "Azure Developer CLI could not be found. Please visit https://aka.ms/azure-dev"
AZD_LOGGED_OUT = "not logged in, run `azd auth login` to login"
LOGIN_AZD = "Please run 'azd auth login' from a command prompt to authenticate before using this credential."
CLAIMS_NEED_LOGIN = "To authenticate with the required claims, please run the following command"


@dataclass(frozen=True)
class Case:
    """What a tool does, and the outcome.

    :param program: what it prints and how it ends; None for no such tool.
    :param error: the class of the error, "" for a token.
    :param phrase: the text that both messages contain.
    :param theirs: the class of the error in azure-identity if it differs, "" for a token.
    :param reason: why it differs.
    """

    credential: str
    program: Mapping[str, Any] | None
    error: str
    phrase: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    theirs: str | None = None
    reason: str = ""


def printed(**document: Any) -> dict[str, Any]:
    return {"stdout": json.dumps(document, indent=2)}


def failed(stderr: str, code: int = 1, stdout: str = "") -> dict[str, Any]:
    return {"stdout": stdout, "stderr": stderr, "code": code}


CASES: dict[str, Case] = {
    "az": Case(AZ, printed(accessToken="tok", expires_on=EPOCH), ""),
    "az missing": Case(AZ, None, UNAVAILABLE, "Azure CLI not found on path"),
    "az 127": Case(AZ, failed("sh: python: not found", 127), UNAVAILABLE, "Azure CLI not found on path"),
    "az not recognized": Case(
        AZ,
        failed("'az' is not recognized as an internal or external command"),
        UNAVAILABLE,
        "Azure CLI not found on path",
    ),
    "az logged out": Case(
        AZ,
        failed("ERROR: Please run 'az login' to setup account."),
        UNAVAILABLE,
        "Please run 'az login' to set up an account",
    ),
    "az subscription": Case(
        AZ,
        failed("ERROR: No subscription found. Run 'az account set' to select a subscription."),
        UNAVAILABLE,
        "Please run 'az login' to set up an account",
    ),
    "az refused": Case(
        AZ, failed("ERROR: AADSTS70043: expired. Please run: az login --scope x"), FAILED, "AADSTS70043"
    ),
    "az silent": Case(AZ, failed(""), FAILED, "Failed to invoke Azure CLI"),
    "az garbage": Case(AZ, {"stdout": "Welcome!"}, FAILED, "Unexpected output from Azure CLI: 'Welcome!'"),
    "az no token": Case(AZ, printed(expires_on=EPOCH), FAILED, "Unexpected output from Azure CLI"),
    "az no time": Case(AZ, printed(accessToken="tok"), FAILED, "Unexpected output from Azure CLI"),
    "az claims": Case(
        AZ, {}, UNAVAILABLE, f"az login --claims-challenge {ENCODED} --scope {SCOPE}", options={"claims": CLAIMS}
    ),
    "az claims and tenant": Case(
        AZ,
        {},
        UNAVAILABLE,
        f"az login --claims-challenge {ENCODED} --tenant {TENANT} --scope {SCOPE}",
        options={"claims": CLAIMS, "tenant_id": TENANT},
    ),
    "az claims hint": Case(AZ, {}, UNAVAILABLE, CLAIMS_NEED_LOGIN, options={"claims": CLAIMS}),
    "azd": Case(AZD, printed(token="tok", expiresOn="2033-05-18T03:33:19Z"), ""),
    "azd missing": Case(AZD, None, UNAVAILABLE, AZD_NOT_FOUND),
    "azd 127": Case(AZD, failed("", 127), UNAVAILABLE, AZD_NOT_FOUND),
    "azd not recognized": Case(AZD, failed("'azd' is not recognized as"), UNAVAILABLE, AZD_NOT_FOUND),
    "azd logged out": Case(AZD, failed(f"ERROR: {AZD_LOGGED_OUT}"), UNAVAILABLE, LOGIN_AZD),
    "azd logged out, in JSON": Case(
        AZD,
        failed("", stdout=json.dumps({"type": "consoleMessage", "data": {"message": f"ERROR: {AZD_LOGGED_OUT}"}})),
        UNAVAILABLE,
        LOGIN_AZD,
    ),
    "azd refused": Case(
        AZD, failed(f"AADSTS50076: {AZD_LOGGED_OUT}"), FAILED, "AADSTS50076: not logged in, run `azd auth login`"
    ),
    "azd old": Case(
        AZD,
        failed("ERROR: unknown flag: --claims"),
        UNAVAILABLE,
        "Claims challenges are not supported by the Azure Developer CLI version you are using. "
        "Please update to version 1.18.1 or later.",
        options={"claims": CLAIMS},
    ),
    "azd error": Case(AZD, failed('{"error": "it broke", "message": "other"}'), FAILED, "it broke"),
    "azd console message": Case(
        AZD, failed("", stdout='{"type":"consoleMessage","data":{"message":"ERROR: it broke"}}'), FAILED, "it broke"
    ),
    "azd two lines": Case(
        AZD, failed('{"type":"consoleMessage","data":{"message":"x"}}\n{"error":"better"}'), FAILED, "better"
    ),
    "azd silent": Case(AZD, failed(""), FAILED, "Failed to invoke Azure Developer CLI"),
    "azd error and success": Case(AZD, {"stdout": '{"error": "it broke"}'}, FAILED, "it broke"),
    "azd garbage": Case(AZD, {"stdout": "Welcome!"}, FAILED, "Unexpected output from Azure Developer CLI: 'Welcome!'"),
    "azd no token": Case(AZD, printed(expiresOn="2033-05-18T03:33:19Z"), FAILED, "Unexpected output"),
    "pwsh": Case(PWSH, {"stdout": f"WARNING: changes\n\nazsdk%tok%{EPOCH}\n"}, ""),
    "pwsh missing": Case(PWSH, None, UNAVAILABLE, "PowerShell is not installed"),
    "pwsh 127": Case(PWSH, failed("", 127), UNAVAILABLE, "PowerShell is not installed"),
    "pwsh not recognized": Case(
        PWSH, failed("The term 'pwsh' is not recognized as"), UNAVAILABLE, "PowerShell is not installed"
    ),
    "pwsh module": Case(
        PWSH, {"stdout": "NO_AZ_ACCOUNT_MODULE\n"}, UNAVAILABLE, "Az.Account module >= 2.2.0 is not installed"
    ),
    "pwsh logged out": Case(
        PWSH,
        failed("Get-AzAccessToken: Run Connect-AzAccount to login."),
        UNAVAILABLE,
        'Please run "Connect-AzAccount" to set up account',
    ),
    "pwsh policy": Case(
        PWSH,
        failed("AuthorizationManager check failed."),
        UNAVAILABLE,
        "Execution policy prevented invoking Azure PowerShell",
    ),
    "pwsh failed": Case(
        PWSH, failed("noise"), UNAVAILABLE, "Failed to invoke PowerShell. Enable debug logging for additional"
    ),
    "pwsh garbage": Case(PWSH, {"stdout": "Welcome!"}, FAILED, 'Unexpected output from Get-AzAccessToken: "Welcome!"'),
    "pwsh number": Case(
        PWSH,
        {"stdout": "azsdk%tok%soon"},
        FAILED,
        theirs="ValueError",
        reason="azure-identity converts the time without a check, and the token is in its error's traceback",
    ),
    "pwsh claims": Case(
        PWSH,
        {},
        UNAVAILABLE,
        f"Connect-AzAccount -ClaimsChallenge {ENCODED} -Tenant {TENANT}",
        options={"claims": CLAIMS, "tenant_id": TENANT},
    ),
    "pwsh claims hint": Case(PWSH, {}, UNAVAILABLE, CLAIMS_NEED_LOGIN, options={"claims": CLAIMS}),
    "az null": Case(
        AZ,
        printed(accessToken="tok", expires_on=None, expiresOn="2033-05-18 03:33:19.000000"),
        "",
        theirs="TypeError",
        reason="azure-identity takes the first of the two times, also when it is null",
    ),
    "az list": Case(
        AZ, {"stdout": "[]"}, FAILED, theirs="TypeError", reason="azure-identity takes any JSON for an object"
    ),
}
for credential in (AZ, AZD, PWSH):
    name = PROGRAMS[credential]
    CASES[f"{name} scope"] = Case(credential, {}, "ValueError", "scope", options={"scopes": ("x; rm -rf /",)})
    CASES[f"{name} no scope"] = Case(credential, {}, "ValueError", "scope", options={"scopes": ()})
    CASES[f"{name} tenant"] = Case(credential, {}, "ValueError", "nvalid tenant ID", options={"tenant_id": "$(x)"})
    CASES[f"{name} constructed"] = Case(credential, {}, "ValueError", "nvalid tenant ID", {"tenant_id": "a b"})
    CASES[f"{name} other tenant"] = Case(
        credential, {}, FAILED, "not configured to acquire tokens for tenant", {"tenant_id": "a"}, {"tenant_id": "b"}
    )
    CASES[f"{name} keyword"] = Case(credential, {}, "TypeError", "unexpected keyword argument", {"authority": "x"})
for credential in (AZ, PWSH):
    CASES[f"{PROGRAMS[credential]} scopes"] = Case(
        credential, {}, "ValueError", "requires exactly one scope per token request", options={"scopes": ("a", "b")}
    )
CASES["az subscription name"] = Case(AZ, {}, "ValueError", "contains invalid characters", {"subscription": "a&b"})
