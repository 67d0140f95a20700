"""What bad input gets: a page for people, JSON for programs; what happened, and what to do."""

from webidentity.web._answer import Answer, html_answer, json_answer
from webidentity.web._caller import Caller, caller_of
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import Page


def refuse(
    facts: RequestFacts,
    status: int,
    error: str,
    page: Page,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """Return the refusal in the caller's own dialect.

    :param error: a short name of the problem, for programs.
    """
    if caller_of(facts) is Caller.BROWSER:
        return html_answer(status, page.html(), headers)
    content = {"error": error, "message": f"{page.title}. {page.text}"}
    if page.detail:
        content["detail"] = page.detail
    return json_answer(status, content, headers)
