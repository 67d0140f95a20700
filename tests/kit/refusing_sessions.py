"""A session backend of a project: it refuses sessions that an administrator has revoked."""

from typing import Any

from django.contrib.sessions.backends.cache import SessionStore as CacheStore

#: Whether all sessions are revoked.
REVOKED: list[bool] = [False]


class SessionStore(CacheStore):
    """Derived from Django's, and only the sync method is overridden."""

    def load(self) -> Any:
        return {} if REVOKED[0] else super().load()
