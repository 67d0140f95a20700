"""Callers are recognized by the headers that each kind sends."""

import pytest

from tests.kit.request_facts import facts
from webidentity.web._caller import Caller, bearer_token, caller_of


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, Caller.BROWSER),
        ({"sec-fetch-mode": "navigate"}, Caller.BROWSER),
        ({"sec-fetch-mode": "navigate", "authorization": "Basic YTpi"}, Caller.BROWSER),
        ({"sec-fetch-mode": "navigate", "authorization": "Negotiate abc"}, Caller.BROWSER),
        ({"sec-fetch-mode": "cors"}, Caller.SCRIPT),
        ({"sec-fetch-mode": "same-origin"}, Caller.SCRIPT),
        ({"sec-fetch-mode": "no-cors", "accept": "image/*"}, Caller.SCRIPT),
        ({"x-requested-with": "XMLHttpRequest"}, Caller.SCRIPT),
        ({"hx-request": "true"}, Caller.HTMX),
        ({"hx-request": "true", "sec-fetch-mode": "cors"}, Caller.HTMX),
        ({"hx-request": "false"}, Caller.BROWSER),
        ({"accept": "application/json"}, Caller.CLIENT),
        ({"accept": "*/*"}, Caller.CLIENT),
        ({"accept": ""}, Caller.CLIENT),
        ({"authorization": "Bearer x"}, Caller.CLIENT),
        ({"authorization": "bearer"}, Caller.CLIENT),
        ({"authorization": "Bearer x", "sec-fetch-mode": "navigate"}, Caller.CLIENT),
    ],
)
def test_each_caller_is_recognized_by_its_headers(headers: dict[str, str], kind: Caller) -> None:
    """First by Fetch Metadata, then by the headers of older browsers."""
    assert caller_of(facts(headers=headers)) is kind


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("", None),
        ("Basic YTpi", None),
        ("Bearerx", None),
        ("Token abc", None),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Bearer a b", ""),
        ("Bearer a,b", ""),
        ("Bearer a, Bearer b", ""),
        ('Bearer "a"', ""),
        ("Bearer a\tb", ""),
        ("Bearer\ta", ""),
        ("Basic YTpi, Bearer a", ""),
        ("Bearer a", "a"),
        ("bEARER   a.b-c_d~e+f/g==  ", "a.b-c_d~e+f/g=="),
    ],
)
def test_a_bearer_token_is_one_value_of_the_header(value: str, token: str | None) -> None:
    """The result is None without a token, and an unusable value for more than one (RFC 6750 section 2.1)."""
    assert bearer_token(facts(headers={"authorization": value})) == token


def test_a_token_in_the_query_is_ignored() -> None:
    """Under any name."""
    assert bearer_token(facts(query="access_token=a&token=b")) is None
