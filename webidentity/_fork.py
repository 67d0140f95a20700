"""Resetting state in a forked child process, for servers that load the site before they fork their workers.

The child inherits copies of the parent's locks without the threads that would release them, connections that two
processes must not share, and token acquisitions that no thread of the child will complete.
"""

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """An object with locks or connections."""

    def after_fork(self) -> None:
        """Replace locks and connections. Called in the child process, before other code runs there."""
        ...


_OWNERS: WeakSet[Renewable] = WeakSet()


def renew_after_fork(owner: Renewable) -> None:
    """Call ``owner.after_fork`` for each fork while the owner exists.

    ``before_fork`` and ``after_fork_in_parent`` are called too if they exist.
    """
    _OWNERS.add(owner)


def _renew() -> None:
    for owner in list(_OWNERS):
        owner.after_fork()


def _prepare() -> None:
    _call_optional("before_fork")


def _continue() -> None:
    _call_optional("after_fork_in_parent")


def _call_optional(name: str) -> None:
    for owner in list(_OWNERS):
        method = getattr(owner, name, None)
        if method is not None:
            method()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_prepare, after_in_parent=_continue, after_in_child=_renew)
