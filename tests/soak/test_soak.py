"""A minute of ``make soak``, without its bounds of time: those would measure the load of the machine."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.kit.faulty_authority import Fault
from tests.soak.outage import OUTAGES, SERVED, Member, begin, sign_in_groups
from tests.soak.scenario import Scenario, open_scenario
from tests.soak.walker import walk

#: Repeats a walk: the seed is in the message of a failure.
SEED = os.environ.get("SOAK_SEED", "1")
#: Seconds of the walk.
_WALK = 25
#: Seconds that a page waits for the authority.
_TIMEOUT = 3


def test_a_minute_of_the_soak(tmp_path: Path) -> None:
    """No 500, no page of another user; and only users without a valid token notice an outage."""
    # One test, because pytest-xdist could run several in different processes, each with servers of its own.
    with open_scenario(tmp_path, seed=SEED, authority_timeout=_TIMEOUT) as scenario:
        _walk(scenario)
        scenario.authority.share = 0.0
        members = sign_in_groups(scenario, 1)
        for fault in OUTAGES:
            _suffer(scenario, members, fault)


def _walk(scenario: Scenario) -> None:
    """A hundred users do random things, and 2 % of the authority's replies have a fault."""
    walk(scenario.walkers(100, pause=1.5), _WALK)
    _assert_no_violation(scenario, "the walk")
    assert scenario.authority.repeated_codes == 0
    pages = {group: statuses[200] for group, statuses in scenario.measurements.statuses.items()}
    assert len(pages) == len(scenario.sites)
    assert min(pages.values()) > 0, pages


def _suffer(scenario: Scenario, members: list[Member], fault: Fault) -> None:
    """Users with a valid token are served while the authority is down. The others get a 503, and their page later."""
    authority = scenario.authority
    begin(scenario, members, fault)
    waiting = [member for member in members if member.group not in SERVED]
    served = [member for member in members if member.group in SERVED]
    count = authority.faults[fault.value]
    with ThreadPoolExecutor(len(waiting)) as pool:
        refused = [pool.submit(_status, member) for member in waiting]
        authority.wait_for_fault(fault, count + 1)
        assert {_name(member): _status(member) for member in served} == {_name(member): 200 for member in served}
        assert [each.result() for each in refused] == [503] * len(waiting)
    assert {_name(member): _status(member) for member in served} == {_name(member): 200 for member in served}
    authority.outage = None
    _until(lambda: [member for member in members if _status(member) != 200])
    _assert_no_violation(scenario, f"the outage: {fault.value}")


def _assert_no_violation(scenario: Scenario, phase: str) -> None:
    """Check all answers so far."""
    found = [*scenario.measurements.violations, *scenario.tracebacks()]
    assert not found, f"in {phase}, seed {SEED}:\n" + "\n".join(found[:20])


def _status(member: Member) -> int:
    return member.visitor.visit(member.path).status


def _name(member: Member) -> str:
    return f"{member.visitor.site.kind}, {member.group}"


def _until(left: Callable[[], Sequence[Member]]) -> None:
    """Wait until no member is left. The limit is far away: how long it takes is measured by ``make soak``."""
    ends_at = time.monotonic() + 120
    while remaining := left():
        assert time.monotonic() < ends_at, [_name(member) for member in remaining]
        time.sleep(0.5)
