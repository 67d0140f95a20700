"""What the users of a soak saw: statuses, times, and answers that must not happen."""

import statistics
import threading
from collections import Counter, defaultdict


class Measurements:
    """The answers of all sites. Any thread may add to it."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.events: Counter[str] = Counter()
        self._lock = threading.Lock()

    def note(self, group: str, status: int, seconds: float) -> None:
        """Add an answer."""
        with self._lock:
            self.statuses[group][status] += 1
            self.seconds[group].append(seconds)

    def count(self, event: str) -> None:
        """Count an event."""
        with self._lock:
            self.events[event] += 1

    def violation(self, text: str) -> None:
        """Add an answer that must not happen."""
        with self._lock:
            self.violations.append(text)

    def share(self, group: str, share: float) -> float:
        """Return the seconds within which this share of the group's requests was answered."""
        values = sorted(self.seconds[group])
        return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0

    def unavailable(self) -> dict[str, float]:
        """Return the share of 502 and 503 among the answers to each group."""
        with self._lock:
            return {group: (each[502] + each[503]) / each.total() for group, each in self.statuses.items()}

    def table(self) -> str:
        """Return the requests, times and statuses of each group."""
        lines = [f"{'group':32} {'requests':>8} {'p50':>8} {'p95':>8} {'max':>8}  statuses"]
        for group, values in self.seconds.items():
            times = (statistics.median(values), self.share(group, 0.95), max(values))
            statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses[group].items()))
            columns = " ".join(f"{seconds:7.3f}s" for seconds in times)
            lines.append(f"{group:32} {len(values):8} {columns}  {statuses}")
        return "\n".join(lines)
