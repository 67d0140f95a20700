"""What went wrong, in words for the person who meets it."""

from dataclasses import dataclass

from demo_site.service_client import ServiceError


@dataclass(frozen=True)
class Problem:
    """An error page: the status, what happened, what to do, and where the button leads."""

    status: int
    title: str
    text: str
    detail: str = ""
    action_url: str = "/"
    action: str = "Back to the start"


NOT_FOUND = Problem(404, "There is no such page", "The address may be mistyped, or the page was moved.")
BROKEN = Problem(500, "Something broke", "That is this site's fault, not yours. Nothing of yours was changed.")


def problem_of_files(error: ServiceError, retry_url: str) -> Problem:
    """Return the problem that a person meets who wanted to see files."""
    if error.status is None:
        return Problem(
            503,
            "Your files are out of reach",
            "The Files API does not answer. You are still signed in, and your files are where they were. "
            "Try again in a minute.",
            str(error),
            retry_url,
            "Try again",
        )
    if error.error == "interaction_required":
        return Problem(
            403,
            "The Files API may not act for you yet",
            "To find your files, the API reads your profile from Microsoft Graph, and nobody has allowed it to do "
            "that for you. An administrator can give this consent, once, for everyone.",
            str(error),
            retry_url,
            "Try again",
        )
    return Problem(
        502,
        "The Files API did not hand out your files",
        "You are still signed in. Try again; if it happens again, tell whoever runs this site what stands below.",
        str(error),
        retry_url,
        "Try again",
    )
