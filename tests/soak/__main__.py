"""A soak: ``python -m tests.soak [--seconds 600] [--seed 1]``. It prints what was measured.

Exit status 1: a bound was missed.
"""

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.kit.loopback import only_loopback
from tests.soak.outage import OUTAGES, SERVED, Outcome, sign_in_groups, suffer
from tests.soak.scenario import Scenario, open_scenario
from tests.soak.walker import walk

#: Seconds within which 95 % of the users are answered whose tokens are valid, and all users after an outage.
_P95, _RECOVERY = 1.0, 5.0
#: The share of answers with status 502 or 503 while users walk.
_UNAVAILABLE = 0.1
#: Seconds that users go on after an outage.
_AFTER = 10.0
#: Average seconds between two actions of a user in the walk.
_PAUSE = 1.0


def main() -> int:
    """Run the soak."""
    parser = argparse.ArgumentParser(prog="make soak", description="Many users, while the authority misbehaves.")
    parser.add_argument("--seconds", type=float, default=600, help="the time of the random walk")
    parser.add_argument("--outage", type=float, default=20, help="the time of each outage, in seconds")
    parser.add_argument("--users", type=int, default=100, help="how many users walk")
    parser.add_argument("--size", type=int, default=8, help="users of each group, at each site, in the outages")
    parser.add_argument("--seed", default=str(int(time.time())), help="repeats the walk of another run")
    arguments = parser.parse_args()
    print(f"Seed: {arguments.seed}", flush=True)
    with (
        only_loopback(),
        tempfile.TemporaryDirectory() as folder,
        open_scenario(Path(folder), seed=arguments.seed, users=arguments.users) as scenario,
    ):
        print(f"{arguments.users} users walk for {arguments.seconds:g} seconds ...", flush=True)
        walk(scenario.walkers(arguments.users, _PAUSE), arguments.seconds)
        unavailable = [
            f"{group}: {share:.0%} of the answers during the walk were 502 or 503"
            for group, share in scenario.measurements.unavailable().items()
            if share > _UNAVAILABLE
        ]
        faults, requests = sum(scenario.authority.faults.values()), scenario.authority.requests
        print(f"The authority received {requests} requests; {faults} had a fault.", flush=True)
        outcomes = outages(scenario, arguments.size, arguments.outage)
        problems = [*unavailable, *report(scenario, outcomes)]
    print("\n".join(problems) or "All bounds were met.")
    return 1 if problems else 0


def outages(scenario: Scenario, size: int, seconds: float) -> list[Outcome]:
    """Run one outage of each kind."""
    scenario.authority.share = 0.0
    members = sign_in_groups(scenario, size)
    outcomes = []
    for fault in OUTAGES:
        print(f"Outage: {fault.value}, {seconds:g} seconds ...", flush=True)
        outcomes.append(suffer(scenario, members, fault, seconds, _AFTER))
    return outcomes


def report(scenario: Scenario, outcomes: list[Outcome]) -> list[str]:
    """Print what was measured, and return the bounds that were missed."""
    measurements = scenario.measurements
    print(f"\n{measurements.table()}\n")
    if measurements.events:
        print(f"Sign-ins that failed: {dict(measurements.events)}")
    problems = [f"{count} x {text}" for text, count in _alike([*measurements.violations, *scenario.tracebacks()])]
    if scenario.authority.repeated_codes:
        problems.append(f"{scenario.authority.repeated_codes} codes were sent again, although they may have been used")
    for outcome in outcomes:
        name = outcome.fault.value
        print(f"{name}: {outcome.requests} requests to the authority, recovery after {outcome.recovery:.1f} s")
        problems += outcome.problems()
        if outcome.recovery > _RECOVERY:
            problems.append(f"{name}: users were not served for {outcome.recovery:.1f} s after its end")
        for group in SERVED:
            p95 = measurements.share(f"{name}, {group}", 0.95)
            if p95 > _P95:
                problems.append(f"{name}, {group}: the 95th percentile is {p95:.2f} s")
    return problems


def _alike(texts: list[str]) -> list[tuple[str, int]]:
    """Count texts that differ in their numbers only."""
    return Counter(re.sub(r"[0-9a-f-]{36}|(?<=user)\d+", "...", text) for text in texts).most_common()


if __name__ == "__main__":
    sys.exit(main())
