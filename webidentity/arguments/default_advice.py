"""What somebody can do whose DefaultAzureCredential found nothing."""

from collections.abc import Sequence

from webidentity._flows.chain import Member
from webidentity.arguments.token_credentials import VARIABLE, Kind

#: What sets up one of them, by key, in the order in which it is easiest.
_STEPS = {
    "cli": "On your own machine: install the Azure CLI and run `az login`.",
    "developer_cli": "With the Azure Developer CLI: run `azd auth login`.",
    "powershell": "In PowerShell: install the module Az.Accounts and run `Connect-AzAccount`.",
    "environment": (
        "As a service: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET to those of an app registration."
    ),
    "managed_identity": "On an Azure host: give it a managed identity.",
}


def advise(kinds: Sequence[Kind], stopped: Member | None) -> str:
    """Return what to do next, for those that were chosen and for the one that failed, if one did."""
    if stopped is not None:
        keyword = next((kind.keyword for kind in kinds if kind.class_name == stopped.name), None)
        skip = "" if keyword is None else f", or pass {keyword}=True if it is not meant to be used"
        return f"{stopped.name} is set up, and its failure ended the search: correct what it says{skip}."
    keys = {kind.key for kind in kinds}
    steps = [step for key, step in _STEPS.items() if key in keys]
    lines = "".join(f"\n\t{step}" for step in steps)
    first = f"To get a token, do one of these:{lines}\n" if steps else ""
    return (
        f"{first}What is tried is chosen by the environment variable {VARIABLE} (dev, prod, or one name, such as "
        "AzureCliCredential) and by the keywords exclude_*_credential.\n"
        "More: https://aka.ms/azsdk/python/identity/defaultazurecredential/troubleshoot"
    )
