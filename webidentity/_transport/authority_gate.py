"""The gate between a web application and its authorities: total times, pauses, and a circuit breaker."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from webidentity._fork import renew_after_fork
from webidentity._protocol.unavailability import read_retry_after, reason_of
from webidentity._transport.deadline import Deadline
from webidentity._transport.pipeline import SyncPipeline
from webidentity.errors import AuthorityUnavailableError

#: Failures in a row after which the authority is asked by one request at a time only.
_MOST_FAILURES = 3
#: Seconds between two such requests, at most. The first pause is one second, and each one is twice the one before.
_LONGEST_PROBE_PAUSE = 4.0
#: Seconds that such a request waits for its reply. The authority may be back a moment after it was sent.
_PROBE_TIMEOUT = 3.0
#: Seconds after which a request without a reply counts as a failure, although a reply may still arrive.
_OVERDUE = 4.0
#: Seconds of a pause if the authority does not name any, and the longest one that is respected.
_DEFAULT_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
#: Users who are throttled at the same time before the token requests of all users pause.
_THROTTLED_USERS = 3
#: Users, and URLs, whose pauses are remembered.
_MOST_PAUSES = 1000


class _Authority:
    """What is known about one authority."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.failures = 0
        #: Why the last request failed.
        self.reason = "no answer in time"
        self.next_probe = 0.0
        self.answered_at = float("-inf")
        #: Until when the authority asked for a pause: for all requests, for token requests, for those of a user, and
        #: for those to a URL.
        self.paused_until = 0.0
        self.tokens_paused_until = 0.0
        self.users: dict[str, float] = {}
        self.urls: dict[str, float] = {}
        #: When the requests without a reply were sent.
        self.waiting: dict[object, float] = {}


class AuthorityGate:
    """Sends requests within a time limit, and not at all to an authority that is down or asked for a pause.

    After three failures in a row, only one request in one to four seconds passes, until one of them is answered. Status
    429 pauses the token requests of the same user, or the other requests to the same URL, for the time of
    ``Retry-After``. When three users are throttled at the same time, all token requests pause. A token request without
    a user pauses nothing: one user could stop the sign-ins of all with it. Status 503 with ``Retry-After`` pauses all
    requests. A pause is ten minutes at most.
    """

    def __init__(self, pipeline: SyncPipeline, clock: Callable[[], float] | None = None) -> None:
        self._pipeline = pipeline
        self._clock = clock if clock is not None else _now
        self._authorities: dict[str, _Authority] = {}
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Forget the requests of the parent process."""
        self._authorities, self._lock = {}, threading.Lock()

    def send(self, request: HttpRequest, *, deadline: Deadline, subject: str, **options: Any) -> Any:
        """Send the request on another thread, and wait for the response until the deadline.

        :raises AuthorityUnavailableError: there was no response in time, or the authority must not be asked now.
        """
        from webidentity._transport.threads import AUTHORITY

        return deadline.result(AUTHORITY.submit(self._call(request, deadline, subject, options)), _host(request.url))

    async def asend(self, request: HttpRequest, *, deadline: Deadline, subject: str, **options: Any) -> Any:
        """Send as :meth:`send` does, without blocking the event loop."""
        from webidentity._transport.threads import AUTHORITY

        call = self._call(request, deadline, subject, options)
        return await deadline.aresult(AUTHORITY.submit(call), _host(request.url))

    def send_here(self, request: HttpRequest, *, deadline: Deadline, subject: str, **options: Any) -> Any:
        """Send the request on this thread, for flows that no request waits for."""
        return self._call(request, deadline, subject, options)()

    def _call(
        self, request: HttpRequest, deadline: Deadline, subject: str, options: dict[str, Any]
    ) -> Callable[[], Any]:
        authority = self._authority(request.url)
        # A pause is an error at once, without a thread: all of them may wait for an authority that is silent.
        self._check_pauses(authority, request, subject)
        with self._lock:
            self._check_failures(authority, self._clock())
        return partial(self._send, authority, request, deadline, subject, options)

    def _send(
        self, authority: _Authority, request: HttpRequest, deadline: Deadline, subject: str, options: dict[str, Any]
    ) -> Any:
        # It may have waited for a thread for a long time.
        deadline.left()
        self._check_pauses(authority, request, subject)
        ticket, is_probe = self._enter(authority)
        if is_probe:
            once = {"retry_total": 0, "connection_timeout": _PROBE_TIMEOUT, "read_timeout": _PROBE_TIMEOUT}
            options = {**options, **once}
        try:
            response = self._pipeline.send(request, **options)
        except (AzureError, OSError) as error:
            authority.reason = reason_of(error)
            self._failed(authority, ticket)
            raise
        except BaseException:
            authority.waiting.pop(ticket, None)
            raise
        self._answered(authority, ticket, response, request, subject)
        return response

    def _authority(self, url: str) -> _Authority:
        parts = urlsplit(url)
        with self._lock:
            return self._authorities.setdefault(f"{parts.scheme}://{parts.netloc.lower()}", _Authority(_host(url)))

    def _check_pauses(self, authority: _Authority, request: HttpRequest, subject: str) -> None:
        now = self._clock()
        with self._lock:
            until = authority.paused_until
            if request.method == "POST":
                until = max(until, authority.tokens_paused_until, authority.users.get(subject, 0.0))
            else:
                until = max(until, authority.urls.get(request.url, 0.0))
        # A clock that was set back must not prolong a pause.
        if now < until <= now + _LONGEST_PAUSE:
            raise _paused(f"The authority {authority.host} asked for a pause.", until - now)

    def _enter(self, authority: _Authority) -> tuple[object, bool]:
        """Return a ticket for a request, and whether it only finds out if the authority is back."""
        now = self._clock()
        ticket = object()
        with self._lock:
            self._check_failures(authority, now)
            is_probe = authority.failures >= _MOST_FAILURES
            if is_probe:
                authority.next_probe = now + _probe_pause(authority.failures)
            authority.waiting[ticket] = now
        return ticket, is_probe

    def _check_failures(self, authority: _Authority, now: float) -> None:
        for ticket, sent_at in list(authority.waiting.items()):
            if now - sent_at >= _OVERDUE:
                del authority.waiting[ticket]
                authority.reason = "no answer in time"
                self._count(authority, sent_at, now)
        if authority.failures >= _MOST_FAILURES and now < authority.next_probe <= now + _LONGEST_PROBE_PAUSE:
            message = f"The authority {authority.host} cannot be reached: {authority.reason}."
            raise _paused(message, authority.next_probe - now)

    def _failed(self, authority: _Authority, ticket: object) -> None:
        now = self._clock()
        with self._lock:
            sent_at = authority.waiting.pop(ticket, None)
            if sent_at is not None:
                self._count(authority, sent_at, now)

    @staticmethod
    def _count(authority: _Authority, sent_at: float, now: float) -> None:
        # A request that was sent before the last reply says nothing about the authority now.
        if sent_at < authority.answered_at:
            return
        authority.failures += 1
        if authority.failures == _MOST_FAILURES:
            authority.next_probe = now + _probe_pause(authority.failures)
        elif authority.failures > _MOST_FAILURES:
            # The pause began when the request was sent, not when it failed.
            authority.next_probe = max(authority.next_probe, sent_at + _probe_pause(authority.failures))

    def _answered(
        self, authority: _Authority, ticket: object, response: Any, request: HttpRequest, subject: str
    ) -> None:
        now, status = self._clock(), response.status_code
        asked = read_retry_after(response.headers.get("Retry-After"), now)
        until = now + min(_DEFAULT_PAUSE if asked is None else asked, _LONGEST_PAUSE)
        with self._lock:
            sent_at = authority.waiting.pop(ticket, now)
            if status >= 500:
                authority.reason = f"status {status}"
                if status == 503 and asked is not None:
                    authority.paused_until = until
                self._count(authority, sent_at, now)
                return
            authority.failures, authority.answered_at = 0, now
            if status != 429:
                return
            if request.method != "POST":
                _note_pause(authority.urls, request.url, now, until)
            elif subject:
                _note_pause(authority.users, subject, now, until)
                if len(authority.users) >= _THROTTLED_USERS:
                    authority.tokens_paused_until = until


def _note_pause(pauses: dict[str, float], name: str, now: float, until: float) -> None:
    """Remember a pause, and forget those that are over."""
    for other in [other for other, end in pauses.items() if end <= now]:
        del pauses[other]
    if len(pauses) < _MOST_PAUSES:
        pauses[name] = until


def _host(url: str) -> str:
    """Return the host and the port, which may be logged. A URL has no user or password here."""
    return urlsplit(url).netloc.lower()


def _now() -> float:
    return time.time()


def _probe_pause(failures: int) -> float:
    return min(2.0 ** min(failures - _MOST_FAILURES, 10), _LONGEST_PROBE_PAUSE)


def _paused(message: str, seconds: float) -> AuthorityUnavailableError:
    return AuthorityUnavailableError(message, retry_after=int(seconds) + 1, was_sent=False)
