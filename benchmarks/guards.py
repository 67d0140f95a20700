"""What a guard costs, above a view that reads the framework's session: instructions and time, beside identity."""

import subprocess
import sys
import time

from benchmarks import guard_peers, guard_sites
from benchmarks.guard_sites import VIEWS, Contender
from benchmarks.instructions import count
from benchmarks.table import Comparison, target

#: A plain Flask view has 497,000 instructions and takes 70 microseconds on a quiet machine. Targets are that kind of
#: microseconds.
_INSTRUCTIONS_PER_MICROSECOND = 7100
#: Targets: microseconds for a guard without and with a token.
_GOALS = {"flask": (25, 30), "wsgi": (25, 30), "asgi": (35, 40)}
_NAMES = {"flask": "Flask", "wsgi": "Django, WSGI", "asgi": "Django, ASGI"}
_GUARDS = {"sign_in": "require_sign_in", "token": "require_token"}
_ROUNDS, _REQUESTS = 15, 200


def measure() -> list[Comparison]:
    """Compare both guards in each framework with those of the package identity, which has no async views."""
    rows: list[Comparison] = []
    for kind, goals in _GOALS.items():
        project = _costs(kind)
        peer = None if kind == "asgi" else _costs(f"{kind}_peer")
        rows += [_row(kind, view, goal, project, peer) for (view, goal) in zip(_GUARDS, goals, strict=True)]
    return rows


Costs = dict[str, tuple[float | None, float]]


def _costs(kind: str) -> Costs:
    """Return the instructions and the microseconds of each view."""
    return {view: (count(f"benchmarks.guards:{kind}_{view}"), _microseconds(f"{kind}_{view}")) for view in VIEWS}


def _row(kind: str, view: str, goal: int, project: Costs, peer: Costs | None) -> Comparison:
    ours, ours_time = _above_plain(project, view)
    theirs, theirs_time = _above_plain(peer, view) if peer else (None, None)
    met = "" if ours is None else target(ours <= goal * _INSTRUCTIONS_PER_MICROSECOND, f"<= {goal} quiet us")
    plain, _ = project["plain"]
    return Comparison(
        f"{_GUARDS[view]}, {_NAMES[kind]}",
        peer="-" if theirs_time is None else _cost(theirs, theirs_time),
        project=_cost(ours, ours_time),
        ratio="-" if not ours or theirs is None else f"{theirs / ours:.2f}x",
        details="" if plain is None else f"above the view that reads the session, {plain / 1000:.0f} kIr",
        target=met,
    )


def _above_plain(costs: Costs, view: str) -> tuple[float | None, float]:
    (plain, plain_time), (guarded, guarded_time) = costs["plain"], costs[view]
    return None if guarded is None or plain is None else guarded - plain, guarded_time - plain_time


def _cost(instructions: float | None, microseconds: float) -> str:
    counted = "" if instructions is None else f"{instructions / 1000:.0f} kIr, "
    return f"{counted}{microseconds:.0f} us"


def _microseconds(name: str) -> float:
    """Return the CPU time of a request, the least of several batches, in a process of its own."""
    measured = subprocess.run(
        [sys.executable, "-m", "benchmarks.guards", name], capture_output=True, check=True, text=True
    )
    return float(measured.stdout)


def _least(contender: Contender) -> float:
    contender(_REQUESTS)
    least = float("inf")
    for _ in range(_ROUNDS):
        started = time.process_time()
        contender(_REQUESTS)
        least = min(least, time.process_time() - started)
    return 1e6 * least / _REQUESTS


_KINDS = {
    "flask": guard_sites.flask,
    "wsgi": guard_sites.django,
    "asgi": guard_sites.async_django,
    "flask_peer": guard_peers.flask,
    "wsgi_peer": guard_peers.django,
}


def __getattr__(name: str) -> object:
    """Return the set-up of a contender, such as ``flask_plain``, for ``benchmarks.instructions``."""
    for view in VIEWS:
        kind = _KINDS.get(name.removesuffix(f"_{view}"))
        if name.endswith(f"_{view}") and kind is not None:
            return lambda: kind(view)
    raise AttributeError(name)


if __name__ == "__main__":
    print(_least(__getattr__(sys.argv[1])()))
