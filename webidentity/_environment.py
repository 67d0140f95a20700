"""What the environment says: variables that switch a feature on or off, and whether this is WSL."""

import os

_ON = frozenset({"1", "true", "yes"})
_OFF = frozenset({"", "0", "false", "no"})


def read_flag(name: str) -> bool:
    """Return whether the variable switches its feature on. An unset variable means off.

    :raises ValueError: the value is not one of 1, true, yes, 0, false and no.
    """
    value = os.environ.get(name, "").strip().lower()
    if value in _ON:
        return True
    if value in _OFF:
        return False
    raise ValueError(f"the environment variable {name} is {value!r}: expected true, false, 1, 0, yes or no")


def is_wsl() -> bool:
    """Whether this program runs in the Windows Subsystem for Linux, whose kernel release names Microsoft."""
    import platform

    return "microsoft" in platform.release().lower()
