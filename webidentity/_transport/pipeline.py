"""The azure-core pipelines that carry every request."""

import platform
import threading
from collections.abc import Callable
from typing import Any

from azure.core.exceptions import ServiceResponseTimeoutError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import (
    AsyncRetryPolicy,
    CustomHookPolicy,
    DistributedTracingPolicy,
    HeadersPolicy,
    HttpLoggingPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    RetryPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest

from webidentity._fork import renew_after_fork
from webidentity._protocol.request_name import HEADER as NAME_OF_ID
from webidentity._transport.reply_limits import ReplyLimitsPolicy
from webidentity._transport.user_transport import complete
from webidentity._version import __version__

#: Seconds. azure-core's defaults are five minutes each, too long for a request that a person waits for.
_CONNECTION_TIMEOUT = 10
_READ_TIMEOUT = 30
#: Longest ``Retry-After``, in seconds, that is respected while a person waits for the reply.
_LONGEST_WEB_WAIT = 3.0


class SyncPipeline:
    """A pipeline that is opened by its first request and closed once.

    :param options: azure-core's keywords: transport, policies, proxies, retry_total, user_agent, ...
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._pipeline: Any = None
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Drop the connections of the parent process: on a shared one, each process could read the other's reply."""
        self._lock = threading.Lock()
        if self._options.get("transport") is None:
            self._pipeline = None

    def __reduce__(self) -> Any:
        """Pickle without connections."""
        return _rebuild, (self._options,)

    def send(self, request: HttpRequest, **options: Any) -> Any:
        """Send the request and return the response."""
        return self.open().run(request, **run_options(self._options, options)).http_response

    def open(self) -> Any:
        """Return the opened pipeline."""
        with self._lock:
            if self._pipeline is None:
                given = self._options.get("transport")
                transport = _requests_transport(self._options) if given is None else complete(given)
                pipeline: Any = Pipeline(
                    transport, policies=[*policies_of(self._options, RetryPolicy), ReplyLimitsPolicy()]
                )
                pipeline.__enter__()
                self._pipeline = pipeline
            return self._pipeline

    def close(self) -> None:
        """Close the transport, once. A later request opens it again."""
        with self._lock:
            pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.__exit__()


class WebRetryPolicy(RetryPolicy[Any, Any]):
    """Retries a request once, and only if the server asks for a short pause at most.

    For requests that a person waits for: azure-core's own policy sleeps for the whole ``Retry-After``, which can block
    a web server's worker for minutes. After a timeout, the person no longer waits.
    """

    def __init__(self) -> None:
        super().__init__(retry_total=1, retry_backoff_factor=0.2, retry_backoff_max=1)

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """Return whether to retry the request now."""
        return (self.get_retry_after(response) or 0.0) <= _LONGEST_WEB_WAIT and super().is_retry(settings, response)

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        """Return whether to retry the request after this response or error."""
        return not isinstance(error, ServiceResponseTimeoutError) and super().increment(settings, response, error)


def _rebuild(options: dict[str, Any]) -> SyncPipeline:
    return SyncPipeline(**options)


def policies_of(options: dict[str, Any], retry_policy: Callable[..., Any]) -> list[Any]:
    """Return the user's policies, or azure-core's in azure-identity's order."""
    if options.get("policies") is not None:
        return list(options["policies"])
    return [
        _request_id_policy(options),
        HeadersPolicy(**options),
        UserAgentPolicy(base_user_agent=_user_agent(), **options),
        ProxyPolicy(**options),
        options.get("retry_policy") or retry_policy(**options),
        CustomHookPolicy(**options),
        # No NetworkTraceLoggingPolicy: it would log the bodies, which contain secrets.
        DistributedTracingPolicy(**options),
        HttpLoggingPolicy(**options),
    ]


def run_options(options: dict[str, Any], of_request: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a request. POST requests are retried too, unless a flow says otherwise."""
    policies = options.get("policies")
    if policies is None:
        return {"retry_on_methods": ["POST", "GET"], **of_request}
    # The transport raises TypeError for an option that no policy removes.
    retries = any(isinstance(policy, RetryPolicy | AsyncRetryPolicy) for policy in policies)
    logs = any(isinstance(policy, HttpLoggingPolicy) for policy in policies)
    return {
        name: value
        for name, value in {"retry_on_methods": ["POST", "GET"], **of_request}.items()
        if (retries or not name.startswith("retry_")) and (logs or name != "logger")
    }


class _SameIdPolicy(RequestIdPolicy):
    """Gives the request the same ID under both names: azure-core's logs show only its own header."""

    def on_request(self, request: Any) -> None:
        """Set azure-core's header."""
        headers = request.http_request.headers
        if NAME_OF_ID in headers:
            headers["x-ms-client-request-id"] = headers[NAME_OF_ID]
        super().on_request(request)


def _request_id_policy(options: dict[str, Any]) -> RequestIdPolicy:
    is_set = {"request_id", "auto_request_id", "request_id_header_name"} & options.keys()
    return RequestIdPolicy(**options) if is_set else _SameIdPolicy()


def _user_agent() -> str:
    return f"webidentity/{__version__} Python/{platform.python_version()} ({platform.platform()})"


def _timeouts(options: dict[str, Any]) -> dict[str, Any]:
    return {"connection_timeout": _CONNECTION_TIMEOUT, "read_timeout": _READ_TIMEOUT, **options}


def _requests_transport(options: dict[str, Any]) -> Any:
    from webidentity._transport.limited_transport import LimitedTransport

    return LimitedTransport(**session_of(options), **_timeouts(options))


def session_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the transport's session option if a custom one is needed: for the token proxy or a pinned certificate."""
    session: Any = None
    if options.get("token_proxy") is not None:
        from webidentity._transport.token_proxy import ProxySession

        session = ProxySession(options["token_proxy"])
    elif options.get("server_thumbprint") is not None:
        from webidentity._transport.pinned import PinnedSession

        session = PinnedSession(options["server_thumbprint"])
    return {} if session is None else {"session": session, "session_owner": False}
