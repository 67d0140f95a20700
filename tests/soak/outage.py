"""An outage of the authority, and what users see whose tokens are fresh, due for renewal, and expired."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.kit.faulty_authority import Fault
from tests.soak.scenario import Scenario
from tests.soak.visitor import Visitor

#: The groups of users, by the lifetime of their tokens in seconds: a token is renewed in its last 300 seconds.
GROUPS = {"fresh": 3600, "due": 250, "expired": 1}
#: Groups that do not notice an outage.
SERVED = ("fresh", "due")
OUTAGES = (Fault.SILENT, Fault.SLOW, Fault.RESET, Fault.BUSY)
#: Seconds that a slow reply takes in an outage, longer than a request may take. Seconds of Retry-After with 429.
_DELAY, _PAUSE = 12.0, 3
PATHS = ("/whose", "/async/whose")


@dataclass(frozen=True)
class Member:
    """A user of a group, and their browser."""

    group: str
    visitor: Visitor
    path: str


def sign_in_groups(scenario: Scenario, size: int) -> list[Member]:
    """Sign in users at each site.

    :param size: users of each group and site.
    """
    members = list[Member]()
    for site in scenario.sites:
        for group, lifetime in GROUPS.items():
            for number in range(size):
                # A new user: the walk may have left tokens that live for longer.
                user = scenario.add_user(f"{site.kind}.{group}.{number}")
                scenario.authority.lifetimes_of[user.object_id] = lifetime
                visitor = Visitor(site, scenario.world, scenario.measurements, f"no outage, {group}")
                member = Member(group, visitor, PATHS[number % len(PATHS)])
                _repeat(lambda visitor=visitor, user=user, path=member.path: visitor.sign_in(user, path))
                members.append(member)
    return members


def begin(scenario: Scenario, members: Sequence[Member], fault: Fault) -> None:
    """Let every user open a page, wait until the tokens that live for a second have expired, and begin the outage."""
    authority = scenario.authority
    for member in members:
        _repeat(lambda member=member: member.visitor.visit(member.path).status == 200)
    time.sleep(GROUPS["expired"] + 0.1)
    authority.delay, authority.pause = _DELAY, _PAUSE
    authority.outage = fault
    for member in members:
        member.visitor.group = f"{fault.value}, {member.group}"


def _repeat(attempt: Callable[[], bool]) -> None:
    """Repeat this until it succeeds: the authority may have asked for a pause before."""
    for _ in range(120):
        if attempt():
            return
        time.sleep(0.5)
    raise AssertionError("a user is not served although there is no outage")


@dataclass(frozen=True)
class Outcome:
    """What was measured in one outage.

    :param seen: how often the members of a group saw a status during the outage.
    :param recovery: seconds from its end until the last answer that was not the page.
    :param requests: requests that the authority received.
    """

    fault: Fault
    seen: Counter[tuple[str, int]]
    recovery: float
    requests: int

    def problems(self) -> list[str]:
        """Return what must not happen in an outage."""
        found = []
        for (group, status), count in self.seen.items():
            if status not in ({200} if group in SERVED else {503}):
                found.append(f"{self.fault.value}, {group}: {count} answers had status {status}")
        return found


def suffer(scenario: Scenario, members: Sequence[Member], fault: Fault, seconds: float, after: float) -> Outcome:
    """Let every user open pages during the outage, and for some time after it."""
    begin(scenario, members, fault)
    seen: Counter[tuple[str, int]] = Counter()
    lock, is_over = threading.Lock(), threading.Event()
    failed_at = list[float]()
    requests = scenario.authority.requests
    ends_at = time.monotonic() + seconds

    def visit(member: Member) -> None:
        while time.monotonic() < ends_at + after:
            started_in_outage = not is_over.is_set()
            status = member.visitor.visit(member.path).status
            with lock:
                if started_in_outage and not is_over.is_set():
                    seen[member.group, status] += 1
                elif status != 200:
                    failed_at.append(time.monotonic())
            if is_over.is_set():
                member.visitor.group = f"after {fault.value}, {member.group}"
            time.sleep(0.3)

    threads = [threading.Thread(target=visit, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, ends_at - time.monotonic()))
    requests = scenario.authority.requests - requests
    scenario.authority.outage = None
    is_over.set()
    ended_at = time.monotonic()
    for thread in threads:
        thread.join()
    for member in members:
        member.visitor.group = f"no outage, {member.group}"
    return Outcome(fault, seen, max(failed_at, default=ended_at) - ended_at, requests)
