"""Stand-ins for the members of a chain: each returns outcomes from a list, and records its calls."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self

from azure.core.credentials import AccessToken, AccessTokenInfo

from webidentity._flows.token_call import IN_CHAIN

Outcome = str | BaseException


class Member:
    """A credential of a sync chain.

    :param outcomes: the result of each call, a token or an error. The last one is repeated.
    :param diary: a list that members may share, to which each call appends the member's name.
    """

    def __init__(
        self, *outcomes: Outcome, name: str = "", diary: list[str] | None = None, latency: float = 0.0
    ) -> None:
        self.outcomes = list(outcomes)
        self.name = name
        self.diary = [] if diary is None else diary
        self.latency = latency
        #: Called before each answer, to wait for something.
        self.before: Callable[[], object] | None = None
        self.calls: list[tuple[str, tuple[str, ...], dict[str, Any]]] = []
        self.in_chain: list[bool] = []
        self.closed: list[str] = []
        self.close_error: Exception | None = None

    def answer(self, method: str, scopes: tuple[str, ...], keywords: dict[str, Any]) -> Any:
        self.calls.append((method, scopes, keywords))
        self.in_chain.append(IN_CHAIN.get())
        self.diary.append(self.name)
        outcome = self.outcomes[0] if len(self.outcomes) == 1 else self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        kind = AccessToken if method == "get_token" else AccessTokenInfo
        return kind(outcome, int(time.time()) + 3600)

    def leave(self, how: str) -> None:
        self.closed.append(how)
        if self.close_error is not None:
            raise self.close_error

    def wait(self) -> None:
        time.sleep(self.latency)
        if self.before is not None:
            self.before()

    def get_token(self, *scopes: str, **keywords: Any) -> AccessToken:
        self.wait()
        return self.answer("get_token", scopes, keywords)

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        self.wait()
        return self.answer("get_token_info", scopes, dict(options or {}))

    def close(self) -> None:
        self.leave("close")

    def __enter__(self) -> Self:
        self.leave("enter")
        return self

    def __exit__(self, *details: object) -> None:
        self.leave(f"exit {details[0]}")


class AsyncMember(Member):
    """A credential of an async chain."""

    async def await_turn(self) -> None:
        await asyncio.sleep(self.latency)
        if self.before is not None:
            await asyncio.to_thread(self.before)

    async def get_token(self, *scopes: str, **keywords: Any) -> AccessToken:
        await self.await_turn()
        return self.answer("get_token", scopes, keywords)

    async def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        await self.await_turn()
        return self.answer("get_token_info", scopes, dict(options or {}))

    async def close(self) -> None:
        self.leave("close")

    async def __aenter__(self) -> Self:
        self.leave("enter")
        return self

    async def __aexit__(self, *details: object) -> None:
        self.leave(f"exit {details[0]}")


KINDS: dict[str, type[Member]] = {"sync": Member, "aio": AsyncMember}


class Only:
    """A class with only these methods of a member."""

    def __init__(self, member: Member, *names: str) -> None:
        for name in names:
            setattr(self, name, getattr(member, name))
