"""Environment variables that switch something on or off."""

import os

_ON = frozenset({"1", "true", "yes"})
_OFF = frozenset({"", "0", "false", "no"})


def read_flag(name: str) -> bool:
    """Return whether the variable switches its feature on; unset is off.

    :raises ValueError: its value is neither 1, true, yes nor 0, false, no.
    """
    value = os.environ.get(name, "").strip().lower()
    if value in _ON:
        return True
    if value in _OFF:
        return False
    raise ValueError(f"the environment variable {name} is {value!r}: expected true, false, 1, 0, yes or no")
