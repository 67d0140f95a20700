"""The azure-core pipelines that carry every request."""

import platform
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from azure.core.pipeline import AsyncPipeline, Pipeline
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

from webidentity._version import __version__
from webidentity.fork import renew_after_fork

#: Seconds; azure-core's own defaults are five minutes each, too long for a request that a person waits for.
_CONNECTION_TIMEOUT = 10
_READ_TIMEOUT = 30


class SyncPipeline:
    """A pipeline that is opened with its first request and closed once.

    :param options: azure-core's keywords: transport, policies, proxies, retry_total, user_agent, ...
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._pipeline: Any = None
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Leave the parent its connections: on a shared one, each process might read the other's reply."""
        self._lock = threading.Lock()
        if self._options.get("transport") is None:
            self._pipeline = None

    def send(self, request: HttpRequest) -> Any:
        """Send the request and return the response."""
        return self.open().run(request, **_run_options(self._options)).http_response

    def open(self) -> Any:
        """Return the opened pipeline."""
        with self._lock:
            if self._pipeline is None:
                transport = self._options.get("transport") or _requests_transport(self._options)
                pipeline: Any = Pipeline(transport, policies=_policies(self._options, RetryPolicy))
                pipeline.__enter__()
                self._pipeline = pipeline
            return self._pipeline

    def close(self) -> None:
        """Close the transport, once; a later request opens it again."""
        with self._lock:
            pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.__exit__()


class LoopPipelines:
    """Async pipelines, one for each event loop that sends, because a connection belongs to its loop.

    A transport that the user passed serves every loop: its owner knows where it may be used.

    :param options: azure-core's keywords, as for :class:`SyncPipeline`.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._pipelines: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._shared: Any = None

    async def send(self, request: HttpRequest) -> Any:
        """Send the request on the running loop and return the response."""
        pipeline = await self.open()
        return (await pipeline.run(request, **_run_options(self._options))).http_response

    async def open(self) -> Any:
        """Return the opened pipeline of the running loop."""
        import asyncio

        if self._options.get("transport") is not None:
            if self._shared is None:
                self._shared = await self._new(self._options["transport"])
            return self._shared
        loop = asyncio.get_running_loop()
        pipeline = self._pipelines.get(loop)
        if pipeline is None:
            pipeline = self._pipelines[loop] = await self._new(_async_transport(self._options))
        return pipeline

    async def close(self) -> None:
        """Close the running loop's transport, and the user's."""
        import asyncio

        shared, self._shared = self._shared, None
        for pipeline in (shared, self._pipelines.pop(asyncio.get_running_loop(), None)):
            if pipeline is not None:
                await pipeline.__aexit__()

    async def _new(self, transport: Any) -> Any:
        pipeline: Any = AsyncPipeline(transport, policies=_policies(self._options, AsyncRetryPolicy))
        await pipeline.__aenter__()
        return pipeline


def _policies(options: dict[str, Any], retry_policy: Callable[..., Any]) -> list[Any]:
    if options.get("policies") is not None:
        return list(options["policies"])
    return [
        RequestIdPolicy(**options),
        HeadersPolicy(**options),
        UserAgentPolicy(base_user_agent=_user_agent(), **options),
        ProxyPolicy(**options),
        retry_policy(**options),
        CustomHookPolicy(**options),
        # No NetworkTraceLoggingPolicy: it would print the bodies, which are secrets.
        DistributedTracingPolicy(**options),
        HttpLoggingPolicy(**options),
    ]


def _run_options(options: dict[str, Any]) -> dict[str, Any]:
    """Have token requests repeated: a grant that was answered twice is still one grant."""
    policies = options.get("policies")
    if policies is None or any(isinstance(policy, RetryPolicy | AsyncRetryPolicy) for policy in policies):
        return {"retry_on_methods": ["POST", "GET"]}
    # No policy would take the option, and the transport would stumble over it.
    return {}


def _user_agent() -> str:
    return f"azsdk-python-webidentity/{__version__} Python/{platform.python_version()} ({platform.platform()})"


def _timeouts(options: dict[str, Any]) -> dict[str, Any]:
    return {"connection_timeout": _CONNECTION_TIMEOUT, "read_timeout": _READ_TIMEOUT, **options}


def _requests_transport(options: dict[str, Any]) -> Any:
    from azure.core.pipeline.transport import RequestsTransport

    return RequestsTransport(**_timeouts(options))


def _async_transport(options: dict[str, Any]) -> Any:
    """Return aiohttp's transport, or without aiohttp one that uses requests on the loop's threads."""
    try:
        from azure.core.pipeline.transport import AioHttpTransport

        return AioHttpTransport(**_timeouts(options))
    except ImportError:
        from azure.core.pipeline.transport import AsyncioRequestsTransport

        return AsyncioRequestsTransport(**_timeouts(options))
