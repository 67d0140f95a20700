"""Whether a credential is asked by a chain, which has others to ask."""

from contextvars import ContextVar

IN_CHAIN: ContextVar[bool] = ContextVar("IN_CHAIN", default=False)
