"""Where the sign-in's own routes are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Routes:
    """Paths without the application's mount point."""

    sign_in: str = "/auth/sign-in"
    callback: str = "/auth/callback"
    sign_out: str = "/auth/sign-out"
