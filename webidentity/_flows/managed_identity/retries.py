"""Retries of requests to IMDS.

Microsoft's guidance ("How to use managed identities on an Azure VM", retry guidance): 404, 410, 429 and 5xx are
transient. 410 is sent while the service is updated, which takes up to 70 seconds.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

#: Sleeps are 0, 1.6, 3.2, 6.4 and 12.8 seconds.
_TOTAL, _FACTOR, _LONGEST = 5, 0.8, 60.0
#: After 410: 0, 5, 10, 20 and 40 seconds, 75 in total.
_FACTOR_WHILE_UPDATED = 2.5
#: Retries of failed connections, as in azure-core.
_CONNECTIONS = 3
_STATUSES = frozenset({404, 410, 429, *range(500, 600)})


class Retries(NamedTuple):
    """The retry settings of a credential.

    :param total: retries of a response.
    :param connections: retries of a failed connection.
    :param factor: the backoff factor. None for Microsoft's guidance: one factor for 410, another for the rest.
    :param longest: the longest pause, in seconds.
    :param more_statuses: further HTTP statuses to retry.
    """

    total: int = _TOTAL
    connections: int = _CONNECTIONS
    factor: float | None = None
    longest: float = _LONGEST
    more_statuses: Collection[int] = ()
    #: Whether a retry policy of the user retries instead.
    is_custom: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Retries":
        """Return the settings from the pipeline's keywords.

        If the user passed policies or a retry policy, only those retry.
        """
        if options.get("policies") is not None or options.get("retry_policy") is not None:
            return cls(total=0, is_custom=True)
        return cls(
            total=options.get("retry_total", _TOTAL),
            connections=options.get("retry_connect", _CONNECTIONS),
            factor=options.get("retry_backoff_factor"),
            longest=options.get("retry_backoff_max", _LONGEST),
            more_statuses=tuple(options.get("retry_on_status_codes", ())),
        )

    @property
    def of_connections(self) -> int:
        """How many times a failed connection is retried."""
        return min(self.total, self.connections)

    def of_status(self, status: int) -> int:
        """Return how many times a response with this status is retried."""
        return self.total if status in _STATUSES or status in self.more_statuses else 0

    def pause(self, failures: int, status: int | None, retry_after: float | None) -> float:
        """Return the seconds to wait after this number of consecutive failures.

        :param status: the HTTP status of the last response, or None if there was no response.
        :param retry_after: the seconds that the host asked to wait, or None.
        """
        if retry_after is not None:
            return min(retry_after, self.longest)
        factor = self.factor
        if factor is None:
            factor = _FACTOR_WHILE_UPDATED if status == 410 else _FACTOR
        return 0.0 if failures <= 1 else min(factor * 2 ** (failures - 1), self.longest)
