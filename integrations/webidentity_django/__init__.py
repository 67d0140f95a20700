"""Microsoft Entra ID for Django: sign-in, sessions, guards, and a credential for each request."""

try:
    import django as _django  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ImportError as _error:  # pragma: no cover - tests/packaging runs this line in a process without Django
    raise ImportError("webidentity_django needs Django: pip install 'webidentity[django]'") from _error

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webidentity_django._decorators import require_sign_in as require_sign_in
    from webidentity_django._decorators import require_token as require_token

__all__ = ["require_sign_in", "require_token"]


def __getattr__(name: str) -> object:
    """Load a decorator on first use: Django imports this package before its settings are ready."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from webidentity_django import _decorators

    return getattr(_decorators, name)
