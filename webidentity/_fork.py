"""What a forked child must make anew, under a server that loads the site before it forks its workers.

The child has copies of the parent's locks, but not the threads that would release them; of its connections, which
two processes must not use; and of the acquisitions under way, which nobody there will end.
"""

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """Something with locks or connections."""

    def after_fork(self) -> None:
        """Make locks and connections anew; called in the child, before anything else runs there."""
        ...


_OWNERS: WeakSet[Renewable] = WeakSet()


def renew_after_fork(owner: Renewable) -> None:
    """Call the owner's ``after_fork`` in every child forked while the owner lives."""
    _OWNERS.add(owner)


def _renew() -> None:
    for owner in list(_OWNERS):
        owner.after_fork()


def _prepare() -> None:
    for owner in list(_OWNERS):
        prepare = getattr(owner, "before_fork", None)
        if prepare is not None:
            prepare()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_prepare, after_in_child=_renew)
