"""The three hops of a request, for people: who called whom, with what, for whom and until when."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo_site.files_client import FilesReply
from webidentity import AuthenticationRecord


@dataclass(frozen=True)
class Fact:
    """One line of a hop.

    :param claim: the claim it was read from, "" if it was read from none.
    :param name: what the value stands for, if that is known.
    """

    label: str
    value: str
    claim: str = ""
    name: str = ""


@dataclass(frozen=True)
class Hop:
    """One call: from whom to whom, what it carried, whose that was, and when it expires."""

    number: int
    title: str
    source: str
    target: str
    carried: str
    whose: str
    text: str
    facts: tuple[Fact, ...]
    expiry: str
    expiry_note: str


def hops_of(
    record: AuthenticationRecord,
    reply: FilesReply,
    *,
    site: str,
    cookie: str,
    names: Mapping[str, str],
    now: float | None = None,
) -> list[Hop]:
    """Return the hops of one visit to the files page.

    :param site: name of the site.
    :param cookie: name of its session cookie.
    :param names: what identifiers stand for.
    """
    now = time.time() if now is None else now
    session = Hop(
        number=1,
        title=f"Your browser calls the {site}",
        source="Your browser",
        target=site,
        carried="Session cookie of",
        whose=record.username,
        text="The cookie names a session. The tokens stay on the server, encrypted: your browser never has one.",
        facts=(
            Fact("Cookie", cookie),
            Fact("Account", record.home_account_id),
            Fact("Signed in by", record.authority),
        ),
        expiry="after 8 hours without a visit",
        expiry_note="or when you sign out",
    )
    return [
        session,
        _token_hop(
            2,
            f"The {site} calls the Files API",
            (site, "Files API"),
            "Access token of",
            "The site asked for this token silently, for you and for this API. The API verified it before it answered.",
            reply.caller,
            names,
            now,
        ),
        _token_hop(
            3,
            "The Files API calls Microsoft Graph",
            ("Files API", "Microsoft Graph"),
            "Access token, on behalf of",
            "The API exchanged your token for one of its own that acts for you. "
            f"Graph answered: this is {reply.profile.get('displayName')}.",
            {"preferred_username": reply.profile.get("userPrincipalName"), **reply.graph},
            names,
            now,
        ),
    ]


def _token_hop(
    number: int,
    title: str,
    ends: tuple[str, str],
    carried: str,
    text: str,
    claims: Mapping[str, Any],
    names: Mapping[str, str],
    now: float,
) -> Hop:
    facts = [
        Fact(label, str(claims.get(claim, "")), claim, names.get(str(claims.get(claim, "")), ""))
        for label, claim in (("For", "aud"), ("Given to", "azp"), ("Allows", "scp"), ("Acts for", "oid"))
    ]
    expiry, left = _expiry(claims.get("exp"), now)
    return Hop(
        number=number,
        title=title,
        source=ends[0],
        target=ends[1],
        carried=carried,
        whose=str(claims.get("preferred_username") or "unknown"),
        text=text,
        facts=tuple(fact for fact in facts if fact.value),
        expiry=expiry,
        expiry_note=left,
    )


def _expiry(exp: Any, now: float) -> tuple[str, str]:
    if not isinstance(exp, int | float):
        return "unknown", ""
    minutes = round((exp - now) / 60)
    left = "now" if minutes < 1 else "in 1 minute" if minutes == 1 else f"in {minutes} minutes"
    return f"{datetime.fromtimestamp(exp, UTC):%H:%M} UTC", left
