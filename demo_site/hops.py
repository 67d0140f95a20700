"""The three calls behind the files page: caller, target, token, user and expiry of each."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo_site.files_client import FilesReply
from webidentity import AuthenticationRecord


@dataclass(frozen=True)
class Fact:
    """One detail of a call.

    :param claim: the token claim that the value was read from, or "".
    :param name: the display name of the value, such as the name of an application, or "".
    """

    label: str
    value: str
    claim: str = ""
    name: str = ""


@dataclass(frozen=True)
class Hop:
    """One call: its source and target, the cookie or token it carried, the user, and the expiry."""

    number: int
    title: str
    source: str
    target: str
    carried: str
    username: str
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
    """Return the calls made for one view of the files page.

    :param site: the name of the site.
    :param cookie: the name of the site's session cookie.
    :param names: display names by identifier.
    :param now: the current time in seconds since 1970, for tests.
    """
    now = time.time() if now is None else now
    session = Hop(
        number=1,
        title=f"Your browser calls the {site}",
        source="Your browser",
        target=site,
        carried="Session cookie of",
        username=record.username,
        text="The cookie identifies your session. Tokens are stored encrypted on the server, never in your browser.",
        facts=(
            Fact("Cookie", cookie),
            Fact("Account", record.home_account_id),
            Fact("Authority", record.authority),
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
            "The site acquired this token silently, for you and for this API. The API verified it before it replied.",
            reply.caller,
            names,
            now,
        ),
        _token_hop(
            3,
            "The Files API calls Microsoft Graph",
            ("Files API", "Microsoft Graph"),
            "Access token on behalf of",
            "The API exchanged your token for a token to call Graph on your behalf. "
            f"Graph replied that you are {reply.profile.get('displayName')}.",
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
        for label, claim in (("Audience", "aud"), ("Issued to", "azp"), ("Scope", "scp"), ("User", "oid"))
    ]
    expiry, left = _expiry(claims.get("exp"), now)
    return Hop(
        number=number,
        title=title,
        source=ends[0],
        target=ends[1],
        carried=carried,
        username=str(claims.get("preferred_username") or "unknown"),
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
