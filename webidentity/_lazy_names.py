"""Public names of a package that are loaded when they are first used (PEP 562): an import costs what is used."""

import sys
from collections.abc import Callable, Mapping


def loader_of(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """Return the package's ``__getattr__``.

    :param modules: for each public name, where in the package it is defined.
    """

    def load(name: str) -> object:
        from importlib import import_module

        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{package}.{modules[name]}"), name)
        # From now on it is found without a call.
        setattr(sys.modules[package], name, value)
        return value

    return load
