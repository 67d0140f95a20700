"""Retries for requests that a person is waiting for."""

from typing import Any

from azure.core.pipeline.policies import RetryPolicy

#: Seconds that an authority may ask to be left alone before the person is told instead.
_LONGEST_WAIT = 3.0


class WebRetryPolicy(RetryPolicy[Any, Any]):
    """Repeats a request once, soon, or not at all.

    azure-core's own policy sleeps as long as ``Retry-After`` says, which would hold a web server's worker for minutes.
    """

    def __init__(self) -> None:
        super().__init__(retry_total=1, retry_backoff_factor=0.2, retry_backoff_max=1)

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """Return whether the request is worth repeating now."""
        return (self.get_retry_after(response) or 0.0) <= _LONGEST_WAIT and super().is_retry(settings, response)
