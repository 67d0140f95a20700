"""Microsoft Entra ID for Flask: sign-in, sessions, guards, and a credential for each request."""

try:
    import flask as _flask  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ImportError as _error:  # pragma: no cover - tests/packaging runs this line in a process without Flask
    raise ImportError("webidentity_flask needs Flask: pip install 'webidentity[flask]'") from _error

from webidentity_flask._decorators import require_sign_in as require_sign_in
from webidentity_flask._decorators import require_token as require_token
from webidentity_flask._extension import WebIdentity as WebIdentity
from webidentity_flask._request import current_identity as current_identity

__all__ = ["WebIdentity", "current_identity", "require_sign_in", "require_token"]
