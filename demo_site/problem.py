"""The error pages of both sites."""

from dataclasses import dataclass

from demo_site.service_client import ServiceError


@dataclass(frozen=True)
class Problem:
    """An error page: its HTTP status, texts and button."""

    status: int
    title: str
    text: str
    detail: str = ""
    action_url: str = "/"
    action: str = "Go to the home page"


NOT_FOUND = Problem(404, "Page not found", "Check the address, or start again from the home page.")
BROKEN = Problem(500, "Something went wrong", "This is an error in the site. Your data was not changed.")


def problem_of_files(error: ServiceError, retry_url: str) -> Problem:
    """Return the error page for a failed call to the Files API."""
    if error.status is None:
        return Problem(
            503,
            "Your files are unavailable",
            "The Files API does not answer. You are still signed in, and your files are safe. Try again in a minute.",
            str(error),
            retry_url,
            "Try again",
        )
    if error.error == "interaction_required":
        return Problem(
            403,
            "The Files API needs consent",
            "To find your files, the API reads your profile from Microsoft Graph, and it has no consent to do so on "
            "your behalf. An administrator can grant consent once for all users.",
            str(error),
            retry_url,
            "Try again",
        )
    return Problem(
        502,
        "The Files API returned an error",
        "You are still signed in. Try again. If the error persists, send the message below to the administrator.",
        str(error),
        retry_url,
        "Try again",
    )
