"""Facts of requests."""

from collections.abc import Mapping
from typing import Any

from webidentity.web import RequestFacts, RequestTarget


def facts(
    path: str = "/page",
    *,
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
    method: str = "GET",
    **changes: Any,
) -> RequestFacts:
    """Return the facts of a browser's GET request, with these changes."""
    given: dict[str, Any] = {
        "root_url": "https://app.test",
        "root_path": "",
        "query": "",
        "host_is_trusted": True,
        **changes,
    }
    cookie = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    sent = {"accept": "text/html", "cookie": cookie, **(headers or {})}
    return RequestFacts(method, sent, lambda: RequestTarget(path=path, **given))
