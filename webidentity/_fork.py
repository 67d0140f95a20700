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


class ForkAware(Renewable, Protocol):
    """An object that must not be in the middle of something while the process is forked.

    Its methods are called by the thread that forks. Several threads may fork at the same time: each calls
    :meth:`before_fork` and then :meth:`after_fork_in_parent`, and the calls of different threads may alternate.
    """

    def before_fork(self) -> None:
        """Get ready. Called in the parent process. The fork waits for it, and cannot be prevented."""
        ...

    def after_fork_in_parent(self) -> None:
        """Continue in the parent process, also if the fork has failed.

        May be called without :meth:`before_fork` if the object was constructed by another thread in the meantime.
        """
        ...


_OWNERS: WeakSet[Renewable] = WeakSet()
_FORK_AWARE: WeakSet[ForkAware] = WeakSet()


def renew_after_fork(owner: Renewable) -> None:
    """Call ``owner.after_fork`` for each fork while the owner exists."""
    _OWNERS.add(owner)


def handle_forks(owner: ForkAware) -> None:
    """Call the three methods of the owner for each fork while the owner exists."""
    renew_after_fork(owner)
    _FORK_AWARE.add(owner)


def _renew() -> None:
    for owner in list(_OWNERS):
        owner.after_fork()


def _prepare() -> None:
    for owner in list(_FORK_AWARE):
        owner.before_fork()


def _continue() -> None:
    for owner in list(_FORK_AWARE):
        owner.after_fork_in_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_prepare, after_in_parent=_continue, after_in_child=_renew)
