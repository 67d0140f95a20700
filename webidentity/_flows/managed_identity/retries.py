"""How often IMDS is asked again, and after which time.

Microsoft's guidance ("How to use managed identities on an Azure VM", retry guidance): 404, 410, 429 and 5xx pass; 410
while the service is updated, which takes up to 70 seconds.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

#: Sleeps are 0, 1.6, 3.2, 6.4 and 12.8 seconds.
_TOTAL, _FACTOR, _LONGEST = 5, 0.8, 60.0
#: After 410: 0, 5, 10, 20 and 40 seconds, which is 75 in all.
_FACTOR_WHILE_UPDATED = 2.5
#: As azure-core: a host that nobody can connect to is given up earlier.
_CONNECTIONS = 3
_STATUSES = frozenset({404, 410, 429, *range(500, 600)})


class Retries(NamedTuple):
    """The user's settings, by azure-core's names.

    :param factor: None is Microsoft's guidance, which has one factor for 410 and one for the rest.
    """

    total: int = _TOTAL
    connections: int = _CONNECTIONS
    factor: float | None = None
    longest: float = _LONGEST
    more_statuses: Collection[int] = ()
    #: Whether a policy of the user's repeats requests instead.
    is_users: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Retries":
        """Return the settings of the pipeline's keywords.

        A policy of the user's that repeats requests does so alone.
        """
        if options.get("policies") is not None or options.get("retry_policy") is not None:
            return cls(total=0, is_users=True)
        return cls(
            total=options.get("retry_total", _TOTAL),
            connections=options.get("retry_connect", _CONNECTIONS),
            factor=options.get("retry_backoff_factor"),
            longest=options.get("retry_backoff_max", _LONGEST),
            more_statuses=tuple(options.get("retry_on_status_codes", ())),
        )

    @property
    def of_connections(self) -> int:
        """How many attempts follow the first one while nobody answers."""
        return min(self.total, self.connections)

    def of_status(self, status: int) -> int:
        """Return how many attempts follow the first one while the host answers with this status."""
        return self.total if status in _STATUSES or status in self.more_statuses else 0

    def pause(self, failures: int, status: int | None, retry_after: float | None) -> float:
        """Return the seconds to wait after so many failures in a row.

        :param status: the HTTP status of the last one, None if nobody answered.
        :param retry_after: what the host asked for.
        """
        if retry_after is not None:
            return min(retry_after, self.longest)
        factor = self.factor
        if factor is None:
            factor = _FACTOR_WHILE_UPDATED if status == 410 else _FACTOR
        return 0.0 if failures <= 1 else min(factor * 2 ** (failures - 1), self.longest)


def read_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that the header says, as a number or as a date; None if it says nothing that can be read."""
    if not value:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
        return max(date.replace(tzinfo=date.tzinfo or dt.UTC).timestamp() - now, 0.0)
    except (TypeError, ValueError, OverflowError):
        return None
